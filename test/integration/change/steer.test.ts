// Operators and single changes: cancel, retry, drop, the list of failed ones, and the audit that proves the count.
import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Core, openCore } from '../../../src/change/open-core.ts';
import { makeNewId } from '../../../src/id.ts';
import { openRoad, type Road, testAccount, wish } from '../../support/core.ts';
import { quiet } from '../../support/redis-places.ts';
import { until } from '../../support/until.ts';

let road: Road;
let core: Core;
beforeEach(async () => {
  road = await openRoad({ simulator: { autoCreate: false } });
  core = openTestCore();
});
afterEach(async () => {
  await core.close();
  await road.close();
});

function openTestCore(account: { rate?: number } = {}): Core {
  return openCore({
    client: road.client,
    names: road.names,
    accounts: { main: { ...testAccount(road.simulator.url), ...account } },
    newId: makeNewId(Date.now, randomBytes),
    now: Date.now,
    log: quiet,
  });
}

const seed = (count: number) => road.simulator.seed(Array.from({ length: count }, () => ({ id: randomUUID() })));

async function failed(): Promise<{ ticket: string; change: string }> {
  const ticket = randomUUID();
  const { changes } = await road.say([wish(ticket, 'solved')]);
  expect((await road.settled(ticket)).changes[0]).toMatchObject({ verdict: 'failed' });
  return { ticket, change: changes[0] ?? '' };
}

describe('cancel', () => {
  it('takes back a wish that waits, and it is never sent', async () => {
    const [ticket] = seed(1);
    const { changes } = await road.say([wish(ticket ?? '', 'solved')]);
    expect(await core.steering.cancel(changes[0] ?? '')).toEqual({ kind: 'cancelled' });
    await road.work();
    expect(await road.settled(ticket ?? '')).toMatchObject({ inStep: true, changes: [{ verdict: 'cancelled' }] });
    expect(await core.steering.cancel(changes[0] ?? '')).toEqual({ kind: 'ended', verdict: 'cancelled' });
    expect(await core.steering.cancel('ch_unknown')).toEqual({ kind: 'unknown' });
    expect(road.simulator.stats().calls).toBe(0);
  });

  it('does not claim to take back a call that has left', async () => {
    const [ticket = ''] = seed(1);
    road.simulator.addFault({ times: 1, effect: { kind: 'delay', ms: 400 } });
    const { changes } = await road.say([wish(ticket, 'solved')]);
    await road.work();
    await until('the call is at the vendor', 5_000, () => road.simulator.stats().inFlight === 1);
    expect(await core.steering.cancel(changes[0] ?? '')).toEqual({ kind: 'under-way' });
    expect((await road.settled(ticket)).changes[0]).toMatchObject({ verdict: 'applied' });
  });
});

describe('failed changes', () => {
  it('are listed by what they have in common, and can be put away', async () => {
    await road.work();
    const one = await failed();
    const two = await failed();
    const ids = async (filter: Parameters<typeof core.steering.failed>[0]) =>
      (await core.steering.failed(filter)).map(({ id }) => id);
    expect(await ids({})).toEqual([one.change, two.change]);
    expect(await ids({ ticket: two.ticket })).toEqual([two.change]);
    expect(await ids({ class: '404' })).toHaveLength(2);
    expect(await ids({ class: 'expired' })).toEqual([]);
    expect(await ids({ rule: 'another' })).toEqual([]);
    expect(await ids({ since: Date.now() + 60_000 })).toEqual([]);
    expect(await core.steering.drop(one.change)).toEqual({ kind: 'dropped' });
    expect(await core.steering.drop(one.change)).toEqual({ kind: 'not-failed', verdict: 'failed' });
    expect(await ids({})).toEqual([two.change]);
  });

  it('are tried again as a new change with the old order', async () => {
    await road.work();
    const { ticket, change } = await failed();
    road.simulator.seed([{ id: ticket }]);
    const retried = await core.steering.retry(change);
    expect(retried).toMatchObject({ kind: 'retried' });
    const story = await road.settled(ticket);
    expect(story.changes).toMatchObject([{ verdict: 'applied' }, { id: change, verdict: 'failed' }]);
    expect(story.changes[0]?.orderedAt).toBe(story.changes[1]?.orderedAt);
    expect(await core.steering.failed({})).toEqual([]);
  });

  it('that a newer wish has overtaken are left alone, and it is said by which', async () => {
    await road.work();
    const { ticket, change } = await failed();
    const newer = await road.say([wish(ticket, 'closed')]);
    await road.settled(ticket);
    road.simulator.seed([{ id: ticket }]);
    expect(await core.steering.retry(change)).toEqual({ kind: 'overtaken', by: newer.changes[0] });
  });
});

