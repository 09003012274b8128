// One visit against the real record, with a pace and a vendor that let things happen at the worst moment.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRecords, type Records } from '../../../src/change/record.ts';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import { makeVisit, type VisitParts } from '../../../src/change/visit.ts';
import type { Answer, Ticket } from '../../../src/ticket/answer.ts';
import { makeBasic } from '../../../src/ticket/credentials.ts';
import type { Turn } from '../../../src/ticket/pacer.ts';
import type { Status } from '../../../src/ticket/ticket.ts';
import { makeTestCore, testAccount, wish } from '../../support/core.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';
import { quiet } from '../../support/redis-places.ts';

let redis: TestRedis;
let core: ReturnType<typeof makeTestCore>;
beforeEach(async () => {
  redis = await openTestRedis();
  core = makeTestCore(redis.client, redis.names, []);
});
afterEach(async () => {
  await core.queue.close();
  await redis.close();
});

type Call = `${'GET' | 'PUT'} ${string}`;

/** What happens at each turn, in order; a turn that is not named just comes. */
interface Script {
  readonly atTurn?: readonly ((account: string) => unknown)[];
  /** Whether the nth turn's slot is still there when the call is about to leave. */
  readonly leaves?: readonly boolean[];
  readonly ticket?: () => Ticket;
  readonly put?: Answer<object>;
  readonly settings?: Parameters<typeof testAccount>[1];
  readonly records?: (real: Records) => Records;
}

function openVisit(script: Script = {}) {
  const { atTurn = [], leaves = [], ticket, settings, records = (real) => real } = script;
  const calls: Call[] = [];
  let turns = 0;
  const pacer: VisitParts['pacer'] = {
    async turn(account): Promise<Turn> {
      turns += 1;
      if (turns > 20) throw new Error('twenty turns and no end');
      const may = leaves[turns - 1] ?? true;
      await atTurn[turns - 1]?.(account);
      return { waitedMs: 0, share: 1, isProbe: false, leave: async () => may };
    },
    hold: async () => 1_000,
  };
  const desk = (name: string) => ({
    settings: testAccount('http://127.0.0.1:1', settings),
    credentials: makeBasic({ clientId: 'i', clientSecret: 's' }),
    spacebring: {
      async setStatus(_: string, status: Status): Promise<Answer<object>> {
        calls.push(`PUT ${name} ${status}`);
        return script.put ?? { kind: 'done', httpStatus: 200, value: {} };
      },
      async readTicket(): Promise<Answer<Ticket>> {
        calls.push(`GET ${name}`);
        if (ticket === undefined) return { kind: 'failed', why: 'the test has no ticket' };
        return { kind: 'done', httpStatus: 200, value: ticket() };
      },
    },
  });
  const visit = makeVisit(
    {
      records: records(makeRecords(openRecordScripts(redis.client, redis.names.tag))),
      pacer,
      gate: { tell: async () => undefined },
      stillHolds: () => ({ holds: true, reason: 'no rule on the clock' }),
      desks: new Map([
        ['main', desk('main')],
        ['other', desk('other')],
      ]),
      log: quiet,
      newToken: randomUUID,
      now: Date.now,
      monotonic: () => performance.now(),
      random: Math.random,
    },
    'main',
  );
  return { calls, turns: () => turns, visit: (signal = new AbortController().signal) => visit('t1', signal) };
}

const verdictOf = async (change: string | undefined) =>
  redis.client.hmget(redis.names.change(change ?? ''), 'verdict', 'by');
const cancel = (change = '') => openRecordScripts(redis.client, redis.names.tag).cancel(change);

/** Time passes: what was unknown has settled, and the ticket is due. */
async function settle(): Promise<void> {
  await redis.client.hset(redis.names.ticket('t1'), 'unknownUntil', 1_000);
  await redis.client.zadd(redis.names.dirty, 'XX', 1_000, 't1');
}
const read = (status: Status, statusActivities: Ticket['statusActivities'] = []): Ticket => ({
  id: 't1',
  status,
  statusActivities,
  fields: {},
  clockOffsetMs: 0,
});

