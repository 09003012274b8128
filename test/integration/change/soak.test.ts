// The record's scripts against a model of them: whatever senders, workers, crashes, cuts and clocks do, in any order, what
// is stored is what the model says, and the invariants hold. Then the same steps with a guard taken out: they must notice.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Script } from '../../../src/change/record.ts';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import { makeNames } from '../../../src/redis/names.ts';
import { statuses } from '../../../src/ticket/ticket.ts';
import { makeWorld, type Visitor, type World } from '../../support/record-world.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let runs = 0;
beforeAll(async () => {
  redis = await openTestRedis();
});
afterAll(() => redis.close());

/** A world under a prefix of its own. */
function openWorld(): World {
  const names = freshNames();
  return makeWorld(redis.client, names, openRecordScripts(redis.client, names.tag), 'modelled');
}

function freshNames() {
  runs += 1;
  return makeNames(`${redis.names.tag.slice(1, -1)}.${runs}`);
}

type Command = fc.AsyncCommand<object, World>;

/** Chooses one by a number, so that shrinking stays meaningful; undefined when there is none. */
function pick<T>(from: readonly T[], index: number): T | undefined {
  return from[index % from.length];
}

function step(name: string, run: (world: World) => Promise<unknown> | undefined): Command {
  return { check: () => true, run: async (_, world) => void (await run(world)), toString: () => name };
}

const at = (world: World, index: number, act: (visitor: Visitor) => Promise<unknown>) => {
  const visitor = pick(
    world.visitors.filter(({ state }) => state === 'taken'),
    index,
  );
  return visitor === undefined ? Promise.resolve() : act(visitor);
};

const tickets = ['t1', 't2', 't3'] as const;
/** Most of what is hard happens when everybody is at one ticket. */
const ticket = fc.constantFrom(...tickets, 't1', 't1', 't1', 't2');
const index = fc.nat(20);
const wish = fc.record({
  ticket,
  status: fc.constantFrom(...statuses),
  dryRun: fc.constantFrom(false, false, false, false, true),
});
/** The event's own time: long ago, or ahead of every arrival; mostly there is none. */
const ownTime = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }).map((n) => Date.UTC(2026, 0, n)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((n) => Date.UTC(2096, 0, n)) },
);
/** Ends of a visit whose call was noted: what the vendor may have answered. */
const afterCall = fc.constantFrom('applied', 'failed', 'unknown', 'unreached', 'throttled');
/** Ends of a visit that has not called. */
const withoutCall = fc.constantFrom('unchanged', 'guarded', 'confirmed', 'unread', 'released');

