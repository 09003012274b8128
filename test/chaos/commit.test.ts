// What a 2xx is worth: acknowledged events against a Redis that is killed, a line that loses answers, senders that
// repeat themselves and speak out of order.
import { describe, expect, it } from 'vitest';
import { cutTail } from '../support/append-only-file.ts';
import { atRest, judge } from '../support/chaos/judge.ts';
import { guards, withoutGuard } from '../support/chaos/mutant.ts';
import { planEvents, shuffle, type Told } from '../support/chaos/plan.ts';
import { calling } from '../support/chaos/redis-line.ts';
import { makeChance, scale } from '../support/chaos/scale.ts';
import { send, sendAll } from '../support/chaos/sender.ts';
import type { Site } from '../support/chaos/site.ts';
import { setStage } from '../support/chaos/stage.ts';
import { until } from '../support/until.ts';

/** Sends a burst while Redis is killed and restarted; gives the judgement after everything came to rest. */
async function killRedisInBurst(kills: number, events: Told[], { durable }: { durable: boolean }) {
  const stage = await setStage();
  const { site, redis, simulator } = stage;
  const weaken = async () => {
    if (!durable) await site.client.config('SET', 'appendonly', 'no');
  };
  await weaken();
  const receiver = await site.up('receiver');
  let count = 0;
  const sending = sendAll(site.url, events, { onAck: (n) => (count = n) });
  for (let kill = 1; kill <= kills; kill += 1) {
    await until('the burst to go on', 30_000, () => count >= (events.length * kill) / (kills + 1));
    await redis.restart();
    await weaken();
  }
  const acked = await sending;
  await site.up('worker');
  await atRest(site, 60_000);
  const told = receiver.lines().filter(({ msg }) => msg === 'redis.rolled-back');
  return { acked, told, ...(await judge({ site, simulator, acked })) };
}

describe('Redis killed in mid-burst', () => {
  it('R3: loses nothing that was acknowledged; control: without the append-only file it does, as judge and receiver say', async () => {
    const events = planEvents(makeChance('R3'), { events: scale(900, 10_000), tickets: 60 });
    const fewer = planEvents(makeChance('R3 control'), { events: 200, tickets: 20 });
    const [durable, control] = await Promise.all([
      killRedisInBurst(scale(3, 6), events, { durable: true }),
      killRedisInBurst(1, fewer, { durable: false }),
    ]);
    expect(durable.acked).toHaveLength(events.length);
    expect(durable.faults).toEqual([]);
    expect(durable.told).toEqual([]);
    expect(control.faults.some((fault) => fault.includes('which nobody knows'))).toBe(true);
    expect(control.told).toHaveLength(1);
  });
});

describe('Redis that lost the end of its file', () => {
  it('R12: is noticed and told, and made whole by the senders’ own repetition: what is left is recognised, what is gone is done again', async () => {
    const stage = await setStage();
    const { site, redis, simulator } = stage;
    const receiver = await site.up('receiver');
    const startedAt = await redisNow(site);
    const events = planEvents(makeChance('R12'), { events: scale(200, 2_000), tickets: 20 });
    await sendAll(site.url, events);
    const endedAt = await redisNow(site);
    await redis.kill();
    await cutTail(redis.dataDir, 0.4);
    await redis.restart();
    const acked = await sendAll(site.url, events);
    const lost = acked.filter(({ duplicate }) => !duplicate).length;
    // Both sorts have to be there, or nothing was shown.
    expect([lost > 0, lost < events.length]).toEqual([true, true]);
    const { level, since, until: end, sources } = await receiver.line('redis.rolled-back');
    expect({ level, sources }).toEqual({ level: 'error', sources: ['chaos'] });
    const [sinceAt, untilAt] = [Date.parse(String(since)), Date.parse(String(end))];
    expect([startedAt <= sinceAt, sinceAt < untilAt, untilAt <= endedAt]).toEqual([true, true, true]);
    await site.up('worker');
    await atRest(site, 60_000);
    expect((await judge({ site, simulator, acked })).faults).toEqual([]);
  });

  async function redisNow({ client }: Site): Promise<number> {
    const [seconds, microseconds] = await client.time();
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  }
});

describe('repetition', () => {
  async function repeat(dist?: string) {
    const chance = makeChance('R4 R6');
    const stage = await setStage(dist === undefined ? {} : { dist });
    const { site, redisLine, simulator } = stage;
    await site.up('receiver');
    const [first, ...events] = planEvents(chance, { events: scale(121, 1_001), tickets: 40 });
    if (first === undefined) throw new Error('no events');
    // R4: the answers of the commit are lost after it was made, one after the other.
    const acked = [await send(site.url, first)];
    const half = Math.floor(events.length / 2);
    const cuts = redisLine.cutReplies(calling(site, 'accept'), scale(20, 100));
    acked.push(...(await sendAll(site.url, events.slice(0, half), { parallel: 2 })));
    // R6: every event is delivered five times at once.
    const fivefold = events.slice(half).flatMap((told) => Array<Told>(5).fill(told));
    acked.push(...(await sendAll(site.url, fivefold, { parallel: 20 })));
    // What the control makes of it never comes to rest.
    if (dist === undefined) {
      await site.up('worker');
      await atRest(site, 60_000);
    }
    const fresh = acked.slice(1 + half).filter(({ duplicate }) => !duplicate).length;
    return { cuts, fresh, expected: events.length - half, ...(await judge({ site, simulator, acked })) };
  }

  it('R4, R6: of answers that are lost, or of five deliveries at once, makes one event; control: a program that forgets what it has seen makes several', async () => {
    const [{ cuts, fresh, expected, faults, regressions }, control] = await Promise.all([
      repeat(),
      repeat(withoutGuard(guards.seen)),
    ]);
    expect(cuts.cut).toBe(scale(20, 100));
    expect(fresh).toBe(expected);
    expect(faults).toEqual([]);
    expect(regressions).toBe(0);
    expect(control.faults.some((fault) => /became \d+ events/.test(fault))).toBe(true);
  });
});

describe('order', () => {
  async function anyOrder(dist?: string) {
    const chance = makeChance('R7');
    const stage = await setStage(dist === undefined ? {} : { dist });
    const { site, simulator } = stage;
    await Promise.all([site.up('receiver'), site.up('worker')]);
    const tickets = scale(40, 200);
    const events = shuffle(chance, planEvents(chance, { events: tickets * 10, tickets }));
    const acked = await sendAll(site.url, events);
    await atRest(site, 60_000);
    return judge({ site, simulator, acked });
  }

  it('R7: any order ends in the newest by the events’ own time, and the vendor never goes back; control: by order of arrival tickets end wrong', async () => {
    const [{ faults, regressions }, control] = await Promise.all([anyOrder(), anyOrder(withoutGuard(guards.order))]);
    expect(faults).toEqual([]);
    expect(regressions).toBe(0);
    expect(control.faults.some((fault) => fault.includes('at the vendor, the newest wish is'))).toBe(true);
  });
});
