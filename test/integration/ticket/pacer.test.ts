// The pace of an account, judged by the numbers that a real Redis answers: its clock is the only one that counts here. Where
// a process has to be slow or frozen, the clock that is handed to the pacer says so.
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPaceScripts } from '../../../src/ticket/pace-scripts.ts';
import { intervalMs, LONGEST_HOLD_MS, makePacer, type PacerParts, toleranceMs } from '../../../src/ticket/pacer.ts';
import { openClient, openTestRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeEach(async () => {
  redis = await openTestRedis();
});
afterEach(() => redis.close());

const pace = { rate: 10, margin: 0.05 };
const live = new AbortController().signal;
const turnOptions = { signal: live, onWait: async () => {} };

/** A clock that only moves when it is slept on, or moved by a test. */
function virtualClock() {
  const clock = { at: 0, slept: 0 };
  return {
    clock,
    monotonic: () => clock.at,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      clock.slept += 1;
      clock.at += ms;
    },
  };
}

function openPacer(parts: Partial<PacerParts> = {}, client = redis.client) {
  const { slot, hold } = openPaceScripts(client, redis.names.tag);
  return makePacer({
    slot,
    hold,
    monotonic: () => performance.now(),
    random: Math.random,
    sleep: (ms, signal) => wait(ms, undefined, { signal }),
    ...parts,
  });
}

/** Books a slot far ahead; gives its moment by Redis' clock and the share of the pace. */
async function book(client = redis.client, aheadMs = 60_000) {
  const reply = await openPaceScripts(client, redis.names.tag).slot('main', intervalMs(pace), aheadMs, 0);
  const [booked, waitMs, share, , at] = reply as string[];
  return { isBooked: booked === '1', waitMs: Number(waitMs), share: Number(share), at: Number(at) };
}

const field = async (name: string) => Number(await redis.client.hget(redis.names.pace('main'), name));
const moveBack = async (name: string, ms: number) =>
  redis.client.hset(redis.names.pace('main'), name, (await field(name)) - ms);

describe('slots', () => {
  it('asked for by several processes at once are never closer than the interval', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => openClient(redis.url)));
    const slots = await Promise.all(clients.flatMap((client) => Array.from({ length: 40 }, () => book(client))));
    for (const client of clients) client.disconnect();
    const moments = slots.map(({ at }) => at).sort((a, b) => a - b);
    const gaps = moments.slice(1).map((at, i) => at - (moments[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(intervalMs(pace) - 0.01);
    const [first = 0] = moments;
    expect(moments.filter((at) => at < first + 1_000)).toHaveLength(10);
  });

  it('after an idle hour do not come in a burst', async () => {
    await book();
    await moveBack('nextAt', 3_600_000);
    const [one, two, three] = [await book(), await book(), await book()];
    expect(two.at - one.at).toBeGreaterThan(intervalMs(pace) - 0.01);
    expect(three.at - two.at).toBeGreaterThan(intervalMs(pace) - 0.01);
  });

  it('of one account do not wait for those of another', async () => {
    for (let i = 0; i < 20; i++) await book();
    const { slot } = openPaceScripts(redis.client, redis.names.tag);
    const [, waitMs] = (await slot('other', intervalMs(pace), 60_000, 0)) as string[];
    expect(Number(waitMs)).toBe(0);
  });
});

describe('a hold', () => {
  it('lets no slot lie before its end', async () => {
    await openPacer().hold('main', 5_000);
    const until = await field('holdUntil');
    expect((await book()).at).toBeGreaterThanOrEqual(until);
    expect((await book()).at).toBeGreaterThan(until);
  });

  it('is never shortened, and never longer than the longest', async () => {
    const pacer = openPacer();
    await pacer.hold('main', 60_000);
    const until = await field('holdUntil');
    await pacer.hold('main', 1_000);
    await pacer.hold('main', undefined);
    expect(await field('holdUntil')).toBe(until);
    expect(await pacer.hold('main', 30 * 24 * 3_600_000)).toBe(LONGEST_HOLD_MS);
    const entries = await redis.client.xrange(redis.names.ledger, '-', '+');
    expect(entries).toHaveLength(2);
  });

  it('without a word from the vendor doubles while refusals go on, and starts afresh after ten quiet seconds', async () => {
    const pacer = openPacer();
    const waits: number[] = [];
    for (const quietMs of [0, 1, 1, 11_000]) {
      if (waits.length > 0) await moveBack('holdUntil', (waits.at(-1) ?? 0) + quietMs);
      waits.push(await pacer.hold('main', undefined));
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 1_000]);
  });
});

