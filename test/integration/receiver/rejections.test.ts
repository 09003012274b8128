// The operators' question "why does nothing happen", over HTTP and against a real Redis. The gate before it is tested with
// the routes; here the handler stands alone.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { openRejections, type Rejections } from '../../../src/ledger/rejections.ts';
import { makeTellRejections } from '../../../src/receiver/tell-rejections.ts';
import { makeTurnedAway, type TurnedAway } from '../../../src/receiver/turned-away.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';
import { rejection } from '../../support/rejection.ts';

let redis: TestRedis;
let store: Rejections;
let turnedAway: TurnedAway;
beforeEach(async () => {
  redis = await openTestRedis();
  store = openRejections(redis.client, redis.names);
  turnedAway = makeTurnedAway({ store, writer: 'wr_http', onDefect: () => {} });
});
afterEach(() => redis.close());

async function ask(query = '', over: Partial<Parameters<typeof makeTellRejections>[0]> = {}): Promise<Response> {
  const app = express();
  app.get(
    '/api/rejections',
    makeTellRejections({ rejections: store, turnedAway, now: Date.now, deadlineMs: 3000, ...over }),
  );
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/rejections${query}`);
}

it('is answered with what was turned away, the moment before included', async () => {
  const at = Date.now();
  const stranger = { source: '(unknown)', asked: 'gihub', reason: 'unknown-source', status: 404 } as const;
  turnedAway.note(rejection({ at: at - 2, requestId: 'a' }));
  turnedAway.note(rejection({ at: at - 1, ...stranger, requestId: 'b' }));
  const response = await ask();
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual({
    rejections: [
      { ...rejection({ ...stranger, requestId: 'b' }), at: new Date(at - 1).toISOString() },
      { ...rejection({ requestId: 'a' }), at: new Date(at - 2).toISOString() },
    ],
    counts: {
      github: { unproven: { total: 1, today: 1, week: 1 } },
      '(unknown)': { 'unknown-source': { total: 1, today: 1, week: 1 } },
    },
  });
});

it('is answered as far as it was asked', async () => {
  for (const source of ['github', 'github', 'alerts']) turnedAway.note(rejection({ source }));
  const told = (await (await ask('?source=github&reason=unproven&limit=1')).json()) as {
    rejections: { source: string }[];
    counts: object;
  };
  expect(told.rejections.map(({ source }) => source)).toEqual(['github']);
  expect(told.counts).toEqual({ github: { unproven: { total: 2, today: 2, week: 2 } } });
});

it.each([
  ['?limit=0', 'limit'],
  ['?reason=unlucky', 'reason'],
  ['?source=a&source=b', 'source'],
])('%s is answered 400 with its place and what was expected', async (query, path) => {
  const response = await ask(query);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ path, expected: expect.stringMatching(/^expected/) }] });
});

it('is answered 503 when Redis does not answer in time, and the flush before it is no way around that', async () => {
  const never = new Promise<never>(() => {});
  for (const over of [{ rejections: { read: () => never } }, { turnedAway: { flush: () => never } }]) {
    const response = await ask('', { deadlineMs: 20, ...over });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  }
});
