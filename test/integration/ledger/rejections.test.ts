// Deliveries that were turned away, on a real Redis: each counted once, whatever becomes of the replies; few kept of each
// source, none for long.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Rejection } from '../../../src/ledger/rejection.ts';
import { dayOf, type Gathered, openRejections, type Rejections } from '../../../src/ledger/rejections.ts';
import { makeTurnedAway, type TurnedAway } from '../../../src/receiver/turned-away.ts';
import type { Batch } from '../../../src/redis/batches.ts';
import { openClient, openTestRedis, spawnRedis, type TestRedis } from '../../support/redis.ts';
import { rejection } from '../../support/rejection.ts';
import { until } from '../../support/until.ts';

const DAY = 24 * 60 * 60 * 1000;
const all = { limit: 500 };

let redis: TestRedis;
let store: Rejections;
beforeEach(async () => {
  redis = await openTestRedis();
  store = openRejections(redis.client, redis.names);
});
afterEach(() => redis.close());

let writers = 0;
function gatherer(over: Partial<Pick<Rejections, 'keep' | 'ping'>> = {}): TurnedAway {
  writers += 1;
  const defect = (error: unknown) => {
    throw error;
  };
  return makeTurnedAway({ store: { ...store, ...over }, writer: `wr_${writers}`, onDefect: defect });
}

async function kept(...rejections: Rejection[]): Promise<void> {
  const turnedAway = gatherer();
  for (const one of rejections) turnedAway.note(one);
  await turnedAway.flush();
}

const totals = async (nowMs = Date.now()) => {
  const { counts } = await store.read(all, nowMs);
  return Object.entries(counts).flatMap(([source, reasons]) =>
    Object.entries(reasons).map(([reason, { total }]) => [`${source} ${reason}`, total] as const),
  );
};

describe('what was turned away', () => {
  it('is told newest first, by all processes together, with everything that was noted', async () => {
    const at = Date.now();
    const full = rejection({
      at: at - 5,
      source: '(unknown)',
      asked: 'gihub',
      reason: 'unknown-source',
      status: 404,
      from: '192.0.2.7',
      bodyBytes: 12,
      announcedBytes: 20,
      bodyDigest: '0123456789abcdef',
      type: 'text/plain',
    });
    await kept(rejection({ at: at - 9, requestId: 'a' }), rejection({ at: at - 1, requestId: 'b' }));
    await kept(full);
    const { rejections } = await store.read(all, at);
    expect(rejections.map(({ requestId }) => requestId)).toEqual(['b', full.requestId, 'a']);
    expect(rejections[1]).toEqual({ ...full, at: new Date(full.at).toISOString() });
  });

  it('is counted by source and reason: ever, today, and in seven days', async () => {
    const noon = Date.UTC(2026, 10, 23, 12);
    const agos = [0, 0, 1, 6, 7, 30];
    await kept(...agos.map((ago) => rejection({ at: noon - ago * DAY })), rejection({ at: noon, reason: 'stale' }));
    const { counts } = await store.read(all, noon);
    expect(counts).toEqual({
      github: { unproven: { total: 6, today: 2, week: 4 }, stale: { total: 1, today: 1, week: 1 } },
    });
  });

  it('is told only as far as it is asked for', async () => {
    const some = [rejection(), rejection({ reason: 'stale' }), rejection({ source: 'alerts' })];
    await kept(...some);
    const ask = async (query: object) => {
      const { rejections, counts } = await store.read({ ...all, ...query }, Date.now());
      return [rejections.length, Object.keys(counts).flatMap((name) => Object.keys(counts[name] ?? {}).length)];
    };
    expect(await ask({})).toEqual([3, [2, 1]]);
    expect(await ask({ source: 'github' })).toEqual([2, [2]]);
    expect(await ask({ source: 'github', reason: 'stale' })).toEqual([1, [1]]);
    expect(await ask({ source: 'nobody' })).toEqual([0, []]);
    expect(await ask({ limit: 2 })).toEqual([2, [2, 1]]);
  });

  it('is kept to the last hundred of each source, and counted beyond them', async () => {
    const start = Date.now();
    for (let round = 0; round < 3; round += 1) {
      await kept(...Array.from({ length: 80 }, (_, i) => rejection({ at: start + round * 80 + i })));
    }
    await kept(rejection({ at: start - 1000, source: 'quiet' }));
    const { rejections, counts } = await store.read(all, start + 1000);
    expect(rejections.map(({ at }) => Date.parse(at) - start)).toEqual([
      ...Array.from({ length: 100 }, (_, i) => 239 - i),
      -1000,
    ]);
    expect(counts.github?.unproven?.total).toBe(240);
  });

  it('goes after seven days, and its days a day later; the total stays', async () => {
    const now = Date.now();
    await kept(rejection({ at: now - 7 * DAY - 1000, requestId: 'old' }), rejection({ at: now, requestId: 'new' }));
    expect((await store.read(all, now)).rejections.map(({ requestId }) => requestId)).toEqual(['new']);
    expect(await redis.client.zcard(redis.names.rejectedLast('github'))).toBe(1);
    const { client, names } = redis;
    const left = (key: string) => client.pttl(key);
    expect(await left(names.rejectedLast('github'))).toBeGreaterThan(6.9 * DAY);
    expect(await left(names.rejectedLast('github'))).toBeLessThanOrEqual(7 * DAY);
    expect(await left(names.rejectedOn(dayOf(now)))).toBeGreaterThan(7.9 * DAY);
    expect(await left(names.rejectedOn(dayOf(now)))).toBeLessThanOrEqual(8 * DAY);
    expect(await left(names.batch(`wr_${writers}`))).toBeGreaterThan(7.9 * DAY);
    expect(await left(names.rejected)).toBe(-1);
  });

  it('stands under the one hash tag, with nothing but its own keys', async () => {
    const at = Date.now();
    await kept(rejection({ at }));
    const keys = await redis.client.keys(`${redis.names.tag}*`);
    const { names } = redis;
    expect(keys.toSorted()).toEqual(
      [
        names.rejected,
        names.rejectedOn(dayOf(at)),
        names.rejectedLast('github'),
        names.batch(`wr_${writers}`),
      ].toSorted(),
    );
  });
});

