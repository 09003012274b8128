// What an operator is told of deliveries that were turned away, from the command line.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { advice } from '../../src/ledger/rejection.ts';
import { openRejections, type Rejections } from '../../src/ledger/rejections.ts';
import type { RedisClient } from '../../src/redis/connection.ts';
import { makeNames } from '../../src/redis/names.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { openClient } from '../support/redis.ts';
import { rejection } from '../support/rejection.ts';
import { addressOf, ask, type Installation, install } from '../support/service.ts';

let simulator: Simulator;
let site: Installation;
let client: RedisClient;
let store: Rejections;
beforeEach(async () => {
  simulator = await startSimulator();
  site = install({ simulator, redisUrl: inject('redisUrl') });
  client = await openClient(inject('redisUrl'));
  store = openRejections(client, makeNames(site.env.STATUSWIRE_PREFIX ?? ''));
});
afterEach(async () => {
  client.disconnect();
  await simulator.close();
});

async function told(...args: string[]): Promise<{ code: number | null; output: string }> {
  const running = site.run('rejections', ...args);
  return { code: await running.ended(), output: running.output() };
}

it('the command tells which, how many, and what to do; or as JSON what the route tells', async () => {
  const at = Date.now();
  const latest = [rejection({ at }), rejection({ at: at + 1, reason: 'stale', why: 'sent 400 s ago' })];
  const day = new Date(at).toISOString().slice(0, 10);
  const counts = latest.map(({ source, reason }) => ({ day, source, reason, number: 1 }));
  await store.keep({ writer: 'wr_1', number: 1, load: { counts, latest } });

  const shown = await told('--source', 'github');
  expect(shown.code).toBe(0);
  for (const text of ['sent 400 s ago', latest[0]?.requestId, 'in all', advice.unproven, advice.stale]) {
    expect(shown.output).toContain(text);
  }
  const { code, output } = await told('--reason', 'stale', '--limit', '1', '--json');
  expect([code, JSON.parse(output)]).toEqual([0, await store.read({ reason: 'stale', limit: 1 }, at)]);
  expect(JSON.parse(output).rejections).toHaveLength(1);
});

it('what a receiver turns away is told by its route and its figures, down to bytes that are no request', async () => {
  const url = await addressOf(site.run('receiver'));
  const wrong = await fetch(`${url}/hooks/github`, {
    method: 'POST',
    body: '{}',
    headers: { 'x-hub-signature-256': 'no' },
  });
  expect(wrong.status).toBe(401);
  await fetch(`${url}/hooks/gihub`, { method: 'POST', body: '{}' });
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write('\x16\x03\x01 is TLS'));
  await once(socket.resume(), 'close');
  const { rejections, counts } = await ask<{ rejections: object[]; counts: object }>(url, '/api/rejections');
  expect(rejections).toMatchObject([
    { source: '(unknown)', reason: 'unreadable-request', status: 400, from: '127.0.0.1' },
    { source: '(unknown)', asked: 'gihub', reason: 'unknown-source', status: 404 },
    { source: 'github', reason: 'unproven', status: 401, requestId: wrong.headers.get('x-request-id') },
  ]);
  expect(counts).toMatchObject({ github: { unproven: { total: 1 } } });
  const figures = await (await fetch(`${url}/metrics`)).text();
  expect(figures).toContain('statuswire_rejections_total{source="github",reason="unproven"} 1');
});

it('what the end of a receiver cut off is told by it, and by the next one', async () => {
  const first = site.run('receiver');
  const { port } = new URL(await addressOf(first));
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write('POST /hooks/github HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nabc');
  await once(socket, 'connect');
  await (await fetch(`http://127.0.0.1:${port}/healthz`)).text(); // by then the request has been looked at too
  expect(await first.end('SIGTERM')).toBe(0);
  const told = first.lines().map(({ msg }) => msg);
  expect(told.slice(told.indexOf('event.refused'))).toEqual(['event.refused', 'receiver.stopped']);
  const url = await addressOf(site.run('receiver'));
  const { rejections } = await ask<{ rejections: object[] }>(url, '/api/rejections');
  expect(rejections).toMatchObject([{ source: 'github', reason: 'cut-short', status: 503, announcedBytes: 50 }]);
});

it('nothing that was turned away is no error', async () => {
  expect(await told()).toEqual({ code: 0, output: expect.stringContaining('Nothing was turned away.') });
});

it.each([
  ['--limit', '0'],
  ['--reason', 'unlucky'],
])('%s %s is refused with what was expected', async (...args) => {
  const { code, output } = await told(...args);
  expect([code, output]).toEqual([1, expect.stringMatching(/Expected a number from 1 to 500|Allowed choices are/)]);
});
