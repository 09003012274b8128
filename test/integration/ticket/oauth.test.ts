// Accounts with OAuth against the simulator, which rotates refresh tokens and refuses one that was used. Several desks, each
// with a connection of its own, stand for several processes.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RedisClient } from '../../../src/redis/connection.ts';
import type { SimulatorOptions } from '../../../src/simulator/options.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { openClient, openTestRedis, type TestRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { token } from '../simulator/calls.ts';
import { age, closeDesks, type Desk, type DeskOptions, networkId, openDesk, tokenCalls } from './desk.ts';

let redis: TestRedis;
let simulator: Simulator;
const clients: RedisClient[] = [];

async function vendor(options: SimulatorOptions = {}): Promise<void> {
  await simulator?.close();
  simulator = await startSimulator({ rate: 10_000, ...options });
}

/** A desk on a connection of its own. */
async function desk(options: Partial<DeskOptions> = {}): Promise<Desk> {
  const client = await openClient(redis.url);
  clients.push(client);
  return openDesk({ client, names: redis.names, simulator, ...options });
}

const stored = () => redis.client.hgetall(redis.names.oauth('main'));

beforeEach(async () => {
  redis = await openTestRedis();
  await vendor();
});
afterEach(async () => {
  await closeDesks();
  for (const client of clients.splice(0)) client.disconnect();
  await simulator.close();
  await redis.close();
});

