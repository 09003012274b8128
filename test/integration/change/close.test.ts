// The end of a worker: what it holds is given back, and nothing it waits for keeps it.
import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { makeNames } from '../../../src/redis/names.ts';
import { startChanges } from '../../../workers/visits.ts';
import { openRoad, type Road, testAccount, wish } from '../../support/core.ts';
import { type OwnRedis, spawnRedis } from '../../support/redis.ts';
import { quiet } from '../../support/redis-places.ts';
import { until } from '../../support/until.ts';

let road: Road | undefined;
let own: OwnRedis | undefined;
afterEach(async () => {
  await road?.close();
  await own?.close();
  road = own = undefined;
});

it('a worker that is closed gives back every ticket that waits for the pace, due at once', async () => {
  road = await openRoad({ account: { rate: 1 } });
  const { client, names, say } = road;
  const tickets = Array.from({ length: 30 }, () => randomUUID());
  for (const ticket of tickets) await say([wish(ticket, 'solved')]);
  const changes = await road.work();
  const leased = async () => (await Promise.all(tickets.map((id) => client.exists(names.lease(id))))).filter(Boolean);
  await until('ten visits wait for the pace', 10_000, async () => (await leased()).length >= 9);
  await changes.close();
  expect(await leased()).toEqual([]);
  const [seconds = 0] = (await client.time()).map(Number);
  const left = await client.zrange(names.dirty, 0, -1);
  expect(left.length).toBeGreaterThan(20);
  expect(await client.zcount(names.dirty, '-inf', (seconds + 1) * 1_000)).toBe(left.length);
});

it('a worker that is closed while Redis is away ends all the same', async () => {
  own = await spawnRedis();
  const account = testAccount('http://127.0.0.1:1', { callTimeout: 1_000 });
  const prefix = makeNames('closing').tag.slice(1, -1);
  const changes = await startChanges({ accounts: { main: account }, redisUrl: own.url, prefix, log: quiet });
  await own.kill();
  await changes.close();
});