/** Steps with their weights: most of a history is wishes, visits that call, and visits that end. */
const weighted: readonly (readonly [number, fc.Arbitrary<Command>])[] = [
  [
    3,
    fc
      .tuple(fc.nat(1_000_000), fc.array(wish, { minLength: 1, maxLength: 2 }), ownTime)
      .map(([key, wishes, time]) =>
        step(`say(${key}, ${JSON.stringify(wishes)}, ${time})`, (world) => world.say(`key-${key}`, wishes, time)),
      ),
  ],
  [
    1,
    index.map((i) =>
      step(`say again(${i})`, async (world) => {
        const key = pick([...world.events.keys()], i);
        if (key !== undefined) await world.say(key, [{ ticket: 't1', status: 'new' }], undefined);
      }),
    ),
  ],
  [1, ticket.map((id) => step(`arrive(${id})`, (world) => world.arrive(id)))],
  [
    4,
    fc.tuple(ticket, fc.boolean()).map(([id, isCalling]) =>
      step(`arrive when due(${id}, ${isCalling})`, async (world) => {
        await world.pass(id, true);
        const visitor = await world.arrive(id);
        if (isCalling && visitor.state === 'taken') await world.look(visitor, true);
      }),
    ),
  ],
  [
    1,
    fc
      .tuple(index, fc.boolean())
      .map(([i, isSending]) =>
        step(`look(${i}, ${isSending})`, (world) => at(world, i, (visitor) => world.look(visitor, isSending))),
      ),
  ],
  [
    3,
    fc
      .tuple(index, afterCall, withoutCall)
      .map(([i, after, without]) =>
        step(`finish(${i}, ${after} or ${without})`, (world) =>
          at(world, i, (visitor) => end(world, visitor, visitor.sentAt === undefined ? without : after)),
        ),
      ),
  ],
  [
    1,
    fc
      .tuple(index, fc.constantFrom('dead', 'frozen'))
      .map(([i, how]) =>
        step(`expire(${i}, ${how})`, (world) => at(world, i, (visitor) => world.expire(visitor, how === 'dead'))),
      ),
  ],
  [
    1,
    fc
      .tuple(ticket, fc.boolean())
      .map(([id, settles]) => step(`pass(${id}, ${settles})`, (world) => world.pass(id, settles))),
  ],
  [1, index.map((i) => step(`cancel(${i})`, (world) => world.takeBack(i)))],
  [1, index.map((i) => step(`resend(${i})`, async (world) => pick(world.visitors, i)?.again()))],
  [1, index.map((i) => step(`resend event(${i})`, async (world) => pick([...world.events.values()], i)?.again()))],
];
const commands = weighted.flatMap(([weight, arbitrary]) => Array.from({ length: weight }, () => arbitrary));

/** A visit ends as it would for that answer; `waits` as long as a backoff. */
function end(world: World, visitor: Visitor, how: string): Promise<void> {
  const waitMs = 600_000;
  const isOpen = visitor.record?.isOpen === true;
  switch (how) {
    case 'applied':
      return world.leave(visitor, { outcome: 'applied' }, true);
    case 'failed':
      return world.leave(visitor, { outcome: 'ended', verdict: 'failed' }, false);
    case 'unknown':
      return world.leave(visitor, { outcome: 'retry', isUnknown: true, waitMs }, true);
    case 'unreached':
    case 'unread':
      return world.leave(visitor, { outcome: 'retry', waitMs }, false);
    case 'throttled':
      return world.leave(visitor, { outcome: 'release', waitMs }, false);
    case 'confirmed':
      return world.leave(visitor, { outcome: 'applied' }, false);
    case 'released':
      return world.leave(visitor, { outcome: 'release' }, false);
    default:
      return world.leave(visitor, isOpen ? { outcome: 'ended', verdict: 'guarded' } : { outcome: 'ended' }, false);
  }
}

it('whatever happens, in any order, every wish is open or has one verdict, and no call is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(fc.noBias(fc.commands(commands, { maxCommands: 100, size: 'max' })), (steps) =>
      fc.asyncModelRun(() => ({ model: {}, real: openWorld() }), steps),
    ),
    // Shrinking is worth a while, but not the sentence that it ends in.
    { numRuns: 2500, interruptAfterTimeLimit: 500_000 },
  );
}, 900_000);

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
    cut: ["local seen = redis.call('GET', seenKey)", 'local seen = nil'],
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
  it('with its guard', () => history(openWorld()));

  it('and without it the invariants are found broken', async () => {
    const names = freshNames();
    const url = (file: string) => new URL(`../../../src/${file}`, import.meta.url);
    const files = ['ledger/ledger.lua', 'change/change.lua', `change/${script}.lua`];
    const text = files.map((file) => readFileSync(url(file), 'utf8')).join('\n');
    expect(text.split(guard)).toHaveLength(2);
    const mutant: Script = (...args) => redis.client.eval(text.replace(guard, instead), 1, names.tag, ...args);
    const scripts = { ...openRecordScripts(redis.client, names.tag), [script]: mutant };
    const world = makeWorld(redis.client, names, scripts, 'claimed');
    await expect(history(world)).rejects.toThrow(notices);
  });
});
