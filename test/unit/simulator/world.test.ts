import { describe, expect, it, vi } from 'vitest';
import { settle } from '../../../src/simulator/options.ts';
import { makeWorld } from '../../../src/simulator/world.ts';

describe('a world', () => {
  it('does what waits when it is released, oldest first and once', () => {
    const world = makeWorld(settle({}));
    const done: string[] = [];
    world.later(3_600_000, () => done.push('timed'));
    world.later(undefined, () => done.push('held'));
    expect(world.held()).toBe(2);
    expect(world.release()).toBe(2);
    expect(done).toEqual(['timed', 'held']);
    expect([world.held(), world.release()]).toEqual([0, 0]);
  });

  it('drops what waits when it ends', () => {
    vi.useFakeTimers();
    try {
      const world = makeWorld(settle({}));
      const deed = vi.fn();
      world.later(1000, deed);
      world.later(undefined, deed);
      world.end();
      expect([world.held(), world.release(), vi.getTimerCount()]).toEqual([0, 0, 0]);
      expect(deed).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });
});
