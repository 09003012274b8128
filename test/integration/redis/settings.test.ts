// What real servers tell about their settings.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RedisClient } from '../../../src/redis/connection.ts';
import { readSettings } from '../../../src/redis/settings.ts';
import { type OwnRedis, openClient, spawnRedis } from '../../support/redis.ts';

let redis: OwnRedis;
let client: RedisClient;

beforeEach(async () => {
  redis = await spawnRedis();
  client = await openClient(redis.url);
});
afterEach(async () => {
  client.disconnect();
  await redis.close();
});

describe('the settings of a server', () => {
  it('that we started ourselves bend no promise', async () => {
    expect(await readSettings(client)).toMatchObject({
      role: 'master',
      appendonly: 'yes',
      appendfsync: 'always',
      maxmemoryPolicy: 'noeviction',
      maxmemory: '0',
      version: expect.stringMatching(/^\d+\.\d+/),
      weaknesses: [],
    });
  });

  it('that is weak are told with the promises they bend', async () => {
    await client.config('SET', 'appendonly', 'no');
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await client.config('SET', 'maxmemory', '64mb');
    const { weaknesses, maxmemory } = await readSettings(client);
    expect(maxmemory).toBe(String(64 * 1024 * 1024));
    expect(weaknesses.map(({ setting, value }) => [setting, value])).toEqual([
      ['appendonly', 'no'],
      ['maxmemory-policy', 'allkeys-lru'],
    ]);
  });

  it('that forbids CONFIG are read from INFO, and what stays unknown is said', async () => {
    await client.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '+@all', '-config');
    const limited = await openClient(redis.url.replace('unix://', 'unix://app:pw@'));
    try {
      const settings = await readSettings(limited);
      expect(settings).toMatchObject({ appendonly: 'yes', appendfsync: 'unknown', maxmemoryPolicy: 'noeviction' });
      expect(settings.weaknesses.map(({ setting }) => setting)).toEqual(['appendfsync']);
    } finally {
      limited.disconnect();
    }
  });

  it('that forbids both are unknown, not an error', async () => {
    await client.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '+@all', '-config');
    const limited = await openClient(redis.url.replace('unix://', 'unix://app:pw@'));
    try {
      await client.call('ACL', 'SETUSER', 'app', '-info');
      const { appendonly, version, weaknesses } = await readSettings(limited);
      expect({ appendonly, version }).toEqual({ appendonly: 'unknown', version: 'unknown' });
      expect(weaknesses.length).toBeGreaterThan(0);
    } finally {
      limited.disconnect();
    }
  });
});
