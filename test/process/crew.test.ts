// `--processes N`: several receiver processes behind one port. What dies, hangs or is asked to end among them, and what a
// sender and an operator see of it.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { sign } from '@octokit/webhooks-methods';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { makeLedger } from '../../src/ledger/redis-ledger.ts';
import { makeNames } from '../../src/redis/names.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { processesIn } from '../support/leftovers.ts';
import type { Running } from '../support/process.ts';
import { openClient } from '../support/redis.ts';
import { addressOf, githubSecret, type Installation, install } from '../support/service.ts';
import { until } from '../support/until.ts';

let simulator: Simulator;
let site: Installation;
beforeEach(async () => {
  simulator = await startSimulator();
  site = install({ simulator, redisUrl: inject('redisUrl') });
});
afterEach(async () => {
  // Those of a primary that was killed are nobody's children any more.
  for (const pid of processesIn(site.cwd)) process.kill(pid, 'SIGKILL');
  await simulator.close();
});

async function startTwo(command = 'receiver') {
  const service = site.run(command, '--processes', '2');
  const url = await addressOf(service);
  return { service, url };
}

const linesOf = (service: Running, msg: string) => service.lines().filter((line) => line.msg === msg);
/** The receiver processes that have ever listened, in their order. */
const pidsOf = (service: Running) => linesOf(service, 'receiver.process.listening').map(({ pid }) => Number(pid));

function listeners(service: Running, count: number): Promise<number[]> {
  return until(`${count} processes that listen`, 20_000, () => {
    const pids = pidsOf(service);
    return pids.length >= count && pids;
  });
}

interface Outcome {
  /** 0 when the connection failed. */
  readonly status: number;
  readonly event?: string | undefined;
  readonly error?: string | undefined;
}

/** A delivery that is sent when `send` is called; by then its process has read the headers and told so. */
interface Begun {
  send(): void;
  readonly outcome: Promise<Outcome>;
}

const fresh = new Agent({ keepAlive: false });

async function begin(url: string, { secret = githubSecret, agent = fresh, asks = true } = {}): Promise<Begun> {
  const body = JSON.stringify({ action: 'closed', issue: { body: randomUUID(), labels: [{ name: 'spacebring' }] } });
  const sending = request(`${url}/hooks/github`, {
    agent,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-github-event': 'issues',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': await sign(secret, body),
      ...(asks ? { expect: '100-continue' } : {}),
    },
  });
  sending.setTimeout(15_000, () => sending.destroy(new Error('it hangs')));
  const outcome = outcomeOf(sending);
  sending.flushHeaders();
  if (asks) await Promise.race([outcome, new Promise((told) => sending.once('continue', told))]);
  return { send: () => sending.end(body), outcome };
}

async function outcomeOf(sending: ClientRequest): Promise<Outcome> {
  try {
    const response = await new Promise<IncomingMessage>((done, failed) => {
      sending.once('response', done).on('error', failed);
    });
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, ...(JSON.parse(text) as { event?: string }) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { status: 0, error: code ?? message };
  }
}

async function deliver(url: string, options: Parameters<typeof begin>[1] = {}): Promise<Outcome> {
  const begun = await begin(url, { ...options, asks: false });
  begun.send();
  return begun.outcome;
}

/** Those of `events` that the ledger does not know. */
async function missingOf(events: readonly string[]): Promise<string[]> {
  const client = await openClient(inject('redisUrl'));
  const ledger = makeLedger(client, makeNames(site.env.STATUSWIRE_PREFIX ?? ''));
  const missing: string[] = [];
  for (const id of events) if ((await ledger.event(id))?.changes.length !== 1) missing.push(id);
  client.disconnect();
  return missing;
}

function eventsIn(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ status, event = '' }) => (status === 202 ? [event] : []));
}

const hasStack = /\n\s+at /;
/** How a connection ends whose process is gone. */
const cutOff = /^(ECONNRESET|EPIPE)$/;

