// An account with OAuth on the whole road: real workers, real Redis, the simulator as vendor.
import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { makeGate } from '../../../src/ticket/gate.ts';
import { openPaceScripts } from '../../../src/ticket/pace-scripts.ts';
import { openRoad, type Road, wish } from '../../support/core.ts';
import { until } from '../../support/until.ts';

let road: Road;
afterEach(() => road.close());

const auth = {
  oauth: { clientId: 'simulator-id', clientSecret: 'simulator-secret', refreshToken: 'simulator-refresh-token' },
};
const networkId = '0b6f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f';
const tokenCalls = () => road.simulator.requests().filter(({ kind }) => kind === 'token');

function gateOf({ client, names }: Road) {
  const { gate } = openPaceScripts(client, names.tag);
  return makeGate({ gate, read: (account) => client.hgetall(names.pace(account)) });
}

it('brings every ticket where it should be, with one token for all workers, and never above the pace', async () => {
  road = await openRoad({ account: { auth, networkId, rate: 50 }, simulator: { rate: 50 } });
  const tickets = Array.from({ length: 60 }, () => randomUUID());
  for (const ticket of tickets) await road.say([wish(ticket, 'solved')]);
  await Promise.all([road.work(), road.work(), road.work()]);
  for (const ticket of tickets) {
    expect((await road.settled(ticket, 20_000)).changes[0]).toMatchObject({ verdict: 'applied' });
  }
  expect(tokenCalls()).toHaveLength(1);
  expect(road.simulator.stats()).toMatchObject({ refused: 0, answers: { 200: 61 } });
});

it('a token that is refused in mid-run is renewed once: no wish is lost and the account stays open', async () => {
  road = await openRoad({ account: { auth, networkId } });
  await Promise.all([road.work(), road.work()]);
  const first = randomUUID();
  await road.say([wish(first, 'solved')]);
  await road.settled(first);
  road.simulator.addFault({ match: { kind: 'write' }, effect: { kind: 'status', status: 401 } });
  const ticket = randomUUID();
  await road.say([wish(ticket, 'solved')]);
  const { changes } = await road.settled(ticket);
  expect(changes[0]).toMatchObject({
    verdict: 'applied',
    attempts: [
      { answer: 'unauthorized', attempt: 1 },
      { answer: 'done', attempt: 1 },
    ],
  });
  expect(tokenCalls().map(({ status }) => status)).toEqual([200, 200]);
  expect((await gateOf(road).state('main')).shut).toBeUndefined();
});

it('a refresh token that is refused shuts the account with words, burns nothing, and a probe opens it again', async () => {
  road = await openRoad({ account: { auth, networkId } });
  road.simulator.set({ credentials: 'revoked' });
  const tickets = Array.from({ length: 20 }, () => randomUUID());
  for (const ticket of tickets) await road.say([wish(ticket, 'solved')]);
  await road.work();
  const gate = gateOf(road);
  await until('the account is shut', 5_000, async () => (await gate.state('main')).shut?.why === 'unauthorized');
  expect(tokenCalls().length).toBeLessThan(5);
  road.simulator.set({ credentials: 'good' });
  for (const ticket of tickets) {
    await until('all is applied', 25_000, async () => {
      await road.client.hset(road.names.pace('main'), 'probeAt', '0');
      return (await road.ledger.ticket(ticket))?.inStep;
    });
    const { changes } = await road.settled(ticket);
    expect(changes[0]).toMatchObject({ verdict: 'applied', attempts: [{ attempt: 1 }] });
  }
  const { entries } = await road.ledger.page({ limit: 50, kind: 'account' });
  expect(JSON.stringify(entries)).toContain('correct clientId and clientSecret in accounts.main.auth.oauth');
});
