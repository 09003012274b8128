// kill -9 at each named step of the road of one event, and of one ticket's visit: the lines between the program and
// Redis, and between the program and the vendor, stop it exactly there.
import { describe, expect, it } from 'vitest';
import { atRest, judge } from '../support/chaos/judge.ts';
import { guards, withoutGuard } from '../support/chaos/mutant.ts';
import type { Told } from '../support/chaos/plan.ts';
import type { Held } from '../support/chaos/proxy.ts';
import { calling, passTime, queueing } from '../support/chaos/redis-line.ts';
import { type Acked, post, send } from '../support/chaos/sender.ts';
import { type Stage, setStage } from '../support/chaos/stage.ts';
import { until } from '../support/until.ts';

const tell = (ticket: string, more: Partial<Told> = {}): Told => ({
  delivery: `d-${ticket}-${more.status ?? 'solved'}`,
  ticket,
  status: 'solved',
  at: Date.now(),
  ...more,
});

const puts = ({ simulator }: Stage, ticket: string) =>
  simulator.requests({ ticket }).filter(({ method }) => method === 'PUT');

const dueIn = async ({ site }: Stage, ticket: string) => site.client.zscore(site.names.dirty, ticket);

describe('a receiver killed', () => {
  it('after the commit and before its 202 has stored the event once; the sender’s next try finishes it', async () => {
    const stage = await setStage();
    const { site, redisLine, simulator } = stage;
    const receiver = await site.up('receiver');
    await send(site.url, tell('warm')); // the scripts are known to Redis from here on, so a call names them
    const told = tell('a');
    const holding = redisLine.hold('reply', calling(site, 'accept', told.ticket));
    const heard = post(site.url, told);
    const held = await holding;
    await until('the commit', 5_000, () => dueIn(stage, told.ticket));
    await receiver.end('SIGKILL');
    held.cut();
    expect((await heard).status).toBe('broken');
    await Promise.all([site.up('receiver'), site.up('worker')]);
    const again = await send(site.url, told);
    expect(again.duplicate).toBe(true);
    await atRest(site, 20_000);
    expect((await judge({ site, simulator, acked: [again] })).faults).toEqual([]);
    expect(puts(stage, told.ticket)).toHaveLength(1);
  });

  const killBeforeKick = async (stage: Stage): Promise<Acked> => {
    const { site, redisLine } = stage;
    const receiver = await site.up('receiver');
    await send(site.url, tell('warm'));
    const told = tell('b');
    const holding = redisLine.hold('request', queueing(told.ticket));
    const acked = await send(site.url, told);
    const held = await holding;
    await receiver.end('SIGKILL');
    held.cut();
    await Promise.all([site.up('receiver'), site.up('worker')]);
    return acked;
  };

  it('after its 202 and before the wake-up loses nothing: the sweep finds the ticket', async () => {
    const stage = await setStage();
    const acked = await killBeforeKick(stage);
    await atRest(stage.site, 10_000);
    expect((await judge({ ...stage, acked: [acked] })).faults).toEqual([]);
  });

  it('control: without the sweep that ticket stays open', async () => {
    const stage = await setStage({ dist: withoutGuard(guards.sweep) });
    const acked = await killBeforeKick(stage);
    const other = await send(stage.site.url, tell('other'));
    await until('the other ticket is done', 10_000, () => puts(stage, 'other').length === 1);
    const { faults } = await judge({ ...stage, acked: [acked, other] });
    expect(faults).toContain('b is undefined at the vendor, the newest wish is solved');
  });
});

/** Steps of a visit, in order; each stops the worker exactly there. `calls`: how many calls the vendor sees in all. */
const steps: readonly {
  readonly name: string;
  readonly stop: (stage: Stage, ticket: string) => Promise<Held>;
  readonly calls: number;
}[] = [
  {
    name: 'after begin has taken the ticket, before it knows',
    stop: ({ redisLine, site }, ticket) => redisLine.hold('reply', calling(site, 'begin', ticket)),
    calls: 1,
  },
  {
    name: 'after begin and the pace, before the look',
    stop: ({ redisLine, site }, ticket) => redisLine.hold('request', calling(site, 'look', ticket)),
    calls: 1,
  },
  {
    name: 'after the look has noted the call, before the call',
    stop: ({ redisLine, site }, ticket) => redisLine.hold('reply', calling(site, 'look', ticket), 2),
    calls: 1,
  },
  {
    name: 'after the call has left, never to arrive',
    stop: ({ vendorLine }, ticket) => vendorLine.hold('request', isPut(ticket)),
    calls: 1,
  },
  {
    name: 'after the vendor has applied it, before the answer',
    stop: ({ vendorLine }, ticket) => vendorLine.hold('reply', isPut(ticket)),
    calls: 1,
  },
  {
    name: 'after the answer, before it is written down',
    stop: ({ redisLine, site }, ticket) => redisLine.hold('request', calling(site, 'finish', ticket)),
    calls: 1,
  },
  {
    name: 'after it is written down, before the worker knows',
    stop: ({ redisLine, site }, ticket) => redisLine.hold('reply', calling(site, 'finish', ticket)),
    calls: 1,
  },
];

function isPut(ticket: string) {
  return (piece: string) => piece.startsWith('PUT') && piece.includes(`/${ticket}/status`);
}

async function killAt(stage: Stage, chosen = steps): Promise<Acked[]> {
  const { site } = stage;
  await site.up('receiver');
  const warmer = await site.up('worker');
  const warm = await send(site.url, tell('warm'));
  await atRest(site, 20_000);
  await warmer.end('SIGTERM');
  const acked: Acked[] = [warm];
  for (const [i, step] of chosen.entries()) {
    const ticket = `step-${i}`;
    const holding = step.stop(stage, ticket);
    const worker = await site.up('worker');
    acked.push(await send(site.url, tell(ticket)));
    const held = await holding;
    if (step.name.includes('applied')) {
      await until('the vendor has applied it', 5_000, () => stage.simulator.ticket(ticket)?.ticket.status === 'solved');
    }
    await worker.end('SIGKILL');
    held.cut();
    await passTime(site, ticket);
  }
  await site.up('worker');
  await atRest(site, 60_000);
  return acked;
}

describe('a worker killed at each step of a visit', () => {
  it('leaves every ticket right, with one verdict, and calls the vendor once', async () => {
    const stage = await setStage();
    const acked = await killAt(stage);
    const { faults, regressions, verdicts } = await judge({ ...stage, acked });
    expect(faults).toEqual([]);
    expect(regressions).toBe(0);
    expect(verdicts).toEqual({ applied: acked.length });
    expect(steps.map((_, i) => puts(stage, `step-${i}`).length)).toEqual(steps.map((step) => step.calls));
  });

  it('control: where the call of a lost worker is forgotten, the vendor is called twice', async () => {
    const stage = await setStage({ dist: withoutGuard(guards.unknown) });
    await killAt(
      stage,
      steps.filter(({ name }) => name.includes('applied')),
    );
    expect(puts(stage, 'step-0')).toHaveLength(2);
  });
});