describe('while a visit waits for its turn', () => {
  it('a newer wish through another account is made through that account', async () => {
    await core.say([wish('t1', 'solved')]);
    const { calls, visit } = openVisit({ atTurn: [() => core.say([wish('t1', 'closed', { account: 'other' })])] });
    await visit();
    expect(calls).toEqual(['PUT other closed']);
    expect(await redis.client.zscore(redis.names.dirty, 't1')).toBeNull();
  });

  it('a newer wish is not judged by what the ticket was before it', async () => {
    await core.say([wish('t1', 'inProgress')]);
    await openVisit({ put: { kind: 'unknown', why: 'the line was cut' } }).visit();
    await settle();
    let status: Status = 'solved';
    const { calls, visit } = openVisit({
      ticket: () => read(status),
      // The visit has read that the ticket is solved, and waits to call again. Then a person sets it to new, and
      // somebody wishes it solved: what was read does not say that it is.
      atTurn: [
        () => {},
        async () => {
          status = 'new';
          await core.say([wish('t1', 'solved')]);
        },
      ],
    });
    await visit();
    expect(calls).toEqual(['GET main', 'GET main', 'PUT main solved']);
  });
});

it('an answer of Redis that came late does not move a person’s decision to before our call', async () => {
  await core.say([wish('t1', 'solved')]);
  await openVisit({ put: { kind: 'unknown', why: 'the line was cut' } }).visit();
  await settle();
  const person = { id: 'a1', type: 'statusUpdated', status: 'new', date: new Date(Date.now() + 3_000).toISOString() };
  const { calls, visit } = openVisit({
    ticket: () => read('new', [person as Ticket['statusActivities'][number]]),
    // Redis took the ticket for us, and its answer was on its way for a minute.
    records: (real) => ({
      ...real,
      async begin(...args) {
        const begun = await real.begin(...args);
        return begun.kind === 'taken' ? { ...begun, redisNow: begun.redisNow - 60_000 } : begun;
      },
    }),
  });
  await visit();
  expect(calls).toEqual(['GET main']);
});

describe('a call whose slot has passed', () => {
  it('does not leave, and another turn is taken for it', async () => {
    const { changes } = await core.say([wish('t1', 'solved')]);
    const { calls, turns, visit } = openVisit({ leaves: [false, false] });
    await visit();
    expect(turns()).toBe(3);
    expect(calls).toEqual(['PUT main solved']);
    expect(await verdictOf(changes[0])).toEqual(['applied', null]);
  });

  it('and that a newer wish overtakes then, ends superseded', async () => {
    const first = await core.say([wish('t1', 'solved')]);
    let second: typeof first | undefined;
    const { calls, visit } = openVisit({
      leaves: [false],
      atTurn: [
        () => {},
        async () => {
          second = await core.say([wish('t1', 'closed')]);
        },
      ],
    });
    await visit();
    expect(calls).toEqual(['PUT main closed']);
    expect(await verdictOf(first.changes[0])).toEqual(['superseded', second?.changes[0]]);
    expect(await verdictOf(second?.changes[0])).toEqual(['applied', null]);
  });

  it('is a rule for reading too', async () => {
    await core.say([wish('t1', 'solved')]);
    await openVisit().visit();
    await core.say([wish('t1', 'solved')]);
    const { calls, turns, visit } = openVisit({ leaves: [false], ticket: () => read('solved') });
    await visit();
    expect(turns()).toBe(2);
    expect(calls).toEqual(['GET main']);
  });
});