describe('a batch', () => {
  /** What may become of a sending: it works; it never arrives; its reply is lost; it also arrives once more, later. */
  const fate = fc.constantFrom('works', 'works', 'unsent', 'unheard', 'late');
  const turn = fc.record({ noted: fc.array(fc.constantFrom('github', 'alerts', '(unknown)'), { maxLength: 4 }), fate });

  it('counts exactly once, whatever becomes of the replies', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(turn, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
        async (processes) => {
          await redis.client.unlink(
            redis.names.rejected,
            ...['github', 'alerts', '(unknown)'].map(redis.names.rejectedLast),
          );
          const lost = new Error('Connection is closed.');
          const expected = new Map<string, number>();
          const stragglers: Batch<Gathered>[] = [];

          for (const turns of processes) {
            let fateNow = 'works';
            const turnedAway = gatherer({
              async keep(batch) {
                if (fateNow === 'unsent') throw lost;
                await store.keep(batch);
                if (fateNow === 'late') stragglers.push(batch);
                if (fateNow !== 'works') throw lost;
              },
            });
            for (const { noted, fate } of turns) {
              for (const source of noted) {
                turnedAway.note(rejection({ source }));
                expected.set(`${source} unproven`, (expected.get(`${source} unproven`) ?? 0) + 1);
              }
              fateNow = fate;
              await turnedAway.flush();
            }
            fateNow = 'works';
            await turnedAway.close();
          }
          for (const batch of [...stragglers, ...stragglers.toReversed()]) await store.keep(batch);

          expect(new Map(await totals())).toEqual(expected);
          const { rejections } = await store.read(all, Date.now());
          expect(rejections).toHaveLength([...expected.values()].reduce((sum, number) => sum + number, 0));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that a frozen Redis executes after its sender gave up, and gets again, counts once', async () => {
    const own = await spawnRedis();
    const client = await openClient(own.url);
    try {
      const cut = openRejections(client, redis.names);
      const turnedAway = makeTurnedAway({ store: cut, writer: 'wr_cut', onDefect: () => {} });
      const total = async () => (await cut.read(all, Date.now())).counts.github?.unproven?.total;
      turnedAway.note(rejection());
      await turnedAway.flush(); // from here on Redis knows the script
      turnedAway.note(rejection());
      own.stop();
      await turnedAway.flush(); // times out here, and is executed there as soon as Redis goes on
      own.cont();
      turnedAway.note(rejection());
      await until('all are counted', 10_000, async () => {
        await turnedAway.flush();
        return (await total()) === 3;
      });
      await turnedAway.close();
      expect(await total()).toBe(3);
    } finally {
      client.disconnect();
      await own.close();
    }
  });
});

it('what is turned away while Redis is away is there when it is back', async () => {
  const own = await spawnRedis();
  const client = await openClient(own.url);
  try {
    const away = openRejections(client, redis.names);
    const turnedAway = makeTurnedAway({ store: away, writer: 'wr_away', onDefect: () => {} });
    await own.kill();
    for (let i = 0; i < 3; i += 1) {
      turnedAway.note(rejection({ reason: 'unavailable', status: 503, why: 'Redis is away' }));
      await turnedAway.flush();
    }
    await own.restart();
    await until('they are there', 15_000, async () => {
      await turnedAway.flush();
      const { counts } = await away.read(all, Date.now()).catch(() => ({ counts: {} as Record<string, never> }));
      return counts.github !== undefined;
    });
    await turnedAway.close();
    const { rejections, counts } = await away.read(all, Date.now());
    expect([rejections.length, counts.github?.unavailable?.total]).toEqual([3, 3]);
  } finally {
    client.disconnect();
    await own.close();
  }
});
