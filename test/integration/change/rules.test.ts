// What rules say beyond "now, this ticket": guards, waits and what ends them, names and numbers for tickets, caps, and the
// second look of rules on the clock.
import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { openCore } from '../../../src/change/open-core.ts';
import { makeNewId } from '../../../src/id.ts';
import { linkReference, numberReference } from '../../../src/rule/reference.ts';
import type { Decision } from '../../../src/rule/rule.ts';
import { openRoad, type Road, testAccount, wish } from '../../support/core.ts';
import { quiet } from '../../support/redis-places.ts';
import { until } from '../../support/until.ts';

let road: Road;
afterEach(() => road.close());

const puts = () => road.simulator.requests({}).filter(({ method }) => method === 'PUT');
const HOUR = 3_600_000;

/** Stands for the waiting time having passed. */
const letWaitsEnd = async () => {
  for (const id of await road.client.zrange(road.names.waiting, 0, -1))
    await road.client.zadd(road.names.waiting, 1, id);
};
const cancels = (ticket: string, rule = 'test'): Decision => ({
  kind: 'cancels',
  rule,
  ticket,
  reason: 'it was reopened',
});

function coreOf({ client, names, simulator }: Road) {
  const accounts = { main: testAccount(simulator.url) };
  return openCore({ client, names, accounts, newId: makeNewId(Date.now, randomBytes), now: Date.now, log: quiet });
}

describe('from', () => {
  it('acts from the statuses it names and leaves a ticket that has another', async () => {
    road = await openRoad();
    await road.work();
    const [fresh, taken] = [randomUUID(), randomUUID()];
    road.simulator.setByHand(taken, 'inProgress');
    await road.say([wish(fresh, 'solved', { from: ['new'] }), wish(taken, 'solved', { from: ['new'] })]);
    expect((await road.settled(fresh)).changes[0]).toMatchObject({ verdict: 'applied' });
    expect((await road.settled(taken)).changes[0]).toMatchObject({
      verdict: 'guarded',
      reason: expect.stringContaining('inProgress'),
      attempts: [{ call: 'GET' }],
    });
    expect(puts()).toHaveLength(1);
  });
});

describe('after', () => {
  it('waits, durably and told as open, then acts with the order of its cause', async () => {
    road = await openRoad();
    const core = coreOf(road);
    const ticket = randomUUID();
    const { changes } = await road.say([wish(ticket, 'solved', { afterMs: HOUR })]);
    await road.work();
    expect(await core.audit(0)).toMatchObject({ accepted: 1, open: 1, faults: [] });
    expect(puts()).toEqual([]);
    await letWaitsEnd();
    const story = await road.settled(ticket);
    expect(story.changes).toMatchObject([{ id: changes[0], verdict: 'applied' }]);
    await core.close();
  });

  it('is ended by a later matching event of the same ticket and rule, and by no other', async () => {
    road = await openRoad();
    const [reopened, other] = [randomUUID(), randomUUID()];
    await road.say([wish(reopened, 'solved', { afterMs: HOUR }), wish(other, 'solved', { afterMs: HOUR })]);
    await road.say([cancels(reopened, 'another rule')]);
    const { eventId } = await road.say([cancels(reopened)]);
    await road.work();
    await letWaitsEnd();
    expect((await road.settled(other)).changes[0]).toMatchObject({ verdict: 'applied' });
    const story = await until('the wait was ended', 5_000, async () => {
      const told = await road.ledger.ticket(reopened);
      return told?.changes[0]?.verdict === undefined ? undefined : told;
    });
    expect(story.changes[0]).toMatchObject({ verdict: 'cancelled', by: eventId, reason: 'it was reopened' });
    expect(puts()).toHaveLength(1);
  });

  it('is overtaken by a newer wish for the ticket, waiting or not, and never the other way round', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    await road.say([wish(ticket, 'closed', { afterMs: HOUR })], { at: 1_000 });
    await road.say([wish(ticket, 'closed', { afterMs: 2 * HOUR })], { at: 2_000 });
    const newest = await road.say([wish(ticket, 'inProgress')], { at: 3_000 });
    await road.say([wish(ticket, 'closed', { afterMs: HOUR })], { at: 2_500 });
    const story = await road.ledger.ticket(ticket);
    expect(story?.changes.map(({ verdict }) => verdict)).toEqual(['superseded', undefined, 'superseded', 'superseded']);
    expect(story?.changes[0]?.by).toBe(newest.changes[0]);
    await road.work();
    await road.settled(ticket);
    expect(road.simulator.ticket(ticket)?.ticket.status).toBe('inProgress');
    expect(await road.client.zcard(road.names.waiting)).toBe(0);
  });

  it('can be taken back by an operator', async () => {
    road = await openRoad();
    const core = coreOf(road);
    const { changes } = await road.say([wish(randomUUID(), 'solved', { afterMs: HOUR })]);
    expect(await core.steering.cancel(changes[0] ?? '')).toEqual({ kind: 'cancelled' });
    expect(await road.client.zcard(road.names.waiting)).toBe(0);
    await core.close();
  });
});

