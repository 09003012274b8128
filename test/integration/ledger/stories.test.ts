// What the ledger tells of events: each decision beside the change that came of it, and every stored event once.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRecords, type Records } from '../../../src/change/record.ts';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import { makeNewId } from '../../../src/id.ts';
import type { EventStory } from '../../../src/ledger/ledger.ts';
import { makeLedger } from '../../../src/ledger/redis-ledger.ts';
import { type StoredEvent, storedEvents } from '../../../src/ledger/stored-events.ts';
import type { Decision } from '../../../src/rule/rule.ts';
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
let count = 0;

async function accepted(decisions: readonly Decision[], keepMs = 60_000): Promise<string> {
  count += 1;
  const body = { number: count };
  const delivery = {
    event: { id: newId('ev'), source: 'github', type: 'said', receivedAt: 0, headers: { a: 'b' }, body },
    rawBody: Buffer.from(JSON.stringify(body)),
    keepMs,
    delivery: { key: `d-${count}`, windowMs: 60_000 },
    version: '0123456789ab',
    decisions,
  };
  const { accepted: stored } = await records.accept(delivery, { newId, deadlineMs: () => 60_000 });
  return stored.eventId;
}

async function storyOf(decisions: readonly Decision[]): Promise<EventStory> {
  const story = await makeLedger(redis.client, redis.names).event(await accepted(decisions));
  if (story === undefined) throw new Error('there is no story');
  return story;
}

describe('the story of an event', () => {
  const silent: Decision = { kind: 'unmatched', rule: 'silent', reason: 'it is not' };
  const shadowed: Decision = {
    kind: 'shadowed',
    rule: 'later',
    ticket: 't-1',
    status: 'closed',
    account: 'main',
    by: 'first',
    reason: 'first comes first',
  };

  it('has every decision in its order, beside those that wanted something the change and its verdict', async () => {
    const { decisions, changes, version } = await storyOf([
      silent,
      wish('t-1', 'solved', { rule: 'first' }),
      shadowed,
      wish('t-2', 'closed', { rule: 'tried', dryRun: true }),
    ]);
    const idOf = (rule: string) => changes.find((change) => change.rule === rule)?.id ?? 'none';
    expect(version).toBe('0123456789ab');
    expect(decisions).toMatchObject([
      { kind: 'unmatched', rule: 'silent' },
      { kind: 'matched', rule: 'first', change: idOf('first') },
      { kind: 'shadowed', rule: 'later', change: idOf('later'), verdict: 'shadowed' },
      { kind: 'matched', rule: 'tried', change: idOf('tried'), verdict: 'dry-run' },
    ]);
    expect(decisions[0]).not.toHaveProperty('change');
    expect(decisions[1]).not.toHaveProperty('verdict');
  });

  it('tells the change of a ticket that was named, and that there is none for a name that nobody remembered', async () => {
    const named = (key: string, rule: string) => wish(`link:${key}`, 'solved', { rule });
    const { decisions, changes } = await storyOf([
      { kind: 'links', rule: 'link', key: 'known', ticket: 't-3', dryRun: false, reason: 'it is' },
      named('unknown', 'lost'),
      named('known', 'found'),
    ]);
    expect(changes.map(({ rule, ticket }) => [rule, ticket])).toEqual([['found', 't-3']]);
    expect(decisions.map((decision) => decision.change)).toEqual([undefined, undefined, changes[0]?.id]);
  });
});

describe('the story of a change', () => {
  it('tells why and when, and without the reason once its entry has gone with its age', async () => {
    const { client, names } = redis;
    const ledger = makeLedger(client, names);
    const before = Date.now();
    const { changes } = await storyOf([wish('t-1', 'solved', { reason: 'it was said' })]);
    const [change] = changes;
    expect(change).toMatchObject({ cause: 'it was said', ticket: 't-1', attempts: [] });
    expect(Math.abs(Date.parse(change?.acceptedAt ?? '') - before)).toBeLessThan(1_000);
    const entry = await client.hget(names.change(change?.id ?? ''), 'entry');
    await client.xdel(names.ledger, entry ?? '');
    expect(await ledger.change(change?.id ?? '')).toEqual({ ...change, cause: '' });
  });
});

describe('the stored events', () => {
  async function all(sinceMs = 0): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    for await (const event of storedEvents(redis.client, redis.names, sinceMs, Date.now() + 1_000)) events.push(event);
    return events;
  }

  it('come each once, oldest first, over more than a page of the history', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 150; i += 1) ids.push(await accepted([wish(`t-${i}`, 'solved')]));
    const events = await all();
    expect(events.map(({ id }) => id)).toEqual(ids);
    expect(events[0]).toMatchObject({ source: 'github', type: 'said', headers: { a: 'b' }, version: '0123456789ab' });
    expect(events.every(({ rawBody, decisions }) => rawBody !== undefined && decisions.length === 1)).toBe(true);
    expect(await all(Date.now() + 500)).toEqual([]);
  });

  it('have no body where none is kept', async () => {
    await accepted([wish('t-1', 'solved')], 0);
    expect((await all()).map(({ rawBody }) => rawBody)).toEqual([undefined]);
  });
});
