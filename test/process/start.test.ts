// The life of `start`: with nothing configured, beside another one, asked to end at any moment, under load.
import { randomUUID } from 'node:crypto';
import { symlinkSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { join, resolve } from 'node:path';
import { sign } from '@octokit/webhooks-methods';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { makeLedger } from '../../src/ledger/redis-ledger.ts';
import { makeNames } from '../../src/redis/names.ts';
import { findProgram } from '../../src/redis/program.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { privateFolder, processesIn } from '../support/leftovers.ts';
import { type Running, statuswire } from '../support/process.ts';
import { openClient, spawnRedis } from '../support/redis.ts';
import { testPlaces } from '../support/redis-places.ts';
import { addressOf, githubSecret, type Installation, install } from '../support/service.ts';
import { until } from '../support/until.ts';

const example = resolve(import.meta.dirname, '../../examples/github-issue-closed.json');
const exampleTicket = '3f6c1d1e-5a58-4b0e-9d7a-2f1f4c9b7a10';

async function outputOf(running: Running): Promise<string> {
  expect(await running.ended(), running.output()).toBe(0);
  return running.output();
}

/** `start` in an empty folder, and the other commands there. */
function firstStart(cwd = privateFolder(), env: Record<string, string> = {}) {
  const run = (...args: string[]) => statuswire(args, { cwd, env: { PORT: '0', ...env } });
  return { cwd, run, service: run('start') };
}

describe('start with nothing configured', () => {
  it('runs the example against the simulator, says so first, and takes an event from another process to its end', async () => {
    const { cwd, run, service } = firstStart();
    const url = await addressOf(service);
    expect(service.output()).toMatch(/^No configuration here: this is the shipped example, against a simulator/);
    await until('the next steps', 10_000, () => service.output().includes(`send github ${example} --url ${url}`));

    const sent = await outputOf(run('send', 'github', example, '--url', url));
    const event = /^202 (ev_\w+), 1 change$/m.exec(sent)?.[1] ?? '';
    const story = await until('a verdict', 30_000, async () => {
      const told = await outputOf(run('explain', event));
      return told.includes('verdict  applied') && told;
    });
    expect(story).toContain('rule     solved-when-issue-closed matched');
    expect(story).toContain('new → solved');

    const again = await outputOf(run('send', 'github', example, '--url', url, '--json'));
    expect(JSON.parse(again)).toMatchObject({ event: expect.stringMatching(/^ev_/), duplicate: false, changes: 1 });
    expect(await service.end('SIGTERM')).toBe(0);
    expect(processesIn(cwd)).toEqual([]);

    // The data stays, and is read without a service.
    const ticket = JSON.parse(await outputOf(run('explain', exampleTicket, '--json'))) as { changes: unknown[] };
    expect(ticket).toMatchObject({ id: exampleTicket, lastApplied: 'solved' });
    expect(ticket.changes).toHaveLength(2);
    const unknown = run('explain', 'ev_unknown');
    expect(await unknown.ended()).toBe(1);
    expect(unknown.output()).toMatch(/^Nothing is known of ev_unknown\. Expected the id of an event/);
    expect(processesIn(cwd)).toEqual([]);
  });

  it('twice in one folder is one Redis and one set of secrets, until the last of them ends', async () => {
    const cwd = privateFolder();
    const services = [firstStart(cwd).service, firstStart(cwd).service];
    const urls = await Promise.all(services.map(addressOf));
    const servers = () => processesIn(cwd).filter((pid) => !services.some((service) => service.pid === pid));
    expect(servers()).toHaveLength(1);
    for (const url of urls) {
      const sent = statuswire(['send', 'github', example, '--url', url], { cwd });
      expect(await outputOf(sent)).toMatch(/^202 /);
    }
    expect(await services[0]?.end('SIGINT')).toBe(0);
    expect(servers()).toHaveLength(1);
    expect(await services[1]?.end('SIGTERM')).toBe(0);
    expect(processesIn(cwd)).toEqual([]);
  });

  it('keeps out of real work in the same Redis', async () => {
    const prefix = `test-${randomUUID()}`;
    const { service } = firstStart(privateFolder(), { REDIS_URL: inject('redisUrl'), STATUSWIRE_PREFIX: prefix });
    const url = await addressOf(service);
    const cwd = privateFolder();
    const refused = statuswire(['send', 'github', example, '--url', url], { cwd });
    expect(await refused.ended()).toBe(1);
    expect(refused.output()).toContain('The receiver knows other secrets');
    const client = await openClient(inject('redisUrl'));
    await until('names of the example', 20_000, async () => {
      return (await client.keys(`{${prefix}-example}*`)).length > 0;
    });
    expect(await client.keys(`{${prefix}}*`)).toEqual([]);
    client.disconnect();
    expect(await service.end('SIGTERM')).toBe(0);
  });

  it('takes a Redis program by a path from here', async () => {
    const cwd = privateFolder();
    const program = findProgram(testPlaces);
    symlinkSync(program?.file ?? '', join(cwd, 'my-redis'));
    // What was unpacked needs its libraries, which only its own place tells; then this is the place.
    const bin = program?.libraryPath === undefined ? { REDIS_SERVER_BIN: './my-redis' } : {};
    const { service } = firstStart(cwd, bin);
    expect(await service.line('redis.server.started')).toMatchObject({ dataDir: join(cwd, '.statuswire/redis') });
    expect(await service.end('SIGTERM')).toBe(0);
  });
});

describe('asked to end', () => {
  it('while its Redis is being started, start leaves nothing behind', async () => {
    const { cwd, service } = firstStart();
    await until('its first words', 20_000, () => service.output().includes('No configuration here'));
    expect(await service.end('SIGTERM')).toBe(0);
    expect(processesIn(cwd)).toEqual([]);
  });

  it('while it waits for Redis, start does not wait on', async () => {
    const { service } = firstStart(privateFolder(), { REDIS_URL: 'redis://127.0.0.1:1' });
    await service.line('redis.away');
    expect(await service.end('SIGINT')).toBe(0);
    expect(service.output()).not.toContain('Redis was not ready');
  });

  it('twice, start ends at once with 1', async () => {
    const simulator = await startSimulator();
    const redis = await spawnRedis();
    const service = install({ simulator, redisUrl: redis.url }).run('start');
    await addressOf(service);
    // Closing waits for an answer of Redis, which does not come.
    redis.stop();
    process.kill(service.pid, 'SIGTERM');
    await service.line('process.stopping');
    expect(await service.end('SIGTERM')).toBe(1);
    redis.cont();
    await Promise.all([redis.close(), simulator.close()]);
  });
});

describe('asked to end under load', () => {
  let simulator: Simulator;
  let site: Installation;
  beforeEach(async () => {
    simulator = await startSimulator();
    site = install({ simulator, redisUrl: inject('redisUrl') });
  });
  afterEach(() => simulator.close());

  it('a request that is being sent is answered, and its event is kept', async () => {
    const service = site.run('start');
    const url = await addressOf(service);
    const body = bodyFor(randomUUID());
    const sending = request(`${url}/hooks/github`, {
      method: 'POST',
      headers: { ...(await headersFor(body)), 'content-length': Buffer.byteLength(body), expect: '100-continue' },
    });
    const answer = answerTo(sending);
    sending.flushHeaders();
    // The server has read the headers: the request is in flight.
    await Promise.race([answer, new Promise((asked) => sending.once('continue', asked))]);
    process.kill(service.pid, 'SIGTERM');
    await service.line('process.stopping');
    sending.end(body);
    const { status, event } = await answer;
    expect(status).toBe(202);
    expect(await service.ended()).toBe(0);
    expect(await missingOf([event])).toEqual([]);
  });

  it('every event that got a 202 is kept, no request hangs, and the end is clean', async () => {
    const service = site.run('start');
    const url = await addressOf(service);
    const accepted: string[] = [];
    let isOver = false;
    const sender = async () => {
      for (let sent = 0; sent < 10_000 && !isOver; sent++) {
        const body = bodyFor(randomUUID());
        const signal = AbortSignal.timeout(20_000);
        const post = { method: 'POST', headers: await headersFor(body), body, signal };
        const outcome = await fetch(`${url}/hooks/github`, post).then(
          async (response) => ({ status: response.status, text: await response.text() }),
          (error: Error) => ({ status: 0, text: error.name }),
        );
        expect(outcome.text).not.toBe('TimeoutError');
        if (outcome.status === 202) accepted.push((JSON.parse(outcome.text) as { event: string }).event);
        if (outcome.status === 0) return;
      }
    };
    const senders = Array.from({ length: 20 }, sender);
    await until('requests are flowing', 20_000, () => accepted.length >= 100);
    expect(await service.end('SIGTERM')).toBe(0);
    isOver = true;
    await Promise.all(senders);
    expect(await missingOf(accepted)).toEqual([]);
    expect(service.lines().filter(({ msg }) => msg === 'process.closed-hard')).toEqual([]);
  });

  /** Those of `events` that the ledger does not know. */
  async function missingOf(events: readonly string[]): Promise<string[]> {
    const client = await openClient(inject('redisUrl'));
    const ledger = makeLedger(client, makeNames(site.env.STATUSWIRE_PREFIX ?? ''));
    const missing: string[] = [];
    for (const id of events) if ((await ledger.event(id))?.changes.length !== 1) missing.push(id);
    client.disconnect();
    return missing;
  }
});

function bodyFor(ticket: string): string {
  return JSON.stringify({ action: 'closed', issue: { body: ticket, labels: [{ name: 'spacebring' }] } });
}

async function headersFor(body: string): Promise<Record<string, string>> {
  return {
    'content-type': 'application/json',
    'x-github-event': 'issues',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': await sign(githubSecret, body),
  };
}

function answerTo(sending: ClientRequest): Promise<{ status: number | undefined; event: string }> {
  return new Promise((done, failed) => {
    sending.once('error', failed);
    sending.once('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += String(chunk);
      done({ status: response.statusCode, ...(JSON.parse(text) as { event: string }) });
    });
  });
}
