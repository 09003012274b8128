import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { leaveSilence, type Watched } from '../../../src/redis/silence.ts';

const PATIENCE_MS = 5_000;

/** A client as far as it is watched: what it waits for, what it has heard, and whether it was cut. */
function makeClient() {
  const line = () => ({ bytesRead: 0, destroy: vi.fn() });
  const client = Object.assign(new EventEmitter(), { stream: line(), commandQueue: { length: 0 } });
  leaveSilence(client as unknown as Watched, { patienceMs: PATIENCE_MS });
  return { client, line };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a connection', () => {
  it('is cut, with the reason, when an answer is waited for and nothing comes', () => {
    const { client } = makeClient();
    client.commandQueue.length = 1;
    vi.advanceTimersByTime(PATIENCE_MS);
    expect(client.stream.destroy).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(client.stream.destroy.mock.calls[0]).toEqual([new Error('Redis said nothing for 5000 ms')]);
  });

  it('is kept while nothing is waited for', () => {
    const { client } = makeClient();
    vi.advanceTimersByTime(10 * PATIENCE_MS);
    expect(client.stream.destroy).not.toHaveBeenCalled();
  });

  it('is kept while bytes come, however long the answers take', () => {
    const { client } = makeClient();
    client.commandQueue.length = 1;
    for (let i = 0; i < 20; i += 1) {
      vi.advanceTimersByTime(PATIENCE_MS - 1_000);
      client.stream.bytesRead += 1;
    }
    expect(client.stream.destroy).not.toHaveBeenCalled();
  });

  it('is waited for anew when it is a new one', () => {
    const { client, line } = makeClient();
    client.commandQueue.length = 1;
    vi.advanceTimersByTime(PATIENCE_MS - 1_000);
    const before = client.stream;
    client.stream = line();
    vi.advanceTimersByTime(PATIENCE_MS);
    expect([before, client.stream].map(({ destroy }) => destroy.mock.calls.length)).toEqual([0, 0]);
    vi.advanceTimersByTime(1_000);
    expect(client.stream.destroy).toHaveBeenCalled();
  });

  it('is watched no longer than its client lives', () => {
    const { client } = makeClient();
    client.emit('end');
    expect(vi.getTimerCount()).toBe(0);
  });
});
