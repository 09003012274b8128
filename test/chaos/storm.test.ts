// Everything at once: processes killed and frozen, Redis killed and frozen, connections cut, a vendor that fails, senders
// that repeat themselves and speak out of order. Then silence, and the judge.
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/simulator/faults.ts';
import { atRest, judge } from '../support/chaos/judge.ts';
import { guards, withoutGuard } from '../support/chaos/mutant.ts';
import { cutInto, planEvents, shuffle, type Told } from '../support/chaos/plan.ts';
import { passTime, passTimeOfTheDead } from '../support/chaos/redis-line.ts';
import { isLong, makeChance, scale } from '../support/chaos/scale.ts';
import { type Acked, send, sendAll } from '../support/chaos/sender.ts';
import { type Stage, setStage } from '../support/chaos/stage.ts';
import type { Running } from '../support/process.ts';
import { until } from '../support/until.ts';

/** Beyond the lease of a call: its time limit of 1 s and 5 s more. */
const BEYOND_LEASE_MS = 7_000;

/** The vendor's ways to fail, together this share of its calls. Late effects land before the call has settled. */
function failures(share: number): Fault[] {
  const effects: Fault['effect'][] = [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503, apply: true },
    { kind: 'cut' },
    { kind: 'cut', apply: true },
    { kind: 'hang', apply: true },
    { kind: 'late', ms: 1_400 },
    { kind: 'late', ms: 600, status: 502 },
    { kind: 'garbage' },
    { kind: 'status', status: 429, retryAfter: '1' },
  ];
  // The first fault that wants a call gets it: each draws from what the ones before it have left.
  return effects.map((effect, i) => ({ share: share / effects.length / (1 - (share * i) / effects.length), effect }));
}

type Strike = 'kill-worker' | 'kill-receiver' | 'kill-redis' | 'freeze-worker' | 'freeze-redis' | 'kill-clients';

/** Does what strikes say, and keeps the cast complete: who was killed is started again. */
async function makeCast(stage: Stage, workers: number) {
  const { site, redis } = stage;
  const [first, ...others] = await Promise.all([
    site.up('receiver'),
    ...Array.from({ length: workers }, () => site.up('worker')),
  ]);
  const cast = { receiver: first, workers: others, thaws: [] as Promise<void>[] };

  async function replaceWorker(): Promise<void> {
    await cast.workers.shift()?.end('SIGKILL');
    cast.workers.push(await site.up('worker'));
  }
  async function freezeWorker(): Promise<void> {
    const frozen = cast.workers[0];
    if (frozen === undefined) return;
    process.kill(frozen.pid, 'SIGSTOP');
    cast.workers.push(...cast.workers.splice(0, 1));
    cast.thaws.push(wait(BEYOND_LEASE_MS).then(() => void signal(frozen, 'SIGCONT')));
  }
  const strikes: Record<Strike, () => Promise<void>> = {
    'kill-worker': replaceWorker,
    'freeze-worker': freezeWorker,
    'kill-redis': redis.restart,
    async 'kill-receiver'() {
      await cast.receiver.end('SIGKILL');
      cast.receiver = await site.up('receiver');
    },
    async 'freeze-redis'() {
      redis.stop();
      await wait(1_500);
      redis.cont();
    },
    async 'kill-clients'() {
      await site.client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
  };
  return {
    strike: (what: Strike) => strikes[what](),
    /** kill -9 of everything at once, and everything started again. */
    async killAll(): Promise<void> {
      const all = [cast.receiver, ...cast.workers];
      await Promise.all([...all.map((one) => one.end('SIGKILL')), redis.kill()]);
      await redis.restart();
      // The long form waits for the leases and the jobs of the dead as they are.
      if (!isLong) await passTimeOfTheDead(site);
      const workers = all.slice(1).map(() => site.up('worker'));
      [cast.receiver, ...cast.workers] = await Promise.all([site.up('receiver'), ...workers]);
    },
    thawed: () => Promise.all(cast.thaws),
  };
}

function signal({ pid }: Running, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It was killed while it was frozen.
  }
}

async function weather(stage: Stage, events: readonly Told[], strikes: readonly Strike[]): Promise<Acked[]> {
  const cast = await makeCast(stage, 2);
  const acked: Acked[] = [];
  // Between waking and being killed, who was frozen has a piece's time to meet what the others have done.
  const calm = async () => undefined;
  const acts = [...strikes.map((what) => () => cast.strike(what)), cast.thawed, calm, cast.killAll];
  const pieces = cutInto(acts.length, events);
  for (const [i, act] of acts.entries()) {
    const sending = sendAll(stage.site.url, pieces[i] ?? []);
    await act();
    acked.push(...(await sending));
  }
  await atRest(stage.site, scale(90_000, 600_000));
  return acked;
}

