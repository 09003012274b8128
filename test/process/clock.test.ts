// A rule on the clock over 230 tickets on three pages, in real processes, the first of them killed half way.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { TicketStory } from '../../src/ledger/ledger.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { addressOf, ask, install } from '../support/service.ts';
import { until } from '../support/until.ts';

const location = '0b6f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f';
const rule = `
  - name: close-solved
    every: 1d
    locations: [${location}]
    when: ticket.status == "solved" && now - timestamp(ticket.statusUpdateDate) > duration("96h")
    set: closed
    since: always
    limit: 1000
    cap: 1000/1h
`;

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.close());

/** 230 tickets, every sixth of them solved long ago. */
function seed(): { all: string[]; solved: string[] } {
  const all = simulator.seed(
    Array.from({ length: 230 }, (_, i) => ({
      id: randomUUID(),
      locationRef: location,
      status: i % 6 === 0 ? ('solved' as const) : ('new' as const),
      createDate: new Date(Date.parse('2025-12-01T00:00:00Z') + i * 60_000).toISOString(),
      statusUpdateDate: '2026-01-01T00:00:00Z',
    })),
  );
  return { all, solved: all.filter((_, i) => i % 6 === 0) };
}

const lists = () => simulator.requests().filter(({ kind }) => kind === 'list');
const puts = (ticket: string) => simulator.requests({ ticket }).filter(({ method }) => method === 'PUT');

describe('a worker that is killed while its rule reads the second page', () => {
  it('is followed by one that reads on: every ticket gets one wish and one call, no page is skipped', async () => {
    const { all, solved } = seed();
    const site = install({ simulator, redisUrl: inject('redisUrl'), rules: rule });
    simulator.addFault({ effect: { kind: 'delay', ms: 1_500 }, match: { kind: 'list' }, times: 2 });
    const first = site.run('worker');
    await until('the second page is asked for', 30_000, () => lists().length === 2);
    await first.end('SIGKILL');
    expect(first.lines().some(({ msg }) => msg === 'clock.ran')).toBe(false);

    const second = site.run('start');
    const url = await addressOf(second);
    const ran = await second.line('clock.ran', 40_000);
    expect(ran).toMatchObject({ rule: 'close-solved', looked: 230, matched: 39, acted: 39, left: 0, resumed: 1 });
    await until('all are closed', 40_000, () => solved.every((id) => simulator.ticket(id)?.ticket.status === 'closed'));
    for (const id of all) expect(puts(id)).toHaveLength(solved.includes(id) ? 1 : 0);
    const stories = await Promise.all(solved.map((id) => ask<TicketStory>(url, `/api/tickets/${id}`)));
    expect(stories.map(({ changes }) => changes.length)).toEqual(solved.map(() => 1));
    // The first page was not read again.
    const tokens = lists().map(({ path }) => new URL(path, simulator.url).searchParams.get('nextPageToken'));
    expect(tokens.filter((token) => token === null)).toHaveLength(1);
    expect(simulator.stats().maxCallsInOneSecond).toBeLessThanOrEqual(10);

    const { entries } = await ask<{ entries: { data: object }[] }>(url, '/api/ledger?kind=run');
    expect(entries).toMatchObject([{ kind: 'run', rule: 'close-solved', data: { looked: 230, acted: 39 } }]);
    expect(await second.end('SIGTERM')).toBe(0);
  });
});