describe('an access token', () => {
  it('is got with the configured refresh token, once, and carried by every call with the network', async () => {
    const one = await desk();
    const ticket = randomUUID();
    expect(one.credentials.proof()).toBeUndefined();
    expect(await one.spacebring.readTicket(ticket)).toMatchObject({ kind: 'failed' });
    expect(await one.set(ticket, 'solved')).toMatchObject({ kind: 'done' });
    expect(await one.set(ticket, 'closed')).toMatchObject({ kind: 'done' });
    expect(tokenCalls(simulator)).toEqual([200]);
    expect(one.turns()).toBe(1);
    expect(simulator.requests({ ticket })).toMatchObject(
      [1, 2].map(() => ({ networkId, auth: { kind: 'bearer', right: true } })),
    );
  });

  it('that runs out is renewed once, however many calls of three processes want it at that moment', async () => {
    const desks = [await desk(), await desk(), await desk()];
    for (let round = 1; round <= 5; round++) {
      const answers = await Promise.all(
        desks.flatMap((one) => Array.from({ length: 10 }, () => one.set(randomUUID(), 'solved'))),
      );
      expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['done']));
      expect(tokenCalls(simulator)).toEqual(Array.from({ length: round }, () => 200));
      expect((await stored()).version).toBe(String(round));
      await age(redis.client, redis.names, ['expiresAt', 'renewAt']);
    }
    expect(desks.reduce((sum, one) => sum + one.turns(), 0)).toBe(5);
  });

  it('runs out again and again while three processes work, and every call goes through', async () => {
    await vendor({ accessTokenTtlMs: 2_000 });
    const desks = [await desk(), await desk(), await desk()];
    let calls = 0;
    const work = async (one: Desk) => {
      while (Number((await stored()).version ?? 0) < 3) {
        expect(await one.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
        calls += 1;
      }
    };
    await Promise.all([...desks, ...desks].map(work));
    expect(calls).toBeGreaterThan(20);
    expect(tokenCalls(simulator)).toEqual([200, 200, 200]);
  });

  it('is renewed ahead of its end by one, while the others go on with it and do not wait', async () => {
    const other = await desk();
    await other.prepare();
    await age(redis.client, redis.names, ['renewAt']);
    let goOn = () => {};
    const one = await desk({
      onGrant: () =>
        new Promise((resolve) => {
          goOn = resolve;
        }),
    });
    const renewing = one.prepare();
    await until('the refresh is under way', 5_000, () => tokenCalls(simulator).length === 2);
    expect(await other.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    expect((await stored()).version).toBe('1');
    await until('it has its answer', 5_000, () => one.secrets.size > 3);
    goOn();
    expect(await renewing).toBeUndefined();
    expect((await stored()).version).toBe('2');
  });

  it('serves to its end while it cannot be renewed, and nobody hammers the token endpoint', async () => {
    const [one, other] = [await desk(), await desk()];
    await one.prepare();
    await age(redis.client, redis.names, ['renewAt']);
    simulator.addFault({ match: { kind: 'token' }, effect: { kind: 'status', status: 503 } });
    for (const each of [one, other, one, other]) {
      expect(await each.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    }
    expect(tokenCalls(simulator)).toEqual([200, 503]);
    await age(redis.client, redis.names, ['retryAt']);
    expect(await other.prepare()).toBeUndefined();
    expect(tokenCalls(simulator)).toEqual([200, 503, 200]);
  });
});

describe('a refresh token', () => {
  it('that rotates is replaced at each refresh, also after a restart', async () => {
    await (await desk()).prepare();
    const restarted = await desk();
    expect(await restarted.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    expect(tokenCalls(simulator)).toEqual([200]);
    await age(redis.client, redis.names, ['expiresAt', 'renewAt']);
    expect(await (await desk()).set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    expect(tokenCalls(simulator)).toEqual([200, 200]);
  });

  it('that does not rotate is kept', async () => {
    await vendor({ refreshTokens: 'keep' });
    const one = await desk();
    for (let round = 0; round < 3; round++) {
      expect(await one.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
      await age(redis.client, redis.names, ['expiresAt', 'renewAt']);
    }
    expect(tokenCalls(simulator)).toEqual([200, 200, 200]);
  });

  it('that is new in the configuration begins anew, and processes that still run follow', async () => {
    const old = await desk();
    await old.prepare();
    const pasted = await token(simulator, { grant_type: 'authorization_code', code: 'simulator-code' });
    const refreshToken = String(pasted.json().refresh_token);
    const { chain } = await stored();
    const calls = tokenCalls(simulator).length;
    const young = await desk({ refreshToken });
    expect(await young.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    expect(tokenCalls(simulator)).toHaveLength(calls + 1);
    expect((await stored()).chain).not.toBe(chain);
    await age(redis.client, redis.names, ['expiresAt', 'renewAt']);
    expect(await old.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    expect(await young.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    expect(tokenCalls(simulator).slice(calls)).toEqual([200, 200]);
  });

  it('that is refused is told with what to do, and asked about by one', async () => {
    await vendor({ refreshToken: 'another' });
    const [one, other] = [await desk(), await desk()];
    const answers = await Promise.all([one, other, one, other].map((each) => each.set(randomUUID(), 'solved')));
    expect(answers.filter((answer) => 'asked' in answer && answer.asked)).toHaveLength(1);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        kind: 'unauthorized',
        httpStatus: 400,
        why: 'the refresh token of account main is refused (HTTP 400 invalid_grant): put a new one into accounts.main.auth.oauth.refreshToken and restart',
      });
    }
    expect(tokenCalls(simulator)).toEqual([400]);
  });
});

describe('a call that is answered 401', () => {
  const refuse = (times: number) =>
    simulator.addFault({ match: { kind: 'write' }, times, effect: { kind: 'status', status: 401 } });

  it('is made once more with a new token, which is got once for all who were refused', async () => {
    const desks = [await desk(), await desk(), await desk()];
    for (const one of desks) await one.prepare();
    const calls = desks.flatMap((one) => Array.from({ length: 5 }, () => one));
    refuse(calls.length);
    const first = await Promise.all(calls.map((one) => one.spacebring.setStatus(randomUUID(), 'solved')));
    expect(first.every((answer) => answer.kind === 'unauthorized' && answer.httpStatus === 401)).toBe(true);
    expect(calls.every((one) => one.credentials.isStale())).toBe(true);
    const second = await Promise.all(calls.map((one) => one.set(randomUUID(), 'solved')));
    expect(second.every(({ kind }) => kind === 'done')).toBe(true);
    expect(tokenCalls(simulator)).toEqual([200, 200]);
    expect(simulator.stats().answers[401]).toBe(15);
  });

  it('twice is unauthorized, and further calls do not renew again', async () => {
    const [one, other] = [await desk(), await desk()];
    refuse(100);
    expect(await one.set(randomUUID(), 'solved')).toMatchObject({ kind: 'unauthorized', httpStatus: 401 });
    expect(simulator.stats().answers[401]).toBe(2);
    for (const each of [one, other, one]) {
      expect(await each.set(randomUUID(), 'solved')).toMatchObject({ kind: 'unauthorized' });
    }
    expect(simulator.stats().answers[401]).toBe(5);
    expect(tokenCalls(simulator)).toEqual([200, 200]);
    simulator.clearFaults();
    // Five minutes later another token is worth a try.
    await age(redis.client, redis.names, ['refusedAt']);
    expect(await one.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    expect(tokenCalls(simulator)).toEqual([200, 200, 200]);
  });

  it('because the token was replaced elsewhere costs no refresh', async () => {
    const [one, other] = [await desk(), await desk()];
    await one.prepare();
    const proof = one.credentials.proof();
    await age(redis.client, redis.names, ['renewAt']);
    await other.prepare();
    expect(proof).toBeDefined();
    if (proof !== undefined) one.credentials.refused(proof);
    expect(one.credentials.isStale()).toBe(true);
    expect(await one.prepare()).toBeUndefined();
    expect(one.credentials.proof()?.version).toBe(2);
    expect(tokenCalls(simulator)).toEqual([200, 200]);
  });
});

describe('trouble at the token endpoint', () => {
  it.each([
    ['an outage', { kind: 'status', status: 503 }, { kind: 'failed', why: expect.stringContaining('HTTP 503') }],
    ['silence', { kind: 'hang' }, { kind: 'failed', why: expect.stringContaining('no complete answer within 300 ms') }],
    ['nonsense', { kind: 'garbage', apply: false }, { kind: 'failed', why: expect.stringContaining('HTTP 200') }],
    ['a redirect', { kind: 'redirect', location: 'https://elsewhere.example/' }, { kind: 'failed' }],
    [
      'a 429',
      { kind: 'status', status: 429, retryAfter: '7' },
      { kind: 'throttled', retryAfterMs: 7_000, waitMs: 7_000 },
    ],
  ] as const)(
    '%s is told for what it is, once for all, and is over when it is over',
    async (_name, effect, expected) => {
      const [one, other] = [await desk(effect.kind === 'hang' ? { callTimeout: 300 } : {}), await desk()];
      simulator.addFault({ match: { kind: 'token' }, effect });
      expect(await one.prepare()).toMatchObject({ asked: true, ...expected });
      expect(await other.prepare()).toMatchObject({ asked: false, kind: expected.kind });
      expect(one.credentials.proof()).toBeUndefined();
      expect(tokenCalls(simulator)).toHaveLength(1);
      await age(redis.client, redis.names, ['retryAt']);
      expect(await other.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
    },
  );

  it('revoked credentials are unauthorized, and work again when they are good', async () => {
    const one = await desk();
    simulator.set({ credentials: 'revoked' });
    expect(await one.set(randomUUID(), 'solved')).toMatchObject({
      kind: 'unauthorized',
      httpStatus: 401,
      why: expect.stringContaining('correct clientId and clientSecret in accounts.main.auth.oauth'),
    });
    simulator.set({ credentials: 'good' });
    await age(redis.client, redis.names, ['retryAt']);
    expect(await one.set(randomUUID(), 'solved')).toMatchObject({ kind: 'done' });
  });
});
