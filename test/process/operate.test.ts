// What an operator does from the command line while the service runs: audit, failed, pause, and what /readyz says.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import type { ChangeStory } from '../../src/ledger/ledger.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { addressOf, apiToken, ask, type Installation, install } from '../support/service.ts';
import { until } from '../support/until.ts';

let simulator: Simulator;
let site: Installation;
beforeEach(async () => {
  simulator = await startSimulator({ autoCreate: false });
  site = install({ simulator, redisUrl: inject('redisUrl') });
});
afterEach(() => simulator.close());

async function post(url: string, path: string, body: object = {}): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiToken}` },
    body: JSON.stringify(body),
  });
}

async function wished(url: string, ticket: string): Promise<string> {
  const response = await post(url, '/api/changes', { ticket, status: 'solved' });
  return ((await response.json()) as { change: string }).change;
}

async function json<T>(...args: string[]): Promise<{ code: number | null; value: T }> {
  const running = site.run(...args, '--json');
  const code = await running.ended();
  return { code, value: JSON.parse(running.output()) as T };
}

it('failed changes are listed, shown, retried in bulk after a preview, and put away; the audit agrees', async () => {
  const url = await addressOf(site.run('start'));
  const [gone, back] = [randomUUID(), randomUUID()];
  const changes = [await wished(url, gone), await wished(url, back)];
  await until('both have failed', 20_000, async () => {
    const stories = await Promise.all(changes.map((id) => ask<ChangeStory>(url, `/api/changes/${id}`)));
    return stories.every(({ verdict }) => verdict === 'failed');
  });

  const listed = await json<ChangeStory[]>('failed', 'list');
  expect([listed.code, listed.value.map(({ id }) => id)]).toEqual([0, changes]);
  const shown = site.run('failed', 'show', changes[0] ?? '');
  expect(await shown.ended()).toBe(0);
  expect(shown.output()).toContain('HTTP 404');

  simulator.seed([{ id: back }]);
  const preview = site.run('failed', 'retry', '--ticket', back);
  expect(await preview.ended()).toBe(0);
  expect(preview.output()).toContain(`would retry ${changes[1]}`);
  expect(simulator.ticket(back)?.ticket.status).toBe('new');

  const retried = await json<{ id: string; kind: string; change: string }[]>(
    'failed',
    'retry',
    '--class',
    '404',
    '--yes',
  );
  expect(retried.value.map(({ kind }) => kind)).toEqual(['retried', 'retried']);
  await until('the ticket that is back is solved', 20_000, () => simulator.ticket(back)?.ticket.status === 'solved');
  const again = retried.value.find(({ id }) => id === changes[0])?.change ?? '';
  await until('the other has failed again', 20_000, async () => {
    return (await ask<ChangeStory>(url, `/api/changes/${again}`)).verdict === 'failed';
  });
  const dropped = site.run('failed', 'drop', again);
  expect([await dropped.ended(), dropped.output().trim()]).toEqual([0, `dropped ${again}`]);
  expect((await json<[]>('failed', 'list')).value).toEqual([]);

  const audited = await json<{ accepted: number; verdicts: Record<string, number>; open: number; faults: [] }>('audit');
  expect(audited).toMatchObject({
    code: 0,
    value: { accepted: 4, verdicts: { failed: 3, applied: 1 }, open: 0, faults: [] },
  });
});

it('a paused account sends nothing, /readyz names it, and what waits can be taken back', async () => {
  const url = await addressOf(site.run('start'));
  const [ticket = ''] = simulator.seed([{ id: randomUUID() }]);
  expect((await post(url, '/api/accounts/main/pause')).status).toBe(200);
  const change = await wished(url, ticket);
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([200, expect.stringContaining('an operator paused it')]);
  expect((await post(url, `/api/changes/${change}/cancel`)).status).toBe(200);
  expect((await post(url, '/api/accounts/main/resume')).status).toBe(200);
  await until('the change has its verdict', 10_000, async () => {
    return (await ask<ChangeStory>(url, `/api/changes/${change}`)).verdict === 'cancelled';
  });
  expect(simulator.stats().applied).toBe(0);
});

it('asking for all failed ones needs a filter in so many words', async () => {
  await addressOf(site.run('start'));
  const running = site.run('failed', 'retry');
  expect([await running.ended(), running.output()]).toEqual([1, expect.stringContaining('--since')]);
});
