// Figures of a whole installation: what workers and receivers count in processes of their own, one receiver tells.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { readExposition } from '../support/exposition.ts';
import { addressOf, apiToken, type Installation, install } from '../support/service.ts';
import { until } from '../support/until.ts';

let simulator: Simulator;
let site: Installation;
beforeEach(async () => {
  simulator = await startSimulator();
  site = install({ simulator, redisUrl: inject('redisUrl') });
});
afterEach(() => simulator.close());

async function figures(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  return readExposition(await response.text()).values;
}

async function wish(url: string): Promise<void> {
  const response = await fetch(`${url}/api/changes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ticket: randomUUID(), status: 'solved' }),
  });
  expect(response.status).toBe(202);
}

describe('the figures of an installation', () => {
  it('have the calls of its workers, at whichever receiver they are asked for, and none is lost when a worker ends', async () => {
    const [one, other] = [site.run('receiver'), site.run('receiver')];
    const urls = [await addressOf(one), await addressOf(other)] as const;
    const workers = [site.run('worker'), site.runEntry('workers/changes')];
    for (const url of [...urls, ...urls, ...urls]) await wish(url);
    const applied = 'statuswire_changes_total{account="main",verdict="applied"}';
    await until('all have been applied', 30_000, async () => (await figures(urls[0])).get(applied) === 6);
    // They hand over what they have counted before they end.
    for (const worker of workers) expect(await worker.end('SIGTERM')).toBe(0);

    const [told, toldByOther] = [await figures(urls[0]), await figures(urls[1])];
    // A pace that grows may differ between two moments; what was counted does not.
    const counted = (values: typeof told) => [...values].filter(([name]) => /_total|_seconds_/.test(name));
    expect(counted(toldByOther)).toEqual(counted(told));
    const puts = simulator.requests({}).filter(({ method }) => method === 'PUT').length;
    const byAnswer = [...told].filter(([name]) => name.startsWith('statuswire_calls_total{account="main",call="put"'));
    expect(byAnswer.reduce((sum, [, value]) => sum + value, 0)).toBe(puts);
    expect(told.get('statuswire_calls_total{account="main",call="put",answer="done"}')).toBeGreaterThanOrEqual(6);
    expect(told.get('statuswire_call_seconds_count{account="main"}')).toBe(simulator.requests({}).length);
    expect(told.get('statuswire_wait_seconds_count{account="main"}')).toBeGreaterThanOrEqual(puts);
    expect(told.get('statuswire_changes_accepted_total{account="main"}')).toBe(6);
    expect(told.get('statuswire_changes_open')).toBe(0);
    for (const receiver of [one, other]) expect(await receiver.end('SIGTERM')).toBe(0);
  });
});
