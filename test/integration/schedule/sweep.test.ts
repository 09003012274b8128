// What the sweep brings back, with a real Redis and real queues. Nobody works here: jobs are counted, not run.
import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Appointment } from '../../../src/change/change.ts';
import { queueName } from '../../../src/change/job.ts';
import { openQueue, type VisitQueue } from '../../../src/change/queue.ts';
import { makeRecords, type Records } from '../../../src/change/record.ts';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import { makeNewId } from '../../../src/id.ts';
import { openRetire } from '../../../src/ledger/retire.ts';
import { makeSweep, type SweepParts } from '../../../src/schedule/sweep.ts';
import { wish } from '../../support/core.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let queue: VisitQueue;
let jobs: Queue;
let records: Records;
beforeEach(async () => {
  redis = await openTestRedis();
  const connection = redis.client;
  const prefix = redis.names.tag;
  queue = openQueue({ accounts: ['main'], connection, prefix, onError: () => {} });
  jobs = new Queue(queueName('main'), { connection, prefix });
  records = makeRecords(openRecordScripts(redis.client, redis.names.tag));
});
afterEach(async () => {
  await Promise.all([queue.close(), jobs.close()]);
  await redis.close();
});

function openSweep(parts: Partial<SweepParts> = {}) {
  const { client, names } = redis;
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  return {
    ...makeSweep({
      client,
      names,
      queue,
      ripen: records.ripen,
      retire: openRetire(client, names.tag),
      random: () => 0.5,
      onError,
      ...parts,
    }),
    errors,
  };
}

/** Commits one event and queues nothing: as if the process had died in between. */
async function acceptOnly(tickets: readonly string[], account = 'main'): Promise<Appointment[]> {
  const newId = makeNewId(Date.now, randomBytes);
  const id = newId('ev');
  const { appointments } = await records.accept(
    {
      event: { id, source: 'test', type: 'said', receivedAt: 0, headers: {}, body: {} },
      rawBody: Buffer.from('{}'),
      keepMs: 0,
      delivery: { key: id, windowMs: 60_000 },
      decisions: tickets.map((ticket) => wish(ticket, 'solved', { account })),
    },
    { newId, deadlineMs: () => 60_000 },
  );
  return appointments;
}

const ticketsOf = async () => (await jobs.getJobs()).map((job) => job.data.ticket).sort();
const many = (count: number) => Array.from({ length: count }, (_, i) => `t${String(i).padStart(4, '0')}`);

describe('a ticket that is due', () => {
  it('gets a visit when its wake-up was lost', async () => {
    await acceptOnly(['t1', 't2']);
    expect(await openSweep().round()).toBe(2);
    expect(await ticketsOf()).toEqual(['t1', 't2']);
  });

  it('gets no second one when its appointment is queued already', async () => {
    for (const appointment of await acceptOnly(['t1'])) await queue.add(appointment);
    const sweep = openSweep();
    expect([await sweep.round(), await sweep.round()]).toEqual([1, 1]);
    expect(await ticketsOf()).toEqual(['t1']);
  });

  it('gets one when the job of its appointment sleeps on by a wrong clock, and only one', async () => {
    for (const appointment of await acceptOnly(['t1'])) await queue.add({ ...appointment, delayMs: 3_600_000 });
    const sweep = openSweep();
    await sweep.round();
    expect(await jobs.getWaitingCount()).toBe(0);
    await redis.client.zincrby(redis.names.dirty, -60_000, 't1');
    await sweep.round();
    await sweep.round();
    expect([await jobs.getWaitingCount(), await jobs.getDelayedCount()]).toEqual([1, 1]);
  });

  it('keeps its class: what a clock wished stays behind what an event wished', async () => {
    await acceptOnly(['t1']);
    await redis.client.hset(redis.names.ticket('t1'), 'class', 'clock');
    await openSweep().round();
    expect((await jobs.getJobs())[0]?.opts.priority).toBe(10);
  });
});

it('a ticket that is held by a visit, or due later, is left alone', async () => {
  await acceptOnly(['t1', 't2']);
  await records.begin('t1', 'w1', 60_000, 60_000);
  await redis.client.zincrby(redis.names.dirty, 60_000, 't2');
  expect(await openSweep().round()).toBe(0);
  expect(await ticketsOf()).toEqual([]);
});

