import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Batch, type Batches, makeBatches } from '../../../src/redis/batches.ts';

const away = new Error('Connection is closed.');

/** Gathers numbers; each sending is answered as `replies` say, and well when they have run out. */
function sender(replies: (Error | undefined)[] = []) {
  let gathered: number[] = [];
  const sent: Batch<readonly number[]>[] = [];
  const defects: unknown[] = [];
  let pings = 0;
  let pong: Error | undefined;
  const batches: Batches = makeBatches<readonly number[]>({
    writer: 'wr_1',
    everyMs: 1000,
    take() {
      if (gathered.length === 0) return undefined;
      const load = gathered;
      gathered = [];
      return load;
    },
    async send(batch) {
      sent.push(batch);
      const reply = replies.shift();
      if (reply !== undefined) throw reply;
    },
    async ping() {
      pings += 1;
      if (pong !== undefined) throw pong;
    },
    onDefect: (error) => void defects.push(error),
  });
  return {
    ...batches,
    sent,
    defects,
    pings: () => pings,
    gather: (...numbers: number[]) => void gathered.push(...numbers),
    freeze: (error: Error | undefined) => {
      pong = error;
    },
  };
}

const batch = (number: number, ...load: number[]) => ({ writer: 'wr_1', number, load });

afterEach(() => {
  vi.useRealTimers();
});

describe('what was gathered', () => {
  it('is sent in numbered batches, and nothing where there is nothing', async () => {
    const one = sender();
    await one.flush();
    one.gather(1, 2);
    await one.flush();
    await one.flush();
    one.gather(3);
    await one.flush();
    expect(one.sent).toEqual([batch(1, 1, 2), batch(2, 3)]);
  });

  it('is sent again under the same number, unchanged, until it is confirmed; what came meanwhile waits', async () => {
    const one = sender([away, away]);
    one.gather(1);
    await one.flush();
    one.gather(2);
    await one.flush();
    expect(one.sent).toEqual([batch(1, 1), batch(1, 1)]);
    await one.flush();
    expect(one.sent.slice(2)).toEqual([batch(1, 1), batch(2, 2)]);
    expect(one.defects).toEqual([]);
  });

  it('is not sent into a Redis that answers not even a small question', async () => {
    const one = sender([away]);
    one.gather(1);
    await one.flush();
    one.freeze(new Error('Command timed out'));
    for (let round = 0; round < 5; round += 1) await one.flush();
    expect([one.sent.length, one.pings()]).toEqual([1, 5]);
    one.freeze(undefined);
    await one.flush();
    expect(one.sent).toEqual([batch(1, 1), batch(1, 1)]);
    one.gather(2);
    await one.flush();
    expect(one.pings()).toBe(6);
  });

  it('is let go when Redis is there and refuses it for ever: it must not stand in the way', async () => {
    const broken = new Error('WRONGTYPE Operation against a key');
    const one = sender([broken]);
    one.gather(1);
    await one.flush();
    one.gather(2);
    await one.flush();
    expect(one.sent).toEqual([batch(1, 1), batch(2, 2)]);
    expect(one.defects).toEqual([broken]);
  });

  it('is sent by one at a time, and who asks meanwhile gets also what was gathered before the question', async () => {
    const one = sender();
    one.gather(1);
    const first = one.flush();
    one.gather(2);
    await Promise.all([first, one.flush(), one.flush()]);
    expect(one.sent).toEqual([batch(1, 1), batch(2, 2)]);
  });
});

describe('the clock', () => {
  it('sends at most one batch a turn', async () => {
    vi.useFakeTimers();
    const one = sender();
    one.start();
    one.start();
    for (let turn = 1; turn <= 3; turn += 1) {
      one.gather(turn);
      await vi.advanceTimersByTimeAsync(1000);
      expect(one.sent).toHaveLength(turn);
    }
    await one.close();
    one.gather(4);
    await vi.advanceTimersByTimeAsync(5000);
    expect(one.sent).toHaveLength(3);
  });

  it('ends with a last batch, also behind one that was not confirmed', async () => {
    const one = sender([away]);
    one.gather(1);
    await one.flush();
    one.gather(2);
    await one.close();
    expect(one.sent).toEqual([batch(1, 1), batch(1, 1), batch(2, 2)]);
  });

  it('ends without one where Redis is away', async () => {
    const one = sender([away, away, away]);
    one.gather(1);
    await one.close();
    expect(one.sent).toHaveLength(1);
  });
});
