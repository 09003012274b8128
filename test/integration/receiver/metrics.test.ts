// GET /metrics over a real socket, with real figures and a Redis that goes away.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openState, type State } from '../../../src/metrics/state.ts';
import type { Metrics } from '../../../src/receiver/metrics.ts';
import { isUnavailable } from '../../../src/redis/unavailable.ts';
import { makeTestCore, wish } from '../../support/core.ts';
import { readExposition } from '../../support/exposition.ts';
import { openClient, openTestRedis, spawnRedis, type TestRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { openDoor, parcel, token } from './door.ts';

const known = { source: ['signed'], sender: ['signed'], account: ['main'], rule: [], reason: ['unproven'] };
const paces = new Map([['main', 9.5]]);

let redis: TestRedis;
beforeEach(async () => {
  redis = await openTestRedis();
});
afterEach(() => redis.close());

const openFigures = (from: Pick<TestRedis, 'client' | 'names'> = redis): Metrics => ({
  read: openState({ ...from, paces }),
  known,
});

describe('/metrics', () => {
  it('tells the figures of the installation to whoever asks from this machine', async () => {
    const core = makeTestCore(redis.client, redis.names);
    await core.say([wish('t1', 'solved')]);
    await core.queue.close();
    const door = await openDoor({ metrics: openFigures() });
    const response = await fetch(`${door.url}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { values } = readExposition(await response.text());
    expect(values.get('statuswire_redis_up')).toBe(1);
    expect(values.get('statuswire_changes_accepted_total{account="main"}')).toBe(1);
    expect(values.get('statuswire_changes_open')).toBe(1);
    expect(values.get('statuswire_account_pace{account="main"}')).toBe(9.5);
    expect(values.get('statuswire_deliveries_total{source="signed",outcome="accepted"}')).toBe(0);
  });

  it('is the same whichever receiver is asked', async () => {
    const [one, other] = [await openDoor({ metrics: openFigures() }), await openDoor({ metrics: openFigures() })];
    const texts = await Promise.all([one, other].map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
    expect(texts[0]).toBe(texts[1]);
  });

  it('is not there for what a proxy passes on, as any address that is not there', async () => {
    const door = await openDoor({ metrics: openFigures() });
    const ask = async (path: string, method: string) => {
      const headers = { 'x-forwarded-for': '127.0.0.1' };
      const response = await fetch(`${door.url}${path}`, { method, headers });
      const told = [...response.headers].filter(([name]) => name !== 'date');
      const body = await response.text();
      return JSON.stringify([response.status, told, body]).replaceAll(/req_\d+/g, 'req');
    };
    expect(await ask('/metrics', 'GET')).toBe(await ask('/nothing', 'GET'));
    expect(await ask('/metrics', 'GET')).toContain('404');
    expect(await ask('/metrics', 'HEAD')).toBe(await ask('/nothing', 'HEAD'));
    expect(await ask('/metrics', 'POST')).toBe(await ask('/nothing', 'POST'));
  });

  it('is there for who has the token, wherever the request comes from', async () => {
    const door = await openDoor({ metrics: openFigures() });
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    expect((await door.ask('/metrics', { headers })).status).toBe(200);
    for (const authorization of [`Bearer ${token}x`, 'Bearer', token]) {
      const response = await fetch(`${door.url}/metrics`, { headers: { ...headers, authorization } });
      expect(response.status).toBe(404);
    }
  });

  it('says that Redis is away while it is gone or frozen, and nothing else', async () => {
    const own = await spawnRedis();
    const client = await openClient(own.url);
    const metrics = openFigures({ client, names: redis.names });
    const door = await openDoor({ metrics, isUnavailable, limits: { answerMs: 2_000 } });
    const shown = async () => {
      const response = await fetch(`${door.url}/metrics`);
      expect(response.status).toBe(200);
      return readExposition(await response.text()).values;
    };
    const away = [['statuswire_redis_up', 0]];
    own.stop();
    expect([...(await shown())]).toEqual(away);
    own.cont();
    await until('the figures are back', 10_000, async () => (await shown()).get('statuswire_redis_up') === 1);
    await own.kill();
    expect([...(await shown())]).toEqual(away);
    client.disconnect();
    await own.close();
  });

  it('says so too when nobody answers within the deadline', async () => {
    const metrics: Metrics = { read: () => parcel<State>().promise, known };
    const door = await openDoor({ metrics, limits: { answerMs: 50 } });
    const { values } = readExposition(await (await fetch(`${door.url}/metrics`)).text());
    expect([...values]).toEqual([['statuswire_redis_up', 0]]);
  });

  it('is a 500, and no figure, when something is broken on our side', async () => {
    const metrics: Metrics = { read: () => Promise.reject(new Error('a defect with words of its own')), known };
    const door = await openDoor({ metrics });
    const response = await fetch(`${door.url}/metrics`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/statuswire_|words of its own/);
  });
});
