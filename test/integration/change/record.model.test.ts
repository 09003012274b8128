// The record's scripts against a model of them: whatever senders, workers, crashes, cuts and clocks do, in any order, what
// is stored is what the model says, and the invariants hold. That they can fail is shown by record.guards.test.ts.
import fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { statuses } from '../../../src/ticket/ticket.ts';
import { openWorld, type Visitor, type World } from '../../support/record-world.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await openTestRedis();
});
afterAll(() => redis.close());

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
      fc.asyncModelRun(() => ({ model: {}, real: openWorld(redis) }), steps),
    ),
    // Shrinking is worth a while, but not the sentence that it ends in.
    { numRuns: 120, interruptAfterTimeLimit: 40_000 },
  );
}, 60_000);
