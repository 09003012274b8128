// The guards of the record's scripts, each taken out in turn: the invariants that the model test relies on must notice.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Script } from '../../../src/redis/script.ts';
import { openWorld, type Visitor, type World } from '../../support/record-world.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await openTestRedis();
});
afterAll(() => redis.close());

type History = (world: World) => Promise<unknown>;

const wantSolved: History = (world) => world.say('a', [{ ticket: 't1', status: 'solved' }], undefined);
const wantClosed: History = (world) => world.say('b', [{ ticket: 't1', status: 'closed' }], undefined);

/** Takes t1 and notes the call. */
async function call(world: World): Promise<Visitor> {
  const visitor = await world.arrive('t1');
  await world.look(visitor, true);
  return visitor;
}

/** A call whose visit freezes for longer than its lease, until the next visit has found that out. */
async function callAndFreeze(world: World, isDead = false): Promise<Visitor> {
  const frozen = await call(world);
  await world.expire(frozen, isDead);
  await world.arrive('t1');
  await world.pass('t1', true);
  return frozen;
}

/** A guard, the text that makes it, what stands there without it, and a history in which it is needed. */
const guards: readonly {
  readonly name: string;
  readonly script: 'accept' | 'begin' | 'look' | 'finish' | 'cancel';
  readonly cut: readonly [guard: string, instead: string];
  readonly history: History;
  readonly notices: RegExp;
}[] = [
  {
    name: 'a repeated delivery is recognised',
    script: 'accept',
    cut: ['if seen then', 'if false then'],
    history: async (world) => {
      await wantSolved(world);
      await wantSolved(world);
    },
    notices: /ch_1.0 was superseded by a change of its ticket/,
  },
  {
    name: 'an older wish does not become the newest',
    script: 'accept',
    cut: ['if record.order and order < tonumber(record.order) then', 'if false then'],
    history: async (world) => {
      await wantSolved(world);
      await world.say('old', [{ ticket: 't1', status: 'new' }], Date.UTC(2026, 0, 1));
    },
    notices: /ch_1.0 was not superseded by a lower order/,
  },
  {
    name: 'a call is noted before it leaves',
    script: 'look',
    cut: ["redis.call('HSET', recordKey(ticket), 'flight', record.change,", "redis.call('HSET', recordKey(ticket),"],
    history: async (world) => {
      await wantSolved(world);
      const visitor = await call(world);
      await world.expire(visitor, true);
      await world.pass('t1', true);
      await call(world);
    },
    notices: /a vanished call of t1 became unknown/,
  },
  {
    name: 'a call that was noted and never left is not forgotten',
    script: 'look',
    cut: ['if record.flight then', 'if false then'],
    history: lateNote,
    notices: /is open, so its ticket knows of it/,
  },
  {
    name: 'a predecessor that vanished in its call leaves an unknown outcome',
    script: 'begin',
    cut: ["if record.flight and record.flight ~= '' then", 'if false then'],
    history: async (world) => {
      await wantSolved(world);
      await callAndFreeze(world, true);
      await call(world);
    },
    notices: /a vanished call of t1 became unknown/,
  },
  {
    name: 'a ticket has one holder',
    script: 'begin',
    cut: ['if holder and holder ~= token then', 'if false then'],
    history: async (world) => {
      await wantSolved(world);
      await call(world);
      await world.pass('t1', true);
      await world.arrive('t1');
    },
    notices: /t1 is held by one visit at most/,
  },
  {
    name: 'only the holder of the lease moves the record',
    script: 'finish',
    cut: ['if holder ~= token and (holder or record.owner ~= token) then', 'if false then'],
    history: async (world) => {
      await wantSolved(world);
      const frozen = await callAndFreeze(world);
      await call(world);
      await world.leave(frozen, { outcome: 'applied' }, true);
    },
    notices: /t1 is held by w\d+ until it ends/,
  },
  {
    name: 'a call that was made without the lease leaves an unknown outcome',
    script: 'finish',
    cut: ['local untilAt = markUnknown(ticket, record, sent, sentAt, settleMs)', 'local untilAt = now'],
    history: async (world) => {
      await wantSolved(world);
      const frozen = await callAndFreeze(world);
      const visitor = await call(world);
      await world.leave(visitor, { outcome: 'applied' }, true);
      await world.leave(frozen, { outcome: 'retry', isUnknown: true }, true);
    },
    notices: /what became of t1 is unknown until it has settled/,
  },
  {
    name: 'an outcome that became unknown during a visit outlives the visit',
    script: 'finish',
    cut: ["local isSettled = (record.unknownUntil or '') == unknownSeen and", 'local isSettled = true or'],
    history: freshDoubt,
    notices: /what became of t1 is unknown until it has settled/,
  },
  {
    name: 'an outcome is not settled by a visit that read of it too early',
    script: 'finish',
    cut: [' and tonumber(record.unknownUntil or 0) <= now', ''],
    history: async (world) => {
      await wantSolved(world);
      const frozen = await callAndFreeze(world);
      const visitor = await world.arrive('t1');
      await world.leave(frozen, { outcome: 'retry', isUnknown: true }, true);
      await world.look(visitor, false);
      await world.look(visitor, true);
      await world.leave(visitor, { outcome: 'applied' }, true);
    },
    notices: /what became of t1 is unknown until it has settled/,
  },
  {
    name: 'a call whose visit has vanished is not forgotten when a newer wish is taken back',
    script: 'cancel',
    cut: ['not record.flight and ', ''],
    history: async (world) => {
      await wantSolved(world);
      const visitor = await call(world);
      await wantClosed(world);
      await world.expire(visitor, true);
      await world.takeBack(1);
    },
    notices: /t1 has something left to do, so it is due for a visit/,
  },
  {
    name: 'a wish that is taken back between the last look and the call is not sent',
    script: 'cancel',
    cut: ["redis.call('HINCRBY', recordKey(ticket), 'version', 1)", ''],
    history: async (world) => {
      await wantSolved(world);
      const visitor = await world.arrive('t1');
      await world.takeBack(0);
      await world.look(visitor, true);
    },
    notices: /ch_1.0 was taken back, so no call leaves for it/,
  },
  {
    name: 'a verdict is given once',
    script: 'finish',
    cut: ['if not known[3] or known[1] then', 'if not known[3] then'],
    history: async (world) => {
      await wantSolved(world);
      const visitor = await world.arrive('t1');
      await wantClosed(world);
      await world.leave(visitor, { outcome: 'ended', verdict: 'guarded' }, false);
    },
    notices: /the ledger tells ch_1.0's verdict once/,
  },
];

