// kill -9 at each named step of the road of one event, and of one ticket's visit: the lines between the program and
// Redis, and between the program and the vendor, stop it exactly there.
import { describe, expect, it } from 'vitest';
import { atRest, judge } from '../support/chaos/judge.ts';
import { guards, withoutGuard } from '../support/chaos/mutant.ts';
import type { Told } from '../support/chaos/plan.ts';
import type { Held } from '../support/chaos/proxy.ts';
import { calling, passTime, queueing, teachScripts } from '../support/chaos/redis-line.ts';
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
    const [receiver] = await Promise.all([site.up('receiver'), teachScripts(site)]);
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
    // A name that stands in no script: the text of one is sent in whole when Redis does not know it yet.
    const told = tell('unwoken');
    const holding = redisLine.hold('request', queueing(told.ticket));
    const acked = await send(site.url, told);
    const held = await holding;
    await receiver.end('SIGKILL');
    held.cut();
    await Promise.all([site.up('receiver'), site.up('worker')]);
    return acked;
  };

  const withSweep = async () => {
    const stage = await setStage();
    const acked = await killBeforeKick(stage);
    await atRest(stage.site, 10_000);
    return judge({ ...stage, acked: [acked] });
  };

  const withoutSweep = async () => {
    const stage = await setStage({ dist: withoutGuard(guards.sweep) });
    const acked = await killBeforeKick(stage);
    const other = await send(stage.site.url, tell('other'));
    await until('the other ticket is done', 10_000, () => puts(stage, 'other').length === 1);
    return judge({ ...stage, acked: [acked, other] });
  };

  it('after its 202 and before the wake-up loses nothing, the sweep finds the ticket; control: without the sweep it stays open', async () => {
    const [swept, control] = await Promise.all([withSweep(), withoutSweep()]);
    expect(swept.faults).toEqual([]);
    expect(control.faults).toContain('unwoken is undefined at the vendor, the newest wish is solved');
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

async function killAt(stage: Stage, chosen: typeof steps): Promise<Acked[]> {
  const { site } = stage;
  await Promise.all([site.up('receiver'), teachScripts(site)]);
  const acked: Acked[] = [];
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
  async function expectOneCallEach(chosen: typeof steps): Promise<void> {
    const stage = await setStage();
    const acked = await killAt(stage, chosen);
    const { faults, regressions, verdicts } = await judge({ ...stage, acked });
    expect(faults).toEqual([]);
    expect(regressions).toBe(0);
    expect(verdicts).toEqual({ applied: chosen.length });
    expect(chosen.map((_, i) => puts(stage, `step-${i}`).length)).toEqual(chosen.map((step) => step.calls));
  }

  async function expectTwoCalls(chosen: typeof steps): Promise<void> {
    const stage = await setStage({ dist: withoutGuard(guards.unknown) });
    await killAt(stage, chosen);
    expect(puts(stage, 'step-0')).toHaveLength(2);
  }

  it('leaves every ticket right, with one verdict, and calls the vendor once; control: where the call of a lost worker is forgotten, twice', async () => {
    const applied = steps.filter(({ name }) => name.includes('applied'));
    expect(applied).toHaveLength(1);
    await Promise.all([
      expectOneCallEach(steps.slice(0, 4)),
      expectOneCallEach(steps.slice(4)),
      expectTwoCalls(applied),
    ]);
  });
});
