// The pace against a hard limit: several processes, wrong clocks, a Redis that freezes, a vendor that says 429.
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { atRest, judge } from '../support/chaos/judge.ts';
import { guards, withoutGuard } from '../support/chaos/mutant.ts';
import { planEvents, type Told } from '../support/chaos/plan.ts';
import { passTime } from '../support/chaos/redis-line.ts';
import { isLong, makeChance, scale } from '../support/chaos/scale.ts';
import { type Acked, sendAll } from '../support/chaos/sender.ts';
import { type Stage, setStage } from '../support/chaos/stage.ts';
import { until } from '../support/until.ts';

/** The vendor's documented limit, and ours at its default margin. */
const hard = { simulator: { rate: 10 }, account: { rate: '10/s', margin: '5%', callTimeout: '2s' } };
const MINUTES = 60_000;

/** One wish for each of so many tickets, which are others in each round. */
function wishes(count: number, round = 1): Told[] {
  return planEvents(makeChance('pace'), { events: count, tickets: 1 }).map((told, i) => ({
    ...told,
    delivery: `${told.delivery}-${round}`,
    ticket: `p-${round}-${i}`,
  }));
}

/** Share of ten calls a second. */
function usedOf(calls: readonly { readonly elapsedMs: number }[]): number {
  const spanMs = (calls.at(-1)?.elapsedMs ?? 0) - (calls[0]?.elapsedMs ?? 0);
  return (calls.length - 1) / (spanMs / 1000) / 10;
}

/** All is accepted before the first call leaves, so that while calls are timed this process does nothing else. */
async function backlog(stage: Stage, count: number): Promise<Acked[]> {
  await stage.site.up('receiver');
  return sendAll(stage.site.url, wishes(count));
}

describe('three workers at ten calls a second', () => {
  it('R8, R16: are never refused and use nine tenths, two of them with clocks ten minutes off', async () => {
    const stage = await setStage(hard);
    const { site, simulator } = stage;
    const acked = await backlog(stage, scale(70, 400));
    await Promise.all([0, 10 * MINUTES, -10 * MINUTES].map((clockMs) => site.up('worker', { clockMs })));
    let used = 0;
    // Never refused, in any round. How much is used says something of the pace only where the machine is not busy starting
    // processes, or with something else: one round of three is enough.
    for (let round = 1; round <= 3 && used <= 0.9; round += 1) {
      const before = simulator.requests().length;
      if (round > 1) acked.push(...(await sendAll(site.url, wishes(70, round))));
      await atRest(site, 100_000);
      used = usedOf(simulator.requests().slice(before));
      const { refused, answers, maxCallsInOneSecond } = simulator.stats();
      expect({ refused, answers }).toEqual({ refused: 0, answers: { 200: acked.length } });
      expect(maxCallsInOneSecond).toBeLessThanOrEqual(10);
    }
    expect(used).toBeGreaterThan(0.9);
    expect((await judge({ ...stage, acked })).faults).toEqual([]);
  });

  it('R15: a Redis frozen for two seconds lets no burst go', async () => {
    const stage = await setStage(hard);
    const { site, simulator, redis } = stage;
    await backlog(stage, 36);
    await Promise.all([1, 2].map(() => site.up('worker')));
    await until('calls are going out', 20_000, () => simulator.stats().calls > 8);
    redis.stop();
    await wait(2_000);
    redis.cont();
    await atRest(site, 60_000);
    expect(simulator.stats()).toMatchObject({ refused: 0 });
  });

  it('control: without the interval they are refused', async () => {
    const stage = await setStage({ ...hard, dist: withoutGuard(guards.pace) });
    await backlog(stage, 30);
    await Promise.all([1, 2, 3].map(() => stage.site.up('worker')));
    await until('a refusal', 20_000, () => stage.simulator.stats().refused > 0);
  });
});

describe('a wrong clock', () => {
  it('R16: an appointment made by a fast one is kept by the others when its worker is gone', async () => {
    const stage = await setStage();
    const { site, simulator } = stage;
    await site.up('receiver');
    const fast = await site.up('worker', { clockMs: 10 * MINUTES });
    simulator.addFault({ times: 1, effect: { kind: 'status', status: 500 } });
    const acked = await sendAll(site.url, wishes(1));
    await fast.line('change.attempted');
    await until(
      'the next visit is arranged',
      5_000,
      async () => (await site.client.keys(site.names.lease('*'))).length === 0,
    );
    await wait(300);
    await fast.end('SIGKILL');
    await site.up('worker');
    // What is overdue by a quarter of a minute is taken up whatever job there is for it.
    if (!isLong) await passTime(site, 'p-1-0');
    await atRest(site, 40_000);
    expect((await judge({ ...stage, acked })).faults).toEqual([]);
  });
});

describe('a 429', () => {
  async function stageOfThree(): Promise<Stage> {
    const stage = await setStage(hard);
    const { site } = stage;
    await Promise.all([site.up('receiver'), site.up('worker'), site.up('worker')]);
    return stage;
  }

  async function expectHold(stage: Stage, retryAfter: string, quietMs: number): Promise<void> {
    const { site, simulator } = stage;
    simulator.addFault({ times: 1, effect: { kind: 'status', status: 429, retryAfter } });
    const acked = await sendAll(site.url, wishes(12));
    await atRest(site, 60_000);
    const calls = simulator.requests();
    const refused = calls.findIndex(({ status }) => status === 429);
    const [at, next] = [calls[refused], calls[refused + 1]];
    expect(calls.filter(({ status }) => status === 429)).toHaveLength(1);
    // A call may have been on its way when the 429 came; the one after it waits.
    const later = (next?.elapsedMs ?? 0) - (at?.elapsedMs ?? 0) < 300 ? calls[refused + 2] : next;
    expect((later?.elapsedMs ?? 0) - (at?.elapsedMs ?? 0)).toBeGreaterThan(quietMs);
    const { faults, verdicts } = await judge({ ...stage, acked });
    expect(faults).toEqual([]);
    expect(verdicts).toEqual({ applied: acked.length });
    expect(await site.client.hget(site.names.ticket(at?.ticket ?? ''), 'attempts')).toBe('0');
  }

  it('R9: with Retry-After in seconds or as an HTTP date holds every worker and costs no attempt', async () => {
    // All are up before the first call, so that no process starts while calls are timed.
    const [seconds, date] = await Promise.all([stageOfThree(), stageOfThree()]);
    await Promise.all([
      expectHold(seconds, '2', 1_900),
      expectHold(date, new Date(Date.now() + 3_000).toUTCString(), 1_000),
    ]);
  });
});
