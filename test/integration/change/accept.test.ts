// What the commit point answers about visits: who is woken, and under which number.
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Class, Delivery } from '../../../src/change/change.ts';
import { makeRecords, type Records } from '../../../src/change/record.ts';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import { makeNewId } from '../../../src/id.ts';
import { makeLedger } from '../../../src/ledger/redis-ledger.ts';
import { openRetire } from '../../../src/ledger/retire.ts';
import type { Decision } from '../../../src/rule/rule.ts';
import type { Status } from '../../../src/ticket/ticket.ts';
import { wish } from '../../support/core.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let records: Records;
beforeEach(async () => {
  redis = await openTestRedis();
  records = makeRecords(openRecordScripts(redis.client, redis.names.tag));
});
afterEach(() => redis.close());

const newId = makeNewId(Date.now, randomBytes);

/** Accepts one event; gives what Redis has confirmed, and the visits to be queued. */
function accept(decisions: readonly Decision[], more: Partial<Delivery> = {}) {
  const id = newId('ev');
  return records.accept(
    {
      event: { id, source: 'test', type: 'said', receivedAt: 0, headers: {}, body: {} },
      rawBody: Buffer.from('{}'),
      keepMs: 0,
      delivery: { key: id, windowMs: 60_000 },
      decisions,
      ...more,
    },
    { newId, deadlineMs: () => 60_000 },
  );
}

async function say(status: Status, kind: Class) {
  return (await accept([wish('t1', status)], { class: kind })).appointments;
}

describe('a ticket whose visit is queued already', () => {
  it('keeps its appointment when a wish of the same class comes', async () => {
    const [first] = await say('solved', 'live');
    expect(await say('closed', 'live')).toEqual([first]);
  });

  it('gets a new appointment when an event’s wish comes and the visit waits behind clock rules', async () => {
    const [first] = await say('closed', 'clock');
    const [second] = await say('solved', 'live');
    expect(first).toMatchObject({ class: 'clock' });
    expect(second).toMatchObject({ class: 'live', delayMs: 0 });
    expect(second?.number).toBeGreaterThan(first?.number ?? 0);
  });
});

describe('an event with two wishes for one ticket, through two accounts', () => {
  const wishes = [wish('t1', 'solved', { account: 'first' }), wish('t1', 'closed', { account: 'second' })];

  it('queues one visit, with the account and the class of the later wish', async () => {
    const [waiting] = await say('new', 'clock'); // through another account, behind every event's
    expect(waiting).toEqual({ ticket: 't1', account: 'main', number: 1, delayMs: 0, class: 'clock' });
    const delivery = { key: 'd-1', windowMs: 60_000 };
    const { accepted, appointments } = await accept(wishes, { delivery });
    expect(appointments).toEqual([{ ticket: 't1', account: 'second', number: 2, delayMs: 0, class: 'live' }]);
    const record = await redis.client.hmget(redis.names.ticket('t1'), 'change', 'account', 'visit', 'class');
    expect(record).toEqual([accepted.changes[1], 'second', '2', 'live']);
    // A redelivery, after a crash before the visit was queued.
    expect((await accept(wishes, { delivery })).appointments).toEqual(appointments);
  });

  it('queues it for the wish of the later order, wherever that stands in the event', async () => {
    const { accepted, appointments } = await accept(wishes.map((one, i) => ({ ...one, at: 2_000 - i })));
    expect(appointments).toMatchObject([{ ticket: 't1', account: 'first' }]);
    expect(await redis.client.hget(redis.names.change(accepted.changes[1] ?? ''), 'verdict')).toBe('superseded');
  });
});

describe('an event that no rule wanted', () => {
  it('is kept in a ring of its own, with its reasons, and is told like any other', async () => {
    const { client, names } = redis;
    const unmatched = { kind: 'unmatched', rule: 'never', reason: 'it was something else' } as const;
    const { eventId: id } = (await accept([unmatched], { keepMs: 60_000 })).accepted;
    await say('solved', 'live');
    expect([await client.xlen(names.unmatched), await client.xlen(names.ledger)]).toEqual([1, 2]);
    const ledger = makeLedger(client, names);
    expect(await ledger.event(id)).toMatchObject({ decisions: [{ reason: 'it was something else' }], changes: [] });
    expect((await ledger.page({ limit: 10, kind: 'unmatched' })).entries).toMatchObject([{ event: id }]);
    // A flood of them pushes out only itself, with its bodies.
    await openRetire(client, names.tag)(60_000, 100, 0, 500);
    expect(await client.exists(names.event(id), names.body(id))).toBe(0);
    expect([await client.xlen(names.unmatched), await client.xlen(names.ledger)]).toEqual([0, 2]);
  });
});

describe('a delivery whose bytes prove themselves for a while', () => {
  const named = (key: string, replay: string) => ({
    delivery: { key, windowMs: 60_000, replay: { key: replay, windowMs: 60_000 } },
  });
  const send = async (key: string, replay: string) =>
    (await accept([wish('t1', 'solved')], named(key, replay))).accepted;

  it('is the same one under another name, which stays free for a delivery of its own', async () => {
    const first = await send('a', 'bytes');
    expect(await send('b', 'bytes')).toMatchObject({ eventId: first.eventId, duplicate: true });
    expect(await send('b', 'other bytes')).toMatchObject({ duplicate: false });
  });

  it('sent again by its sender with a new time is the same one, and so are the new bytes under another name', async () => {
    const first = await send('a', 'bytes');
    expect(await send('a', 'later bytes')).toMatchObject({ eventId: first.eventId, duplicate: true });
    expect(await send('b', 'later bytes')).toMatchObject({ eventId: first.eventId, duplicate: true });
  });

  it('that broke between its two marks leaves none, and is taken when it comes again', async () => {
    const { client, names } = redis;
    const digest = createHash('sha256').update('bytes').digest('base64url').slice(0, 32);
    const replayMark = `${names.tag}:seen:test:${digest}`;
    await client.rpush(replayMark, 'what is no mark of ours');
    await expect(send('a', 'bytes')).rejects.toThrow(/WRONGTYPE/);
    expect(await client.type(replayMark), 'not ours to delete').toBe('list');
    await client.del(replayMark);
    const stored = await send('a', 'bytes');
    expect(stored).toMatchObject({ duplicate: false });
    expect(await makeLedger(client, names).event(stored.eventId)).toBeDefined();
  });

  it('is told with how often it came again, and when it did last', async () => {
    const { eventId } = await send('a', 'bytes');
    const ledger = makeLedger(redis.client, redis.names);
    expect(await ledger.event(eventId)).toMatchObject({ duplicates: 0 });
    for (const key of ['a', 'b']) await send(key, 'bytes');
    const lastDuplicateAt = expect.toSatisfy((at: string) => Math.abs(Date.parse(at) - Date.now()) < 10_000);
    expect(await ledger.event(eventId)).toMatchObject({ duplicates: 2, lastDuplicateAt });
  });
});