describe('the share of the pace', () => {
  it('comes down with each series of refusals, once a series', async () => {
    const pacer = openPacer();
    for (let i = 0; i < 20; i++) await pacer.hold('main', 1_000);
    expect((await book()).share).toBe(0.7);
    await moveBack('holdUntil', 1_500);
    await pacer.hold('main', 1_000);
    expect((await book()).share).toBe(0.49);
  });

  it('spaces the slots accordingly', async () => {
    await openPacer().hold('main', 100);
    const [one, two] = [await book(), await book()];
    expect(two.at - one.at).toBeGreaterThan(intervalMs(pace) / 0.71);
  });

  it('comes back by a twentieth a second, however often slots are asked for', async () => {
    await openPacer().hold('main', 100);
    await moveBack('holdUntil', 10_000);
    await redis.client.hset(redis.names.pace('main'), 'share', '0.5');
    for (let ms = 0; ms < 4_000; ms += 4) {
      const [seconds = 0, micros = 0] = (await redis.client.time()).map(Number);
      // Four milliseconds pass for Redis; the slots booked so far are forgotten, this is not about them.
      await redis.client.hset(redis.names.pace('main'), { shareAt: seconds * 1000 + micros / 1000 - 4, nextAt: 0 });
      await book();
    }
    expect((await book()).share).toBeGreaterThanOrEqual(0.699);
  });
});

describe('a turn', () => {
  it('that comes too late gives its slot up and takes another', async () => {
    const { clock, ...parts } = virtualClock();
    const { slot } = openPaceScripts(redis.client, redis.names.tag);
    let asked = 0;
    const pacer = openPacer({
      ...parts,
      slot: async (...args) => {
        const reply = await slot(...args);
        asked += 1;
        if (asked === 2) clock.at += 400; // the process stands still between the answer and reading it
        return reply;
      },
    });
    await pacer.turn('main', pace, turnOptions);
    const turn = await pacer.turn('main', pace, turnOptions);
    expect(asked).toBe(3);
    expect(await turn.leave()).toBe(true);
  });

  it('that was on time and whose caller then stood still must not leave', async () => {
    const { clock, ...parts } = virtualClock();
    const pacer = openPacer(parts);
    const turn = await pacer.turn('main', pace, turnOptions);
    clock.at += toleranceMs(pace) + 1;
    expect(await turn.leave()).toBe(false);
  });

  it('leaves at its slot however long Redis and the last looks take, as long as they always do', async () => {
    const { clock, ...parts } = virtualClock();
    const { slot } = openPaceScripts(redis.client, redis.names.tag);
    let asked = 0;
    const pacer = openPacer({
      ...parts,
      slot: async (...args) => {
        asked += 1;
        if (asked > 100) throw new Error('asked a hundred times and never left');
        clock.at += 40;
        const reply = await slot(...args);
        clock.at += 40;
        return reply;
      },
    });
    let left = 0;
    for (let i = 0; i < 10; i++) {
      const turn = await pacer.turn('main', pace, turnOptions);
      clock.at += 160; // two looks
      if (await turn.leave()) left += 1;
    }
    expect(left).toBeGreaterThanOrEqual(9);
  });

  it('rejects as soon as it is aborted, whatever it is waiting for', async () => {
    const pacer = openPacer();
    await pacer.hold('main', 600_000);
    for (const aheadMs of [60, 900_000]) {
      const stopping = new AbortController();
      const turn = pacer.turn('main', pace, { signal: stopping.signal, onWait: async () => {}, aheadMs });
      stopping.abort();
      await expect(turn).rejects.toThrow(/abort/i);
    }
  });

  it('renews what must not run out while it waits', async () => {
    const { clock, ...parts } = virtualClock();
    const pacer = openPacer(parts);
    await pacer.hold('main', 29_000);
    const renewed: number[] = [];
    await pacer.turn('main', pace, { signal: live, onWait: async () => void renewed.push(clock.at) });
    const gaps = [...renewed, clock.at].map((at, i) => at - (renewed[i - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(6_000);
  });
});

describe('who may wait', () => {
  it('takes a slot only when nobody has booked the next ones', async () => {
    for (let i = 0; i < 10; i++) await book();
    expect(await book(redis.client, 200)).toMatchObject({ isBooked: false });
    expect(await book(redis.client, 30_000)).toMatchObject({ isBooked: true });
  });

  it('has its turn in the end, although others never stop booking far ahead', async () => {
    const { clock, ...parts } = virtualClock();
    const pacer = openPacer({
      ...parts,
      sleep: async (ms, signal) => {
        await parts.sleep(ms, signal);
        if (clock.at > 60_000) throw new Error('starved for a minute');
        // Time passes for Redis too, and somebody else always holds the next two seconds.
        const [seconds = 0, micros = 0] = (await redis.client.time()).map(Number);
        await redis.client.hset(redis.names.pace('main'), 'nextAt', seconds * 1000 + micros / 1000 + 2_000);
      },
    });
    for (let i = 0; i < 20; i++) await book();
    const turn = await pacer.turn('main', pace, { ...turnOptions, aheadMs: 200 });
    expect(turn.waitedMs).toBeLessThan(10_000);
  });
});
