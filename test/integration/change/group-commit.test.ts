// Events that come together are stored as if they had come one after the other, and one of them breaks alone.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRecords, type Records } from '../../../src/change/record.ts';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import { makeNewId } from '../../../src/id.ts';
import { makeNames, type Names } from '../../../src/redis/names.ts';
import { isUnavailable } from '../../../src/redis/unavailable.ts';
import type { Decision } from '../../../src/rule/rule.ts';
import { type Status, statuses } from '../../../src/ticket/ticket.ts';
import { wish } from '../../support/core.ts';
import { openClient, openTestRedis, spawnRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeEach(async () => {
  redis = await openTestRedis();
});
afterEach(() => redis.close());

const newId = makeNewId(Date.now, randomBytes);

function accept(records: Records, key: string, decisions: readonly Decision[], digest = '') {
  return records.accept(
    {
      event: { id: newId('ev'), source: 'test', type: 'said', receivedAt: 0, headers: {}, body: {} },
      rawBody: Buffer.from('{"ü":1}'),
      keepMs: 60_000,
      delivery: { key, windowMs: 60_000 },
      digest,
      decisions,
    },
    { newId, deadlineMs: () => 60_000 },
  );
}

const open = (names: Names = redis.names) => makeRecords(openRecordScripts(redis.client, names.tag));

describe('one event that breaks in the script', () => {
  it('is the only one that is not stored, and is taken anew when it is sent again', async () => {
    const { client, names } = redis;
    const records = open();
    // A name that is no text: the script breaks over the second wish of the event, after the first was stored.
    await client.hset(names.link('issue-1'), 'not', 'a text');
    const wishes = [wish('t1', 'solved'), wish('link:issue-1', 'closed')];
    const together = () =>
      Promise.allSettled([
        accept(records, 'before', [wish('t0', 'solved')]),
        accept(records, 'broken', wishes),
        accept(records, 'behind', [wish('t2', 'solved')]),
      ]);
    const [before, broken, behind] = await together();
    expect([before, behind]).toMatchObject([{ value: { accepted: { duplicate: false } } }, { status: 'fulfilled' }]);
    expect(broken).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('WRONGTYPE') } });
    expect(isUnavailable((broken as PromiseRejectedResult).reason)).toBe(false);

    await client.del(names.link('issue-1'));
    await client.set(names.link('issue-1'), 't9');
    const again = await together();
    const isKnown = [{ duplicate: true }, { duplicate: false }, { duplicate: true }];
    expect(again).toMatchObject(isKnown.map((accepted) => ({ value: { accepted } })));
    expect(await client.hget(names.ticket('t9'), 'want')).toBe('closed');
    expect(await client.hget(names.ticket('t1'), 'want')).toBe('solved');
  });
});

describe('a Redis without memory', () => {
  it('is away for each of them, and stores none', async () => {
    const own = await spawnRedis();
    const client = await openClient(own.url);
    try {
      const records = makeRecords(openRecordScripts(client, redis.names.tag));
      const both = () => Promise.allSettled(['a', 'b'].map((key) => accept(records, key, [wish(key, 'solved')])));
      await client.config('SET', 'maxmemory', '1');
      const full = await both();
      expect(full.map((one) => one.status === 'rejected' && isUnavailable(one.reason))).toEqual([true, true]);
      await client.config('SET', 'maxmemory', '0');
      const stored = { status: 'fulfilled', value: { accepted: { duplicate: false } } };
      expect(await both()).toMatchObject([stored, stored]);
    } finally {
      client.disconnect();
      await own.close();
    }
  });
});

const arrivals = fc.array(
  fc.record({
    key: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8'),
    digest: fc.constantFrom('', 'other'),
    wishes: fc.array(
      fc.record({
        ticket: fc.constantFrom('t1', 't2', 't3'),
        status: fc.constantFrom(...statuses),
        at: fc.integer({ min: 1_000, max: 1_005 }),
        dryRun: fc.boolean(),
        afterMs: fc.constantFrom(0, 60_000),
      }),
      { maxLength: 3 },
    ),
    endsTurn: fc.boolean(),
  }),
  { maxLength: 12 },
);

it('what is stored does not depend on who comes together', async () => {
  const { client } = redis;
  let run = 0;
  await fc.assert(
    fc.asyncProperty(arrivals, async (arrivals) => {
      run += 1;
      const [apart, together] = [makeNames(`apart${run}`), makeNames(`together${run}`)];
      const oneByOne = open(apart);
      const inGroups = open(together);
      const wanted = [];
      for (const { key, digest, wishes } of arrivals) {
        wanted.push((await accept(oneByOne, key, toDecisions(wishes), digest)).accepted);
      }
      const given = [];
      const group = [];
      for (const { key, digest, wishes, endsTurn } of arrivals) {
        group.push(accept(inGroups, key, toDecisions(wishes), digest));
        if (endsTurn) given.push(...(await Promise.all(group.splice(0))));
      }
      given.push(...(await Promise.all(group)));
      const told = given.map(({ accepted }) => accepted);
      expect(told.map(inWords)).toEqual(wanted.map(inWords));
      expect(await storedUnder(together, told)).toEqual(await storedUnder(apart, wanted));
    }),
    { numRuns: 60 },
  );

  async function storedUnder(names: Names, accepted: readonly { readonly changes: readonly string[] }[]) {
    const ids = [...new Set(accepted.flatMap(({ changes }) => changes))];
    const place = (id: string | null) => (id === null ? null : ids.indexOf(id));
    const changes = ids.map(async (id) => {
      const [ticket, status, verdict, by] = await client.hmget(names.change(id), 'ticket', 'status', 'verdict', 'by');
      return [ticket, status, verdict, place(by ?? null)];
    });
    const tickets = ['t1', 't2', 't3'].map(async (ticket) => {
      const [want, change, order, version] = await client.hmget(
        names.ticket(ticket),
        'want',
        'change',
        'order',
        'version',
      );
      return [want, place(change ?? null), order, version];
    });
    return Promise.all([...changes, ...tickets, client.xlen(names.ledger), client.xlen(names.unmatched)]);
  }
});

function toDecisions(
  wishes: readonly { ticket: string; status: Status; at: number; dryRun: boolean; afterMs: number }[],
): Decision[] {
  return wishes.map(({ ticket, status, ...more }) => wish(ticket, status, more));
}

function inWords({
  duplicate,
  conflict,
  changes,
}: {
  duplicate: boolean;
  conflict: boolean;
  changes: readonly string[];
}) {
  return { duplicate, conflict, changes: changes.length };
}
