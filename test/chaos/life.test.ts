// The lives of workers: one killed again and again over the same ticket, one asked to leave with calls under way.
import { describe, expect, it } from 'vitest';
import { atRest, judge } from '../support/chaos/judge.ts';
import { planEvents } from '../support/chaos/plan.ts';
import { passTime } from '../support/chaos/redis-line.ts';
import { isLong, makeChance, scale } from '../support/chaos/scale.ts';
import { sendAll } from '../support/chaos/sender.ts';
import { setStage } from '../support/chaos/stage.ts';
import { until } from '../support/until.ts';

describe('a worker', () => {
  async function expectNotUsedUp(): Promise<void> {
    const stage = await setStage();
    const { site, simulator } = stage;
    await site.up('receiver');
    const [told] = planEvents(makeChance('R10'), { events: 1, tickets: 1 });
    if (told === undefined) throw new Error('no event');
    const acked = await sendAll(site.url, [told]);
    for (let kill = 1; kill <= scale(3, 5); kill += 1) {
      simulator.addFault({ match: { ticket: told.ticket }, times: 1, effect: { kind: 'hang' } });
      const worker = await site.up('worker');
      await until(`call ${kill}`, 30_000, () => simulator.stats().faults === kill);
      await worker.end('SIGKILL');
      // The long form waits for the lease and the settling as they are.
      if (!isLong) await passTime(site, told.ticket);
    }
    await site.up('worker');
    if (!isLong) await passTime(site, told.ticket);
    await atRest(site, 60_000);
    expect((await judge({ ...stage, acked })).faults).toEqual([]);
  }

  async function expectOrderlyEnd(): Promise<void> {
    const stage = await setStage({ account: { callTimeout: '5s' } });
    const { site, simulator } = stage;
    await site.up('receiver');
    const chance = makeChance('R11');
    const events = planEvents(chance, { events: 60, tickets: 1 }).map((told, i) => ({ ...told, ticket: `s-${i}` }));
    simulator.addFault({ share: 1, effect: { kind: 'delay', ms: 800 } });
    const acked = await sendAll(site.url, events);
    const worker = await site.up('worker');
    await until('twenty calls are under way', 20_000, () => simulator.stats().inFlight >= 20);
    const askedAt = performance.now();
    expect(await worker.end('SIGTERM')).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(7_000);
    simulator.clearFaults();
    await site.up('worker');
    await atRest(site, 30_000);
    const { faults, verdicts } = await judge({ ...stage, acked });
    expect(faults).toEqual([]);
    expect(verdicts).toEqual({ applied: 60 });
    expect(simulator.stats().answers).toEqual({ 200: 60 });
  }

  it('R10: killed again and again over one ticket does not use it up; R11: told to go with twenty calls under way, lets them end and leaves the rest to the next', async () => {
    await Promise.all([expectNotUsedUp(), expectOrderlyEnd()]);
  });
});
