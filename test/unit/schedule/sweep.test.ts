// How the sweep walks through a backlog, with a sorted set of the test's own that changes between its rounds. What it does
// with a real Redis and real queues is in test/integration/schedule/sweep.test.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeNames } from '../../../src/redis/names.ts';
import { makeSweep, type SweepClient } from '../../../src/schedule/sweep.ts';

const NOW_S = 1_000;
/** Tickets of a full round, at the least. */
const FULL = 200;

/** Redis as far as the sweep asks it: due times by ticket, in the order of Redis (time, then name). */
function makeBacklog(dueAt: Map<string, number>): SweepClient {
  return {
    time: async () => [String(NOW_S), '0'],
    zremrangebyscore: async () => 0,
    hmget: async () => ['main', '1', 'live'],
    async zrangebyscore(_key, min, max, _scores, _limit, offset, count) {
      const isIn = (at: number) =>
        (min.startsWith('(') ? at > Number(min.slice(1)) : min === '-inf' || at >= Number(min)) && at <= Number(max);
      const sorted = [...dueAt].filter(([, at]) => isIn(at)).sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
      return sorted.slice(offset, count < 0 ? undefined : offset + count).flatMap(([ticket, at]) => [ticket, `${at}`]);
    },
  };
}

/** Between two rounds: this share of what is there is worked off (which, by chance), and so many come, due from then on. */
const change = fc.record({
  workedOff: fc.integer({ min: 0, max: 60 }),
  seed: fc.nat(),
  come: fc.nat(40),
  dueAt: fc.nat(60),
});

it('looks at every ticket that stays due in each walk, whatever is worked off or comes meanwhile', async () => {
  const stories = fc.record({
    // Few moments: many tickets are due at the same one, up to more than a round takes.
    moments: fc.integer({ min: 1, max: 60 }),
    tickets: fc.integer({ min: 1, max: 900 }),
    changes: fc.array(change, { minLength: 20, maxLength: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(stories, async ({ moments, tickets, changes }) => {
      const dueAt = new Map(Array.from({ length: tickets }, (_, i) => [`t${i}`, (i * 7) % moments]));
      const looked = new Set<string>();
      const sweep = makeSweep({
        client: makeBacklog(dueAt),
        names: makeNames('test'),
        queue: { add: async ({ ticket }) => void looked.add(ticket) },
        ripen: async () => [],
        retire: async () => 0,
        random: () => 0.5,
        onError: (error) => expect.unreachable(String(error)),
      });
      const staying = new Set([...dueAt.keys()].filter((_, i) => i % 3 === 0));
      let born = 0;
      // One walk, and no more: it ends with the first round that is not full.
      for (const { workedOff, seed, come, dueAt: at } of changes) {
        if ((await sweep.round()) < FULL) break;
        for (const [i, ticket] of [...dueAt.keys()].entries())
          if (!staying.has(ticket) && (i * 31 + seed) % 100 < workedOff) dueAt.delete(ticket);
        for (let i = 0; i < come; i += 1) dueAt.set(`n${born++}`, at);
      }
      expect([...staying].filter((ticket) => !looked.has(ticket))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

it('begins again when it has come to the end', async () => {
  const dueAt = new Map([['a', 1]]);
  const looked: string[] = [];
  const sweep = makeSweep({
    client: makeBacklog(dueAt),
    names: makeNames('test'),
    queue: { add: async ({ ticket }) => void looked.push(ticket) },
    ripen: async () => [],
    retire: async () => 0,
    random: () => 0.5,
    onError: (error) => expect.unreachable(String(error)),
  });
  for (let i = 0; i < 3; i += 1) await sweep.round();
  expect(looked).toEqual(['a', 'a', 'a']);
});
