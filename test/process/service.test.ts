// The service as real processes: what an operator starts, what senders send with their own libraries, what dies.
import { randomUUID } from 'node:crypto';
import { sign } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { EventStory } from '../../src/ledger/ledger.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type OwnRedis, spawnRedis } from '../support/redis.ts';
import { addressOf, ask, githubSecret, type Installation, install, svixSecret } from '../support/service.ts';
import { until } from '../support/until.ts';

let simulator: Simulator;
let site: Installation;
beforeEach(async () => {
  simulator = await startSimulator();
  site = install({ simulator, redisUrl: inject('redisUrl') });
});
afterEach(() => simulator.close());

interface Accepted {
  readonly event: string;
  readonly duplicate: boolean;
  readonly changes: number;
}

async function sendGithub(url: string, ticket: string, delivery: string = randomUUID()): Promise<Response> {
  const body = JSON.stringify({
    action: 'closed',
    issue: { body: `see https://app.example.org/tickets/${ticket}`, labels: [{ name: 'spacebring' }] },
  });
  return fetch(`${url}/hooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': delivery,
      'x-hub-signature-256': await sign(githubSecret, body),
    },
    body,
  });
}

const puts = (ticket: string) => simulator.requests({ ticket }).filter(({ method }) => method === 'PUT');

function untilEnded(url: string, event: string): Promise<EventStory> {
  return until(`a verdict for ${event}`, 30_000, async () => {
    const story = await ask<EventStory>(url, `/api/events/${event}`);
    return story.changes.length > 0 && story.changes.every(({ verdict }) => verdict !== undefined) && story;
  });
}

describe('statuswire start', () => {
  it('turns a delivery signed by GitHub’s library into one call, and tells the story', async () => {
    const service = site.run('start');
    const url = await addressOf(service);
    const ticket = randomUUID();
    const response = await sendGithub(url, ticket);
    expect(response.status).toBe(202);
    const accepted = (await response.json()) as Accepted;
    expect(accepted).toMatchObject({ duplicate: false, changes: 1 });
    const story = await untilEnded(url, accepted.event);
    expect(puts(ticket).map(({ body, auth }) => [body, auth])).toEqual([
      [{ ticket: { status: 'solved' } }, { kind: 'basic', right: true }],
    ]);
    const activity = simulator.ticket(ticket)?.activities.find(({ type }) => type === 'statusUpdated');
    expect(story.changes[0]).toMatchObject({ verdict: 'applied', activity: { id: activity?.id } });
    expect(story.decisions).toMatchObject([{ kind: 'matched', rule: 'solved-when-closed' }]);

    const explained = site.run('explain', accepted.event);
    expect(await explained.ended()).toBe(0);
    expect(explained.output()).toContain(String(activity?.id));
    const attempt = await service.line('change.attempted');
    expect(attempt).toMatchObject({ ticket, answer: 'done', activity: activity?.id });
    expect(await service.end('SIGTERM')).toBe(0);
    for (const secret of [githubSecret, svixSecret, 'simulator-secret']) expect(service.output()).not.toContain(secret);
  });

  it('takes the vendor’s own deliveries, signed as Standard Webhooks', async () => {
    const url = await addressOf(site.run('start'));
    const ticket = randomUUID();
    const body = JSON.stringify({ type: 'support.ticket.created', ticket: { id: ticket, status: 'new' } });
    const id = `msg_${randomUUID()}`;
    const at = new Date();
    const response = await fetch(`${url}/hooks/spacebring`, {
      method: 'POST',
      headers: {
        'svix-id': id,
        'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
        'svix-signature': new Webhook(svixSecret).sign(id, at, body),
      },
      body,
    });
    expect(response.status).toBe(202);
    await untilEnded(url, ((await response.json()) as Accepted).event);
    expect(simulator.ticket(ticket)?.ticket.status).toBe('inProgress');
  });

  it('makes one event and one call of a delivery that comes fifty times at once', async () => {
    const url = await addressOf(site.run('start'));
    const ticket = randomUUID();
    const delivery = randomUUID();
    const responses = await Promise.all(Array.from({ length: 50 }, () => sendGithub(url, ticket, delivery)));
    expect(responses.map(({ status }) => status)).toEqual(Array(50).fill(202));
    const answers = (await Promise.all(responses.map((response) => response.json()))) as Accepted[];
    expect(new Set(answers.map(({ event }) => event)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    await untilEnded(url, answers[0]?.event ?? '');
    expect(puts(ticket)).toHaveLength(1);
  });

  it('refuses an unproven delivery without a word about why, and a proven one that is not JSON with one', async () => {
    const service = site.run('start');
    const url = await addressOf(service);
    const forged = await fetch(`${url}/hooks/github`, {
      method: 'POST',
      headers: { 'x-hub-signature-256': 'sha256=00' },
      body: '{}',
    });
    expect(forged.status).toBe(401);
    const body = 'not json';
    const broken = await fetch(`${url}/hooks/github`, {
      method: 'POST',
      headers: { 'x-hub-signature-256': await sign(githubSecret, body), 'x-github-delivery': randomUUID() },
      body,
    });
    expect(broken.status).toBe(400);
    expect(broken.headers.get('content-type')).toContain('application/problem+json');
  });
});

describe('receiver and workers as processes of their own', () => {
  it('a worker killed between the call and its answer leaves one call, found by reading', async () => {
    const url = await addressOf(site.run('receiver'));
    const worker = site.runEntry('workers/changes');
    await worker.line('worker.started');
    const ticket = randomUUID();
    // The vendor applies the change and never answers: the worker dies waiting for the answer.
    simulator.addFault({ match: { method: 'PUT' }, times: 1, effect: { kind: 'hang', apply: true } });
    const accepted = (await (await sendGithub(url, ticket)).json()) as Accepted;
    await until('the call is at the vendor', 10_000, () => puts(ticket).length === 1);
    await worker.end('SIGKILL');
    site.run('worker');
    const story = await untilEnded(url, accepted.event);
    const activity = simulator.ticket(ticket)?.activities.find(({ type }) => type === 'statusUpdated');
    expect(story.changes[0]).toMatchObject({ verdict: 'applied', activity: { id: activity?.id } });
    expect(puts(ticket)).toHaveLength(1);
  });

  it('SIGTERM lets the call under way end and gives waiting tickets back at once', async () => {
    const url = await addressOf(site.run('receiver'));
    const worker = site.run('worker');
    await worker.line('worker.started');
    simulator.addFault({ match: { method: 'PUT' }, times: 1, effect: { kind: 'delay', ms: 700 } });
    const tickets = Array.from({ length: 12 }, () => randomUUID());
    const events: string[] = [];
    for (const ticket of tickets) events.push(((await (await sendGithub(url, ticket)).json()) as Accepted).event);
    await until('a call is under way', 10_000, () => simulator.stats().inFlight === 1);
    const before = performance.now();
    expect(await worker.end('SIGTERM')).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
    site.run('worker');
    for (const event of events) {
      expect((await untilEnded(url, event)).changes[0]).toMatchObject({ verdict: 'applied' });
    }
    for (const ticket of tickets) expect(puts(ticket)).toHaveLength(1);
  });

  it('three workers together keep the vendor’s limit and use it', async () => {
    const url = await addressOf(site.run('receiver'));
    const workers = [1, 2, 3].map(() => site.run('worker'));
    await Promise.all(workers.map((worker) => worker.line('worker.started')));
    const tickets = Array.from({ length: 60 }, () => randomUUID());
    const accepted = await Promise.all(
      tickets.map(async (ticket) => (await (await sendGithub(url, ticket)).json()) as Accepted),
    );
    for (const { event } of accepted) await untilEnded(url, event);
    const { refused, answers } = simulator.stats();
    expect({ refused, answers }).toEqual({ refused: 0, answers: { 200: 60 } });
  });
});

describe('Redis away', () => {
  let redis: OwnRedis;
  beforeEach(async () => {
    redis = await spawnRedis();
    site = install({ simulator, redisUrl: redis.url });
  });
  afterEach(() => redis.close());

  it('is answered 503 with Retry-After, stopped or frozen, and service is back by itself', async () => {
    const url = await addressOf(site.run('start'));
    const refusedQuickly = async () => {
      const before = performance.now();
      const response = await sendGithub(url, randomUUID());
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      return performance.now() - before;
    };
    redis.stop();
    expect(await refusedQuickly()).toBeLessThan(1_200);
    redis.cont();
    await until('service after the frost', 15_000, async () => (await sendGithub(url, randomUUID())).status === 202);
    await redis.kill();
    expect(await refusedQuickly()).toBeLessThan(1_200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await redis.restart();
    const ticket = randomUUID();
    const response = await until('service after the restart', 15_000, async () => {
      const again = await sendGithub(url, ticket);
      return again.status === 202 && again;
    });
    await untilEnded(url, ((await response.json()) as Accepted).event);
    expect(simulator.ticket(ticket)?.ticket.status).toBe('solved');
  });
});
