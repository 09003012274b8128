// What becomes of a wish for a ticket that was named by its number, once somebody has looked for it.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeRecords, type Records } from '../../../src/change/record.ts';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import { numberReference } from '../../../src/rule/reference.ts';
import { makeTestCore, wish } from '../../support/core.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';

const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;
const reference = numberReference(30, '0b6f1d3e-5b7a-4c51-9d55-3c0f1e2d4a5b');

let redis: TestRedis;
let records: Records;
beforeEach(async () => {
  redis = await openTestRedis();
  records = makeRecords(openRecordScripts(redis.client, redis.names.tag));
});
afterEach(() => redis.close());

/** A wish for the ticket of that number, and a visit that has begun to look for it. Gives the change. */
async function lookedFor(token: string): Promise<string> {
  const { changes } = await makeTestCore(redis.client, redis.names, []).say([wish(reference, 'solved')]);
  expect(await records.begin(reference, token, 60_000, 0)).toMatchObject({ kind: 'taken' });
  return changes[0] ?? '';
}

it('the index of the ticket keeps its last thousand changes, for as long as changes are kept', async () => {
  const { client, names } = redis;
  const before = Array.from({ length: 1_000 }, (_, i) => `ch_${i}`);
  await client.rpush(names.changesOf('t1'), ...before);
  const change = await lookedFor('visit-1');
  await records.resolve(reference, 'visit-1', { ticket: 't1' }, []);
  expect(await client.lrange(names.changesOf('t1'), 0, -1)).toEqual([...before.slice(1), change]);
  expect(await client.pttl(names.changesOf('t1')), 'while a change is open').toBe(-1);
  await openRecordScripts(client, names.tag).cancel(change);
  for (const index of [names.changesOf('t1'), names.changesOf(reference)]) {
    const leftMs = await client.pttl(index);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(KEPT_MS);
  }
});

it('the wish moves to the ticket, and nothing but its history stays under the number', async () => {
  const { client, names } = redis;
  const change = await lookedFor('visit-1');
  const visits = await records.resolve(reference, 'visit-1', { ticket: 't1' }, []);
  expect(visits).toMatchObject([{ ticket: 't1', account: 'main', class: 'live' }]);
  expect(await client.hmget(names.ticket('t1'), 'change', 'want', 'open')).toEqual([change, 'solved', '1']);
  expect(await client.zrange(names.dirty, 0, -1)).toEqual(['t1']);
  expect(await client.exists(names.ticket(reference), names.lease(reference))).toBe(0);
});

it('a visit that has lost its lease moves nothing', async () => {
  const { client, names } = redis;
  const change = await lookedFor('visit-1');
  expect(await records.resolve(reference, 'visit-0', { ticket: 't1' }, [])).toEqual([]);
  expect(await client.exists(names.ticket('t1'), names.changesOf('t1'))).toBe(0);
  expect(await client.hget(names.change(change), 'ticket')).toBe(reference);
  expect(await client.get(names.lease(reference))).toBe('visit-1');
});