describe('a storm', () => {
  it('R1: ends with every ticket right, nothing lost, every wish with its verdict', async () => {
    const chance = makeChance('R1');
    const stage = await setStage({ simulator: { seed: chance.seed } });
    for (const fault of failures(0.15)) stage.simulator.addFault(fault);
    const events = planEvents(chance, {
      events: scale(500, 3_000),
      tickets: scale(40, 150),
      reordered: 0.2,
      duplicated: 0.05,
    });
    const round: Strike[] = ['kill-worker', 'kill-receiver', 'kill-redis', 'kill-clients', 'freeze-redis'];
    const strikes = shuffle(chance, [
      'freeze-worker' as const,
      ...Array.from({ length: scale(1, 4) }, () => round).flat(),
    ]);
    const acked = await weather(stage, events, strikes);
    const { faults } = await judge({ ...stage, acked });
    expect(acked).toHaveLength(events.length);
    expect(faults).toEqual([]);
    expect(stage.simulator.stats()).toMatchObject({ refused: 0 });
  });

  it('R2: with half of all calls failing, a few busy tickets still end right', async () => {
    const chance = makeChance('R2');
    const stage = await setStage({ simulator: { seed: chance.seed } });
    for (const fault of failures(0.5)) stage.simulator.addFault(fault);
    const events = planEvents(chance, { events: scale(160, 2_500), tickets: 8, reordered: 0.2 });
    const strikes = shuffle(
      chance,
      Array.from({ length: scale(1, 5) }, () => 'kill-worker' as const),
    );
    const acked = await weather(stage, events, strikes);
    expect((await judge({ ...stage, acked })).faults).toEqual([]);
  });
});

const tell = (ticket: string, status: Told['status'], at: number): Told => ({
  delivery: `d-${ticket}-${status}`,
  ticket,
  status,
  at,
});

describe('a call that takes effect after its time', () => {
  /** v1 is held by the vendor past its time limit, v2 is acknowledged, then v1 is let go. */
  async function late(when: 'while it may still settle' | 'after it was taken for lost') {
    const stage = await setStage({ account: { settle: '2s' } });
    const { site, simulator } = stage;
    await Promise.all([site.up('receiver'), site.up('worker')]);
    simulator.addFault({ match: { method: 'PUT' }, times: 1, effect: { kind: 'late' } });
    const acked = [await send(site.url, tell('a', 'inProgress', 1e12))];
    await until('v1 is at the vendor', 10_000, () => simulator.stats().held === 1);
    acked.push(await send(site.url, tell('a', 'solved', 1e12 + 1)));
    await until('v1 was given up', 10_000, () => simulator.stats().unanswered === 1);
    if (when === 'while it may still settle') simulator.release();
    await atRest(site, 20_000);
    simulator.release();
    return judge({ ...stage, acked });
  }

  it('R2: is put right when it lands within `settle`; control: stays when `settle`, the operator’s choice, is shorter than the vendor’s memory', async () => {
    const [settled, control] = await Promise.all([
      late('while it may still settle'),
      late('after it was taken for lost'),
    ]);
    expect(settled.faults).toEqual([]);
    expect(control.faults).toEqual(['a is inProgress at the vendor, the newest wish is solved']);
  });
});

describe('a call whose lease was lost', () => {
  /** v1's call is slow on the network, its lease is gone, another visit brings v2, then v1 arrives and is answered. */
  async function overtaken(dist?: string) {
    const stage = await setStage(dist === undefined ? {} : { dist });
    const { site, simulator, vendorLine } = stage;
    const [, slow] = await Promise.all([site.up('receiver'), site.up('worker', { account: { callTimeout: '30s' } })]);
    const holding = vendorLine.hold('request', (piece) => piece.startsWith('PUT'));
    const acked = [await send(site.url, tell('a', 'inProgress', 1e12))];
    const held = await holding;
    acked.push(await send(site.url, tell('a', 'solved', 1e12 + 1)));
    await passTime(site, 'a');
    await site.up('worker');
    await until('v2 is applied', 20_000, () => simulator.ticket('a')?.ticket.status === 'solved');
    await atRest(site, 10_000);
    held.release();
    await until('v1 is answered', 10_000, () =>
      slow
        .lines()
        .some(({ msg, answer, status }) => msg === 'change.attempted' && answer === 'done' && status === 'inProgress'),
    );
    await wait(500);
    await atRest(site, 20_000);
    return judge({ ...stage, acked });
  }

  it('is noticed when it writes its answer down, and put right; control: where finish does not ask for the lease, the older status stays', async () => {
    const [noticed, control] = await Promise.all([overtaken(), overtaken(withoutGuard(guards.lease))]);
    expect(noticed.faults).toEqual([]);
    expect(control.faults).toEqual(['a is inProgress at the vendor, the newest wish is solved']);
  });
});