describe('a name for a ticket', () => {
  it('is remembered by one event and found by a later one', async () => {
    road = await openRoad();
    await road.work();
    const ticket = randomUUID();
    const links: Decision = {
      kind: 'links',
      rule: 'remember',
      key: 'JIRA-7',
      ticket,
      dryRun: false,
      reason: 'both are there',
    };
    await road.say([links]);
    const accepted = await road.say([wish(linkReference('JIRA-7'), 'solved')]);
    expect(accepted.changes).toHaveLength(1);
    expect((await road.settled(ticket)).changes[0]).toMatchObject({ verdict: 'applied', ticket });
  });

  it('that nobody knows leads to no change, and the ledger says so', async () => {
    road = await openRoad();
    const accepted = await road.say([wish(linkReference('JIRA-8'), 'solved')]);
    expect(accepted.changes).toEqual([]);
    const { entries } = await road.ledger.page({ limit: 5, kind: 'unlinked' });
    expect(entries).toMatchObject([{ event: accepted.eventId, rule: 'test', data: { key: 'JIRA-8' } }]);
  });
});

describe('a ticket by its number', () => {
  const location = randomUUID();

  it('is found in the location’s list, once for all that ask for it', async () => {
    road = await openRoad();
    const seeds = Array.from({ length: 120 }, () => ({ id: randomUUID(), locationRef: location }));
    road.simulator.seed(seeds);
    const wanted = seeds[3]?.id ?? '';
    const number = road.simulator.ticket(wanted)?.ticket.number ?? 0;
    await road.work();
    await road.say([wish(numberReference(number, location), 'solved')]);
    const story = await until('the ticket is solved', 10_000, async () => {
      const told = await road.ledger.ticket(wanted);
      return told?.changes[0]?.verdict === 'applied' && told;
    });
    const calls = story.changes[0]?.attempts.map(({ call }) => call) ?? [];
    expect([calls[0], calls.at(-1)]).toEqual(['LIST', 'PUT']);
    await road.say([wish(numberReference(number, location), 'closed')]);
    await until('the ticket is closed', 10_000, () => road.simulator.ticket(wanted)?.ticket.status === 'closed');
    const lists = road.simulator.requests({}).filter(({ kind }) => kind === 'list');
    expect(lists).toHaveLength(calls.length - 1);
  });

  it('that is not there ends failed, and says where it was looked for', async () => {
    road = await openRoad();
    await road.work();
    const { changes } = await road.say([wish(numberReference(4_711, location), 'solved')]);
    const story = await until('it has failed', 10_000, async () => {
      const told = await road.ledger.change(changes[0] ?? '');
      return told?.verdict === 'failed' && told;
    });
    expect(story.reason).toContain('4711');
    expect(await road.client.zcard(road.names.dirty)).toBe(0);
  });
});

describe('a wish of a rule on the clock', () => {
  it('is sent only when the ticket, read again, is still as the rule wants it', async () => {
    const solvedOnly = (_rule: string, ticket: { status: string }) => ({
      holds: ticket.status === 'solved',
      reason: `ticket.status is ${ticket.status}`,
    });
    road = await openRoad({ stillHolds: solvedOnly });
    await road.work();
    const [still, reopened] = [randomUUID(), randomUUID()];
    road.simulator.setByHand(still, 'solved');
    road.simulator.setByHand(reopened, 'inProgress');
    await road.say([wish(still, 'closed'), wish(reopened, 'closed')], { class: 'clock' });
    expect((await road.settled(still)).changes[0]).toMatchObject({ verdict: 'applied' });
    expect((await road.settled(reopened)).changes[0]).toMatchObject({
      verdict: 'guarded',
      reason: 'no longer so: ticket.status is inProgress',
    });
  });

  it('over the cap of its rule is held, and an operator releases it', async () => {
    road = await openRoad();
    const core = coreOf(road);
    await road.work();
    const ticket = randomUUID();
    const { changes } = await road.say([wish(ticket, 'closed', { held: true })], { class: 'clock' });
    const [held] = await core.steering.failed({ list: 'held' });
    expect(held).toMatchObject({ id: changes[0], verdict: 'held' });
    expect(puts()).toEqual([]);
    expect(await core.steering.retry(changes[0] ?? '')).toMatchObject({ kind: 'retried' });
    expect((await road.settled(ticket)).changes[0]).toMatchObject({ verdict: 'applied' });
    expect(await core.steering.failed({ list: 'held' })).toEqual([]);
    await core.close();
  });
});
