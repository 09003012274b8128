// A wait is durable: it survives a kill -9 of everything that runs and a reload of the file, and still acts with its order.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sign } from '@octokit/webhooks-methods';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import type { EventStory } from '../../src/ledger/ledger.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { addressOf, ask, githubSecret, type Installation, install } from '../support/service.ts';
import { until } from '../support/until.ts';

const waits = `
  - name: closed-later
    on: github
    when: event.type == "issues.deleted"
    ticket: body.ticket
    set: closed
    from: [new]
    after: 6s
    unless: [{ on: github, when: event.type == "issues.restored" }]
`;

let simulator: Simulator;
let site: Installation;
beforeEach(async () => {
  simulator = await startSimulator();
  site = install({ simulator, redisUrl: inject('redisUrl'), rules: waits });
});
afterEach(() => simulator.close());

async function say(url: string, action: string, ticket: string): Promise<string> {
  const body = JSON.stringify({ action, ticket });
  const response = await fetch(`${url}/hooks/github`, {
    method: 'POST',
    headers: {
      'x-github-event': 'issues',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': await sign(githubSecret, body),
    },
    body,
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as { event: string }).event;
}

const verdictOf = async (url: string, event: string) =>
  (await ask<EventStory>(url, `/api/events/${event}`)).changes[0]?.verdict;

it('survives a kill -9, a restart and a reload; what ends it ends it, and a guard is looked at when it is over', async () => {
  const first = site.run('start');
  const before = await addressOf(first);
  const [kept, restored, taken] = [randomUUID(), randomUUID(), randomUUID()];
  const events: string[] = [];
  for (const ticket of [kept, restored, taken]) events.push(await say(before, 'deleted', ticket));
  await first.end('SIGKILL');

  const second = site.run('start');
  const url = await addressOf(second);
  const file = join(site.cwd, 'statuswire.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('after: 6s', 'after: 30d'));
  await second.line('config.reloaded');
  await say(url, 'restored', restored);
  simulator.setByHand(taken, 'inProgress');

  const verdicts = await until('all waits are over', 30_000, async () => {
    const all = await Promise.all(events.map((event) => verdictOf(url, event)));
    return all.every((verdict) => verdict !== undefined) && all;
  });
  expect(verdicts).toEqual(['applied', 'cancelled', 'guarded']);
  expect(simulator.ticket(kept)?.ticket.status).toBe('closed');
  expect(simulator.ticket(taken)?.ticket.status).toBe('inProgress');
});
