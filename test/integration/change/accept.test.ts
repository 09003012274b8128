// What the commit point answers about visits: who is woken, and under which number.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Class } from '../../../src/change/change.ts';
import { makeRecords, type Records } from '../../../src/change/record.ts';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import { makeNewId } from '../../../src/id.ts';
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

async function say(status: Status, kind: Class) {
  const id = newId('ev');
  const { appointments } = await records.accept(
    {
      event: { id, source: 'test', type: 'said', receivedAt: 0, headers: {}, body: {} },
      rawBody: Buffer.from('{}'),
      keepMs: 0,
      delivery: { key: id, windowMs: 60_000 },
      decisions: [wish('t1', status)],
      class: kind,
    },
    { newId, deadlineMs: () => 60_000 },
  );
  return appointments;
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