describe('a wish that an operator takes back', () => {
  it('between the last look and the call is not sent', async () => {
    const { changes } = await core.say([wish('t1', 'solved')]);
    let looks = 0;
    const { calls, visit } = openVisit({
      records: (real) => ({
        ...real,
        async look(...args) {
          const looked = await real.look(...args);
          looks += 1;
          if (looks === 1) expect(await cancel(changes[0])).toEqual(['cancelled']);
          return looked;
        },
      }),
    });
    await visit();
    expect(calls).toEqual([]);
    expect(await verdictOf(changes[0])).toEqual(['cancelled', null]);
    expect(await redis.client.zscore(redis.names.dirty, 't1')).toBeNull();
  });

  it('and that may have been applied is not called cancelled', async () => {
    const { changes } = await core.say([wish('t1', 'solved')]);
    await openVisit({ put: { kind: 'unknown', why: 'the line was cut' } }).visit();
    expect(await cancel(changes[0])).toEqual(['under-way']);
    await settle();
    await openVisit({ ticket: () => read('solved') }).visit();
    expect(await verdictOf(changes[0])).toEqual(['unchanged', null]);
  });

  it('while what became of an older one is unknown, is not sent to mend that', async () => {
    await core.say([wish('t1', 'inProgress')]);
    await openVisit({ put: { kind: 'unknown', why: 'the line was cut' } }).visit();
    const { changes } = await core.say([wish('t1', 'solved')]);
    expect(await cancel(changes[0])).toEqual(['cancelled']);
    await settle();
    const { calls, visit } = openVisit({ ticket: () => read('new') });
    await visit();
    expect(calls).toEqual(['GET main']);
    expect(await redis.client.zscore(redis.names.dirty, 't1')).toBeNull();
  });
});

it('a wish that the vendor has refused is not sent to mend what an older call did', async () => {
  await core.say([wish('t1', 'inProgress')]);
  const records = makeRecords(openRecordScripts(redis.client, redis.names.tag));
  const frozen = await records.begin('t1', 'frozen', 60_000, 60_000);
  if (frozen.kind !== 'taken') throw new Error(frozen.kind);
  await redis.client.del(redis.names.lease('t1'));
  await core.say([wish('t1', 'solved')]);
  await openVisit({ put: { kind: 'refused', httpStatus: 422, why: 'no' } }).visit();
  const sent = { status: 'inProgress', at: Date.now() } as const;
  await records.finish('t1', 'frozen', frozen.record, { outcome: 'applied', sent, settleMs: 60_000, attempts: [] });
  await settle();
  const { calls, visit } = openVisit({ ticket: () => read('inProgress') });
  await visit();
  expect(calls).toEqual(['GET main']);
  expect(await redis.client.zscore(redis.names.dirty, 't1')).toBeNull();
});

it('a visit that is told to stop gives its ticket back, due at once', async () => {
  await core.say([wish('t1', 'solved')]);
  const stopping = new AbortController();
  const { calls, visit } = openVisit({
    atTurn: [
      () => {
        stopping.abort();
        throw stopping.signal.reason;
      },
    ],
  });
  expect(await visit(stopping.signal)).toMatchObject([{ ticket: 't1', delayMs: 0 }]);
  expect(calls).toEqual([]);
  expect(await redis.client.exists(redis.names.lease('t1'))).toBe(0);
});

it('what was seen before a wish came is not taken for a decision against it, however short ago it was', async () => {
  const theirs = { id: 'act-1', type: 'statusUpdated', status: 'solved', date: new Date().toISOString() } as const;
  const ticket = () => read('solved', [theirs]);
  const first = await core.say([wish('t1', 'inProgress', { from: ['new'] })]);
  await openVisit({ ticket }).visit();
  expect(await verdictOf(first.changes[0])).toMatchObject(['guarded', null]);
  const second = await core.say([wish('t1', 'closed')]);
  await openVisit({ put: { kind: 'unknown', why: 'it broke' } }).visit();
  await settle();
  const { calls, visit } = openVisit({ ticket });
  await visit();
  expect(calls).toEqual(['GET main', 'PUT main closed']);
  expect(await verdictOf(second.changes[0])).toMatchObject(['applied', null]);
});
