// Figures on their way to Redis: whatever fails on it, the sums are what was counted.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTally } from '../../../src/metrics/open-tally.ts';
import type { RedisClient } from '../../../src/redis/connection.ts';
import { makeNames } from '../../../src/redis/names.ts';
import { openClient, openTestRedis, spawnRedis, type TestRedis } from '../../support/redis.ts';
import { quiet } from '../../support/redis-places.ts';
import { until } from '../../support/until.ts';

let redis: TestRedis;
beforeEach(async () => {
  redis = await openTestRedis();
});
afterEach(() => redis.close());

const open = (client: RedisClient, names = redis.names) =>
  openTally({ client, names, writer: randomUUID(), log: quiet });

/** What becomes of a script on its way: it is done, it does not arrive, or its reply does not. */
type Fate = 'done' | 'lost' | 'reply-lost';

/** The client with a line on which scripts meet their fates in turn; then it is a good one. */
function faulty(client: RedisClient, fates: Fate[]): RedisClient {
  const away = () => new Error('Command timed out');
  const withFate =
    (send: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      const fate = fates.shift() ?? 'done';
      if (fate === 'lost') throw away();
      const reply = await send.apply(client, args);
      if (fate === 'reply-lost') throw away();
      return reply;
    };
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return name === 'evalsha' ? withFate(value as never) : value.bind(target);
    },
  });
}

describe('the sums in Redis', () => {
  it('are what all tallies have counted, whatever was lost on the way', async () => {
    const writer = fc.array(
      fc.oneof(
        fc.record({ by: fc.integer({ min: 1, max: 50 }), source: fc.constantFrom('a', 'b') }),
        fc.constant('flush' as const),
      ),
      { maxLength: 30 },
    );
    const fates = fc.array(fc.constantFrom<Fate>('done', 'lost', 'reply-lost'), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(writer, fates), { minLength: 1, maxLength: 3 }), async (writers) => {
        const names = makeNames(`test-${randomUUID()}`);
        const counted: Record<string, string> = {};
        await Promise.all(
          writers.map(async ([steps, fate]) => {
            const tally = open(faulty(redis.client, [...fate]), names);
            for (const step of steps) {
              // To close it is to flush it; that it goes on afterwards is what the test makes use of.
              if (step === 'flush') await tally.close();
              else {
                tally.count('oldSecrets', { source: step.source }, step.by);
                const field = `oldSecrets|${step.source}`;
                counted[field] = String(Number(counted[field] ?? 0) + step.by);
              }
            }
            for (let i = 0; i <= fate.length; i += 1) await tally.close();
          }),
        );
        expect(await redis.client.hgetall(names.metrics)).toEqual(counted);
      }),
      { numRuns: 60 },
    );
  });

  it('get what was counted by and by, without being asked', async () => {
    const tally = open(redis.client);
    tally.count('oldSecrets', { source: 'a' });
    const sum = () => redis.client.hget(redis.names.metrics, 'oldSecrets|a');
    await until('the first is there', 10_000, async () => (await sum()) === '1');
    tally.count('oldSecrets', { source: 'a' }, 2);
    await until('so are the others', 10_000, async () => (await sum()) === '3');
    await tally.close();
  });

  it('are written by nobody who has counted nothing', async () => {
    const tally = open(redis.client);
    await tally.close();
    expect(await redis.client.exists(redis.names.metrics)).toBe(0);
  });

  it('get what was counted while Redis was gone, once it is back', async () => {
    const own = await spawnRedis();
    const client = await openClient(own.url);
    const tally = open(client);
    tally.count('oldSecrets', { source: 'a' });
    await until('it was handed over', 10_000, () => client.hexists(redis.names.metrics, 'oldSecrets|a'));
    await own.kill();
    for (let i = 0; i < 5; i += 1) tally.count('oldSecrets', { source: 'a' });
    await tally.close(); // it finds nobody, and must not wait
    await own.restart();
    await until('Redis is back', 10_000, () => client.status === 'ready');
    tally.count('oldSecrets', { source: 'a' });
    await tally.close();
    expect(await client.hget(redis.names.metrics, 'oldSecrets|a')).toBe('7');
    client.disconnect();
    await own.close();
  });
});
