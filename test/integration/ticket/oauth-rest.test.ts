// How tokens rest, and what a crash at each step of a refresh leaves behind.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RedisClient } from '../../../src/redis/connection.ts';
import type { Names } from '../../../src/redis/names.ts';
import { simulatorRefreshToken } from '../../../src/simulator/options.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { chainOf } from '../../../src/ticket/token-seal.ts';
import { openClient, openTestRedis, spawnRedis, type TestRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { token } from '../simulator/calls.ts';
import { age, closeDesks, type DeskOptions, openDesk, tokenCalls } from './desk.ts';

let redis: TestRedis;
let simulator: Simulator;
const open = (options: Partial<DeskOptions> = {}) =>
  openDesk({ client: redis.client, names: redis.names, simulator, ...options });

beforeEach(async () => {
  redis = await openTestRedis();
  simulator = await startSimulator({ rate: 10_000 });
});
afterEach(async () => {
  await closeDesks();
  await simulator.close();
  await redis.close();
});

/** Everything under the test's prefix, as text. */
async function dump(client: RedisClient, names: Names): Promise<string> {
  const keys = await client.keys(`${names.tag}*`);
  const values = keys.map(async (key) => {
    const type = await client.type(key);
    if (type === 'hash') return [key, await client.hgetall(key)];
    if (type === 'stream') return [key, await client.xrange(key, '-', '+')];
    return [key, await client.get(key)];
  });
  return JSON.stringify(await Promise.all(values));
}

describe('tokens at rest', () => {
  it('and everything that is said hold no secret, whatever goes wrong', async () => {
    const desk = open();
    const said: unknown[] = [];
    const failures = [
      { kind: 'status', status: 500, body: 'simulator-refresh-token simulator-secret' },
      { kind: 'status', status: 400, body: '{"error":"invalid_grant","error_description":"simulator-refresh-token"}' },
      { kind: 'status', status: 401, body: '{"error":"simulator-refresh-token"}' },
      { kind: 'cut' },
      { kind: 'garbage', apply: false, body: '{"access_token":"simulator-secret \\n"}' },
    ] as const;
    for (const effect of failures) {
      simulator.addFault({ match: { kind: 'token' }, effect });
      said.push(await desk.prepare());
      said.push(await dump(redis.client, redis.names));
      await age(redis.client, redis.names, ['retryAt']);
    }
    for (let round = 0; round < 3; round++) {
      simulator.addFault({ match: { kind: 'write' }, effect: { kind: 'status', status: 401 } });
      said.push(await desk.set(randomUUID(), 'solved'), await dump(redis.client, redis.names));
      await age(redis.client, redis.names, ['expiresAt', 'renewAt', 'refusedAt']);
    }
    said.push(await open({ secret: 'b2'.repeat(32) }).prepare(), simulator.requests());
    const text = JSON.stringify(said) + desk.lines.join('');
    expect(text).toContain('oauth.renewed');
    expect(text).toContain('oauth.not-renewed');
    expect(desk.secrets.size).toBeGreaterThan(10);
    for (const secret of desk.secrets) expect(text).not.toContain(secret);
    for (const secret of desk.secrets)
      expect(text).not.toContain(Buffer.from(secret).toString('base64url').slice(0, 20));
  });

  it('cannot be read with another key: that is told, and nothing is called, lost or broken', async () => {
    await open().prepare();
    const before = await redis.client.hget(redis.names.oauth('main'), 'sealed');
    const wrong = open({ secret: 'b2'.repeat(32) });
    for (const fields of [[], ['expiresAt', 'renewAt']]) {
      await age(redis.client, redis.names, fields);
      expect(await wrong.prepare()).toEqual({
        kind: 'unauthorized',
        asked: false,
        waitMs: 30_000,
        why: 'the stored tokens of account main cannot be read: STATUSWIRE_SECRET is not the one they were stored under, or they are damaged. Put the right one back, or a new refresh token into accounts.main.auth.oauth.refreshToken, and restart',
      });
    }
    expect(wrong.turns()).toBe(0);
    expect(await redis.client.hget(redis.names.oauth('main'), 'sealed')).toBe(before);
    expect(await open().set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
  });

  it('that are damaged, or were moved here from another account, are not used', async () => {
    await open({ account: 'other' }).prepare();
    const moved = await redis.client.hgetall(redis.names.oauth('other'));
    for (const sealed of [moved.sealed ?? '', 'v1.AAAA']) {
      await redis.client.hset(redis.names.oauth('main'), {
        ...moved,
        sealed,
        chain: chainOf('main', simulatorRefreshToken),
      });
      expect(await open().prepare()).toMatchObject({ kind: 'unauthorized', why: expect.stringContaining('damaged') });
    }
    expect(tokenCalls(simulator)).toEqual([200]);
  });

  it('that cannot be read are left behind with a new refresh token in the configuration', async () => {
    await open().prepare();
    await redis.client.hset(redis.names.oauth('main'), 'sealed', 'v1.AAAA');
    const pasted = await token(simulator, { grant_type: 'authorization_code', code: 'simulator-code' });
    const mended = open({ refreshToken: String(pasted.json().refresh_token) });
    expect(await mended.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
  });
});

describe('a process that dies', () => {
  it('while it holds the lock is waited for until the lock runs out, and no longer', async () => {
    const dead = open({ onGrant: () => new Promise(() => {}) });
    simulator.addFault({ match: { kind: 'token' }, effect: { kind: 'cut' } });
    void dead.prepare();
    await until('it has asked', 5_000, () => tokenCalls(simulator).length === 1);
    const living = open();
    let isDone = false;
    const waiting = living.prepare().then((unready) => {
      isDone = true;
      return unready;
    });
    const lock = `${redis.names.oauth('main')}:lock`;
    expect(await redis.client.pttl(lock)).toBeGreaterThan(0);
    expect(isDone).toBe(false);
    await redis.client.pexpire(lock, 1);
    expect(await waiting).toBeUndefined();
    expect(living.turns()).toBe(1);
  });

  it('before it could store what it got is told of, and a new refresh token mends it', async () => {
    const dead = open({ onGrant: () => new Promise(() => {}) });
    void dead.prepare();
    await until('it has got tokens', 5_000, () => dead.secrets.size > 3);
    await redis.client.del(`${redis.names.oauth('main')}:lock`);
    expect(await open().prepare()).toMatchObject({
      kind: 'unauthorized',
      why: expect.stringMatching(
        /is refused \(HTTP 400 invalid_grant\); a refresh broke off at 20\d\d-\S+Z before its answer was stored and may have used it up: put a new one into/,
      ),
    });
    // A wrong token that is pasted now was used up by nobody.
    expect(await open({ refreshToken: 'mistyped' }).prepare()).toMatchObject({
      why: 'the refresh token of account main is refused (HTTP 400 invalid_grant): put a new one into accounts.main.auth.oauth.refreshToken and restart',
    });
    const pasted = await token(simulator, { grant_type: 'authorization_code', code: 'simulator-code' });
    const mended = open({ refreshToken: String(pasted.json().refresh_token) });
    expect(await mended.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
  });

  it('only for a while, as when it is frozen, still stores what it got when it wakes', async () => {
    let wake = () => {};
    const frozen = open({ onGrant: () => new Promise((resolve) => (wake = resolve)) });
    const sleeping = frozen.prepare();
    await until('it has got tokens', 5_000, () => frozen.secrets.size > 3);
    await redis.client.del(`${redis.names.oauth('main')}:lock`);
    const other = open();
    expect(await other.prepare()).toMatchObject({ kind: 'unauthorized' });
    wake();
    expect(await sleeping).toBeUndefined();
    expect(await other.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    expect(tokenCalls(simulator)).toEqual([200, 400]);
  });
});

it('a turn that does not come gives the refresh to the next one at once', async () => {
  const desk = open();
  const stopped = desk.credentials.prepare(() => Promise.reject(new Error('stopping')));
  await expect(stopped).rejects.toThrow('stopping');
  expect(tokenCalls(simulator)).toEqual([]);
  expect(await open().prepare()).toBeUndefined();
});

it('while Redis is away nothing is used that is not stored, and nothing that was granted is lost', async () => {
  const own = await spawnRedis();
  const client = await openClient(own.url);
  try {
    const desk = open({ client, onGrant: () => own.kill() });
    await expect(desk.prepare()).rejects.toThrow();
    expect(desk.credentials.proof()).toBeUndefined();
    await expect(desk.prepare()).rejects.toThrow();
    await own.restart();
    await until('the connection is back', 10_000, () => client.status === 'ready');
    expect(await desk.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    expect(tokenCalls(simulator)).toEqual([200]);
  } finally {
    client.disconnect();
    await own.close();
  }
});