async function lateNote(world: World): Promise<void> {
  await wantSolved(world);
  const visitor = await call(world);
  await wantClosed(world);
  await world.look(visitor, false);
  await world.look(visitor, true);
  await world.leave(visitor, { outcome: 'applied' }, true);
}

async function freshDoubt(world: World): Promise<void> {
  await wantSolved(world);
  const frozen = await callAndFreeze(world);
  const visitor = await world.arrive('t1');
  await world.leave(frozen, { outcome: 'retry', isUnknown: true }, true);
  await world.leave(visitor, { outcome: 'ended', verdict: 'guarded' }, false);
}

describe.each(guards.map((guard) => [guard.name, guard] as const))('%s', (_, { script, cut, history, notices }) => {
  const [guard, instead] = cut;
  it('with its guard', () => history(openWorld(redis)));

  it('and without it the invariants are found broken', async () => {
    const url = (file: string) => new URL(`../../../src/${file}`, import.meta.url);
    const files = ['ledger/ledger.lua', 'change/change.lua', `change/${script}.lua`];
    const text = files.map((file) => readFileSync(url(file), 'utf8')).join('\n');
    expect(text.split(guard)).toHaveLength(2);
    const without = (tag: string) => ({
      [script]: (...args: Parameters<Script>) => redis.client.eval(text.replace(guard, instead), 1, tag, ...args),
    });
    await expect(history(openWorld(redis, without))).rejects.toThrow(notices);
  });
});