describe('several receivers behind one port', () => {
  it('take turns, are told of when all listen, and on Ctrl-C answer what is in flight and leave nothing', async () => {
    const { service, url } = await startTwo('start');
    const pids = pidsOf(service);
    expect(new Set(pids).size).toBe(2);
    expect(linesOf(service, 'receiver.process.listening').map((line) => line.url)).toEqual([url, url]);
    const begun = await Promise.all(Array.from({ length: 8 }, () => begin(url)));
    // A terminal tells the whole group, in no order.
    for (const pid of [...pids, service.pid]) process.kill(pid, 'SIGINT');
    await service.line('process.stopping');
    for (const { send } of begun) send();
    const outcomes = await Promise.all(begun.map(({ outcome }) => outcome));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill(202));
    expect(await service.ended()).toBe(0);
    expect(await missingOf(eventsIn(outcomes))).toEqual([]);
    const receivers = linesOf(service, 'event.received').map(({ pid }) => Number(pid));
    expect(new Set(receivers)).toEqual(new Set(pids));
    expect(linesOf(service, 'receiver.process.gone')).toEqual([]);
    expect(processesIn(site.cwd)).toEqual([]);
  });

  it('a killed one is replaced, and under load nothing is lost: only its own connections are cut', async () => {
    const { service, url } = await startTwo();
    const [victim = 0] = pidsOf(service);
    const outcomes: Outcome[] = [];
    let isOver = false;
    const sender = async (agent: Agent) => {
      for (let sent = 0; sent < 20_000 && !isOver; sent++) outcomes.push(await deliver(url, { agent }));
      agent.destroy();
    };
    // Half of them keep their connection, half come with a new one each time.
    const agents = Array.from({ length: 12 }, (_, index) => new Agent({ keepAlive: index % 2 === 0, maxSockets: 1 }));
    const senders = agents.map(sender);
    await until('deliveries are flowing', 20_000, () => eventsIn(outcomes).length >= 100);
    process.kill(victim, 'SIGKILL');
    const [, , heir = 0] = await listeners(service, 3);
    const received = () => linesOf(service, 'event.received').filter(({ pid }) => pid === heir).length;
    await until('the new one takes deliveries', 20_000, () => received() >= 20);
    expect(await service.end('SIGTERM')).toBe(0);
    isOver = true;
    await Promise.all(senders);

    expect(linesOf(service, 'receiver.process.gone')).toMatchObject([{ receiver: victim, againInMs: 0 }]);
    expect(service.output()).not.toMatch(hasStack);
    const others = outcomes.filter(({ status }) => status !== 202);
    // Those that were refused came after the end.
    expect(others.filter(({ error = '' }) => !cutOff.test(error) && error !== 'ECONNREFUSED')).toEqual([]);
    expect(await missingOf(eventsIn(outcomes))).toEqual([]);
  });

  it('a connection that was dealt to one that is frozen ends with it, and the others never notice', async () => {
    const { service, url } = await startTwo();
    const [frozen = 0] = pidsOf(service);
    process.kill(frozen, 'SIGSTOP');
    const outcomes: Outcome[] = [];
    const sent = Array.from({ length: 6 }, async () => outcomes.push(await deliver(url)));
    await until('the other one has answered all but one', 10_000, () => outcomes.length === 5);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill(202));
    process.kill(frozen, 'SIGKILL');
    await Promise.all(sent);
    expect(outcomes[5]).toMatchObject({ status: 0, error: expect.stringMatching(cutOff) });
    expect(await service.end('SIGTERM')).toBe(0);
  });

  it('without their primary they answer what is in flight and end by themselves', async () => {
    const { service, url } = await startTwo();
    const begun = await Promise.all([begin(url), begin(url)]);
    process.kill(service.pid, 'SIGKILL');
    await until('they have noticed', 10_000, () => linesOf(service, 'receiver.process.alone').length === 2);
    for (const { send } of begun) send();
    const outcomes = await Promise.all(begun.map(({ outcome }) => outcome));
    expect(outcomes.map(({ status }) => status)).toEqual([202, 202]);
    await until('no process left', 10_000, () => processesIn(site.cwd).length === 0);
    expect(await missingOf(eventsIn(outcomes))).toEqual([]);
  });

  it('have one configuration: a mistake is told by all, a killed one gets the old one, SIGHUP reaches all', async () => {
    // What the process has wins over .env.
    delete site.env.GITHUB_SECRET;
    const dotenv = join(site.cwd, '.env');
    writeFileSync(dotenv, `GITHUB_SECRET="${githubSecret}"\n`);
    const { service, url } = await startTwo();
    const file = join(site.cwd, 'statuswire.yaml');
    const right = readFileSync(file, 'utf8');
    const all = <T>(question: () => Promise<T>) => Promise.all(Array.from({ length: 6 }, question));
    const refusals = async () =>
      (await all(async () => (await fetch(`${url}/readyz`, { headers: { connection: 'close' } })).text())).filter(
        (text) => text.includes(': a fault; '),
      );

    writeFileSync(file, right.replace('set: solved', 'set: sovled'));
    await until('all tell of the mistake', 10_000, async () => (await refusals()).length === 6);
    process.kill(pidsOf(service)[0] ?? 0, 'SIGKILL');
    await listeners(service, 3);
    expect(await refusals()).toHaveLength(6);
    expect((await all(() => deliver(url))).map(({ status }) => status)).toEqual(Array(6).fill(202));

    writeFileSync(file, right);
    await until('none tells of a mistake', 10_000, async () => (await refusals()).length === 0);
    const secret = 'another secret of github';
    writeFileSync(dotenv, `GITHUB_SECRET="${secret}"\n`);
    process.kill(service.pid, 'SIGHUP');
    await until('all know the new secret', 10_000, async () => {
      return (await all(() => deliver(url, { secret }))).every(({ status }) => status === 202);
    });
    expect((await all(() => deliver(url))).map(({ status }) => status)).toEqual(Array(6).fill(401));
    expect(linesOf(service, 'config.refused')).toHaveLength(1);
    expect(await service.end('SIGTERM')).toBe(0);
  });

  it('tell once that the port is taken, and end with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await until('a taken port', 5_000, () => other.listening);
    const { port } = other.address() as { port: number };
    site.env.PORT = String(port);
    const service = site.run('receiver', '--processes', '3');
    expect(await service.ended()).toBe(1);
    expect(service.output().match(/the port is taken/g)).toHaveLength(1);
    expect(service.output()).not.toMatch(hasStack);
    expect(processesIn(site.cwd)).toEqual([]);
    other.close();
  });
});
