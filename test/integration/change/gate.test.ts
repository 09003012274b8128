// What shuts an account and what opens it: refused credentials, a vendor that is down, an operator.
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { makeGate } from '../../../src/ticket/gate.ts';
import { openPaceScripts } from '../../../src/ticket/pace-scripts.ts';
import { openRoad, type Road, wish } from '../../support/core.ts';
import { until } from '../../support/until.ts';

let road: Road;
afterEach(() => road.close());

function gateOf({ client, names }: Road) {
  const { gate } = openPaceScripts(client, names.tag);
  return makeGate({ gate, read: (account) => client.hgetall(names.pace(account)) });
}

/** Stands for the time until the next probe having passed. */
const probeNow = ({ client, names }: Road) => client.hset(names.pace('main'), 'probeAt', '0');

describe('refused credentials', () => {
  it('shut the account after the calls under way, burn nothing, and open it when they work again', async () => {
    road = await openRoad();
    const gate = gateOf(road);
    const tickets = Array.from({ length: 30 }, () => randomUUID());
    road.simulator.set({ credentials: 'revoked' });
    for (const ticket of tickets) await road.say([wish(ticket, 'solved')]);
    await road.work();
    await until('the account is shut', 5_000, async () => (await gate.state('main')).shut?.why === 'unauthorized');
    await probeNow(road);
    await until('a probe was made', 5_000, () => road.simulator.stats().answers[401] !== undefined);
    expect(road.simulator.stats().calls).toBeLessThan(tickets.length);
    road.simulator.set({ credentials: 'good' });
    await probeNow(road);
    for (const ticket of tickets) {
      const { changes } = await road.settled(ticket, 20_000);
      // The attempt that is told to the operator is still the first: nothing was burnt.
      expect(changes[0]).toMatchObject({ verdict: 'applied' });
      expect(changes[0]?.attempts.every(({ attempt }) => attempt === 1)).toBe(true);
    }
    expect((await gate.state('main')).shut).toBeUndefined();
    const { entries } = await road.ledger.page({ limit: 10, kind: 'account' });
    expect(entries.map(({ data }) => (data as { state: string }).state)).toEqual(['open', 'shut']);
  });
});

describe('a vendor that is down', () => {
  it('costs a few calls however much is waiting, loses no wish, and comes back slowly', async () => {
    road = await openRoad({ account: { settle: 100 } });
    const gate = gateOf(road);
    const tickets = Array.from({ length: 60 }, () => randomUUID());
    road.simulator.set({ outage: 'unavailable' });
    for (const ticket of tickets) await road.say([wish(ticket, 'solved')]);
    await road.work();
    await until('the breaker is open', 10_000, async () => (await gate.state('main')).shut?.why === 'outage');
    const { calls } = road.simulator.stats();
    expect(calls).toBeLessThan(40);
    await probeNow(road);
    await until('a probe was made', 5_000, () => road.simulator.stats().calls > calls);
    const shut = (await gate.state('main')).shut;
    expect(shut?.why).toBe('outage');
    road.simulator.set({ outage: 'none' });
    await probeNow(road);
    for (const ticket of tickets) {
      expect((await road.settled(ticket, 25_000)).changes[0]).toMatchObject({ verdict: 'applied' });
      expect(road.simulator.ticket(ticket)?.ticket.status).toBe('solved');
    }
    const [reopened] = (await road.ledger.page({ limit: 10, kind: 'account' })).entries;
    expect(reopened).toMatchObject({ account: 'main', data: { state: 'open', why: 'outage' } });
  });
});

describe('an operator', () => {
  it('pauses an account: nothing is sent, no probe either, until it is resumed', async () => {
    road = await openRoad();
    const gate = gateOf(road);
    const ticket = randomUUID();
    expect(await gate.pause('main')).toEqual({ kind: 'shut', why: 'operator' });
    expect(await gate.pause('main')).toBeUndefined();
    await road.say([wish(ticket, 'solved')]);
    await road.work();
    await until(
      'a visit has taken the ticket',
      5_000,
      async () => (await road.client.exists(road.names.lease(ticket))) === 1,
    );
    await probeNow(road);
    expect(road.simulator.stats().calls).toBe(0);
    expect(await gate.resume('main')).toEqual({ kind: 'open', why: 'operator' });
    expect((await road.settled(ticket)).changes[0]).toMatchObject({ verdict: 'applied' });
  });
});