it('a long backlog is walked in steps, to its end and again from the start', async () => {
  await acceptOnly(many(450));
  for (const [i, ticket] of many(450).entries()) await redis.client.zadd(redis.names.dirty, 'XX', i + 1, ticket);
  const seen: string[] = [];
  const sweep = openSweep({ queue: { add: async ({ ticket }) => void seen.push(ticket) } });
  const rounds: number[] = [];
  for (let i = 0; i < 4; i++) rounds.push(await sweep.round());
  expect(rounds).toEqual([200, 200, 50, 200]);
  expect(new Set(seen.slice(0, 450))).toEqual(new Set(many(450)));
});

it('tickets that are due at the same moment are looked at in one step', async () => {
  await acceptOnly(many(450));
  const sweep = openSweep({ queue: { add: async () => {} } });
  expect([await sweep.round(), await sweep.round()]).toEqual([450, 0]);
});

it('an account without a queue does no harm to the others', async () => {
  await acceptOnly(['t1'], 'gone');
  await acceptOnly(['t2']);
  const sweep = openSweep();
  expect(await sweep.round()).toBe(2);
  expect(await ticketsOf()).toEqual(['t2']);
  expect(sweep.errors).toEqual([]);
});

it('a ticket that cannot be queued does no harm to the others, and the ledger is trimmed all the same', async () => {
  await fillLedger();
  await acceptOnly(['t1', 't2', 't3']);
  const queued: string[] = [];
  const sweep = openSweep({
    queue: {
      async add({ ticket }) {
        if (ticket === 't1') throw new Error('no job for t1');
        queued.push(ticket);
      },
    },
  });
  await sweep.round();
  expect(queued.sort()).toEqual(['t2', 't3']);
  expect(sweep.errors).toEqual([new Error('no job for t1')]);
  expect(await redis.client.xlen(redis.names.ledger)).toBeLessThan(1_100);
});

describe('the ledger', () => {
  it('is trimmed by age, a piece a round, and what is younger than thirty days stays', async () => {
    await fillLedger();
    await acceptOnly(['t1']);
    const before = await redis.client.xlen(redis.names.ledger);
    const sweep = openSweep();
    await sweep.round();
    const after = await redis.client.xlen(redis.names.ledger);
    expect(before - after).toBe(500);
    for (let i = 0; i < 3; i++) await sweep.round();
    expect(await redis.client.xlen(redis.names.ledger)).toBe(2);
  });

  it('takes with it what its entries are about, beyond its size too, and never an open change', async () => {
    const { client, names } = redis;
    await acceptOnly(['t1']);
    const [open = ''] = await client.zrange(names.open, 0, -1);
    await acceptOnly(['t2']);
    const [ended = ''] = await client.lrange(names.changesOf('t2'), 0, -1);
    await openRecordScripts(client, names.tag).cancel(ended);
    const event = (await client.hget(names.change(ended), 'event')) ?? '';
    const retire = openRetire(client, names.tag);
    expect(await retire(60_000, 100, 0, 500)).toBe(0);
    expect(await retire(60_000, 0, 0, 500)).toBe(5);
    expect(await client.exists(names.event(event), names.body(event), names.change(ended))).toBe(0);
    expect(await client.exists(names.change(open))).toBe(1);
  });
});

it('the list of what has failed is trimmed by age too', async () => {
  await redis.client.zadd(redis.names.failed, Date.now() - 31 * 24 * 3_600_000, 'old', Date.now(), 'new');
  await openSweep().round();
  expect(await redis.client.zrange(redis.names.failed, 0, -1)).toEqual(['new']);
});

/** Fifteen hundred entries of forty days ago. */
async function fillLedger(): Promise<void> {
  const at = Date.now() - 40 * 24 * 3_600_000;
  await Promise.all(
    Array.from({ length: 1_500 }, (_, i) => redis.client.xadd(redis.names.ledger, `${at}-${i + 1}`, 'kind', 'event')),
  );
}