describe('the audit', () => {
  it('counts every accepted change once, and finds nothing wrong', async () => {
    await road.work();
    await failed();
    const [ticket = '', other = ''] = seed(2);
    await road.say([wish(ticket, 'solved')]);
    await road.settled(ticket);
    await road.say([wish(other, 'solved', { dryRun: true })]);
    const result = await core.audit(0);
    expect(result).toMatchObject({ accepted: 3, open: 0, faults: [] });
    expect(result.verdicts).toMatchObject({ applied: 1, failed: 1, 'dry-run': 1 });
  });

  it('counts what is open, also while nobody works on it', async () => {
    const [ticket = ''] = seed(1);
    await road.say([wish(ticket, 'solved')]);
    expect(await core.audit(0)).toMatchObject({ accepted: 1, open: 1, faults: [] });
  });

  it('names a change that was lost, one with two verdicts, and a ticket that nobody will visit', async () => {
    const { client, names } = road;
    const [a = '', b = '', c = ''] = seed(3);
    const lost = (await road.say([wish(a, 'solved')])).changes[0] ?? '';
    await client.zrem(names.open, lost);
    const forgotten = (await road.say([wish(b, 'solved')])).changes[0] ?? '';
    await client.zrem(names.dirty, b);
    await road.say([wish(c, 'solved')]);
    await client.zadd(names.dirty, 1, c);
    await client.hincrby(names.ticket(c), 'visit', 1);
    await client.set(names.lease(a), 'nobody');
    const { faults } = await core.audit(0);
    expect(faults).toEqual(
      expect.arrayContaining([
        { what: 'has no verdict and is not open', change: lost },
        expect.objectContaining({ what: 'is open, and its ticket is due for no visit', change: forgotten }),
        expect.objectContaining({ what: expect.stringContaining('has no job'), ticket: c }),
        { what: 'has a lease that no visit owns', ticket: a },
      ]),
    );
    expect(faults).toHaveLength(4);
  });

  it('takes no ticket for forgotten that waits for its turn in a backlog', async () => {
    const { client, names } = road;
    const [ticket = '', ...others] = seed(300);
    await road.say([wish(ticket, 'solved')]);
    await client.hincrby(names.ticket(ticket), 'visit', 1);
    await client.zadd(names.dirty, 1, ticket);
    await road.say(others.map((other) => wish(other, 'solved')));
    // Three hundred jobs are a backlog at ten calls a second, and none at a hundred.
    const slow = openTestCore({ rate: 10 });
    expect(await slow.audit(0)).toMatchObject({ open: 300, faults: [] });
    await slow.close();
    expect(await core.audit(0)).toMatchObject({ open: 300, faults: [{ ticket }] });
  });

  it('gives a ticket without a job as much longer as the sweep needs for those that are due with it', async () => {
    const { client, names } = road;
    const [ticket = '', ...others] = seed(500);
    await road.say([wish(ticket, 'solved')]);
    await client.hincrby(names.ticket(ticket), 'visit', 1);
    const [seconds] = await client.time();
    await client.zadd(names.dirty, Number(seconds) * 1000 - 62_000, ticket);
    const forgotten = { faults: [expect.objectContaining({ what: expect.stringContaining('has no job'), ticket })] };
    expect(await core.audit(0)).toMatchObject(forgotten);
    // Nobody knows these; they only stand in the way.
    await client.zadd(names.dirty, ...others.flatMap((other) => [9e15, other]));
    expect(await core.audit(0)).toMatchObject({ faults: [] });
  });
});
