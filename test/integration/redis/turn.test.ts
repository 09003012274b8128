// Whether turns exclude each other, however many want one at once.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withTurn } from '../../../src/redis/turn.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sw-turn-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a turn', () => {
  it('is had by one at a time, and by each of thirty at last', async () => {
    let inside = 0;
    let done = 0;
    const work = async () => {
      inside += 1;
      expect(inside).toBe(1);
      for (let i = 0; i < 5; i++) await setImmediate();
      inside -= 1;
      done += 1;
    };
    await Promise.all(Array.from({ length: 30 }, () => withTurn(dir, 20_000, work)));
    expect(done).toBe(30);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('gives what its work gives, and ends also when that fails', async () => {
    await expect(withTurn(dir, 5000, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await withTurn(dir, 5000, async () => 'next')).toBe('next');
  });

  it('is not kept by the dead: what they left behind is cleared away', async () => {
    writeFileSync(join(dir, 'turn-1-00000000'), '');
    expect(await withTurn(dir, 5000, async () => readdirSync(dir).length)).toBe(1);
  });

  it('that does not come is given up with the name of the process that has it', async () => {
    const holder = createServer().listen(join(dir, 'turn-4711-00000000'));
    try {
      await expect(withTurn(dir, 100, async () => 'never')).rejects.toThrow('pid 4711');
    } finally {
      holder.close();
    }
  });
});
