// Rules on the clock against the simulator, on a real Redis: what they make of pages of tickets, and what they leave alone.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, ConfigSchema } from '../../../src/config/schema.ts';
import type { Entry } from '../../../src/ledger/ledger.ts';
import { makeLedger } from '../../../src/ledger/redis-ledger.ts';
import { makeRulebook } from '../../../src/rule/rulebook.ts';
import { openRuns } from '../../../src/schedule/runs.ts';
import { makeStillHolds } from '../../../src/schedule/still-holds.ts';
import type { Seed } from '../../../src/simulator/contract.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { type ClockRules, type RunningClock, startClock } from '../../../workers/runs.ts';
import { startChanges } from '../../../workers/visits.ts';
import { makeTestCore, testAccount, wish } from '../../support/core.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';
import { quiet } from '../../support/redis-places.ts';
import { until } from '../../support/until.ts';

const here = '0b6f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f';
const there = '1c7f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f';
const longAgo = '2026-01-01T00:00:00.000Z';

let redis: TestRedis;
let simulator: Simulator;
const running: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  redis = await openTestRedis();
  simulator = await startSimulator({ rate: 1_000 });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
  await simulator.close();
  await redis.close();
});

/** A rule that closes what is solved; it runs once, at its start, and not again for a long time. */
const closing = {
  name: 'close-solved',
  every: '1d',
  locations: [here],
  when: 'ticket.status == "solved"',
  set: 'closed',
  since: 'always',
  limit: 1000,
  cap: '1000/1h',
};

type RawRule = Readonly<Record<string, unknown>>;

function rulesOf(...rules: RawRule[]): ClockRules {
  const config = ConfigSchema.parse({
    accounts: { main: { auth: { basic: { clientId: 'id', clientSecret: 'not-a-real-secret' } } } },
    rules: rules.map((rule) => ({ ...closing, ...rule })),
  });
  return makeRulebook(config, 'v1');
}

function setting(account: Partial<Config['accounts'][string]> = {}) {
  return {
    accounts: { main: testAccount(simulator.url, account) },
    redisUrl: redis.url,
    prefix: redis.names.tag.slice(1, -1),
    log: quiet,
  };
}

async function start(rules: ClockRules): Promise<RunningClock> {
  const clock = await startClock({ ...setting(), rules });
  running.push(clock);
  return clock;
}

async function work(rules: ClockRules): Promise<void> {
  running.push(await startChanges({ ...setting(), stillHolds: makeStillHolds(() => rules.clockRules) }));
}

interface Summary {
  readonly rule: string;
  readonly looked: number;
  readonly [count: string]: unknown;
}

/** The summaries of all runs so far, oldest first. */
async function summaries(): Promise<Summary[]> {
  const { entries } = await makeLedger(redis.client, redis.names).page({ limit: 100, kind: 'run' });
  return entries.reverse().map((entry: Entry) => entry.data as Summary);
}

const ran = (count = 1) =>
  until(`${count} runs`, 20_000, async () => {
    const all = await summaries();
    return all.length >= count && all;
  });

/** The rule is due once more, now. */
async function again(rule = closing.name): Promise<void> {
  await openRuns(redis.client, redis.names).owe(rule, Date.now());
}

function seed(count: number, more: (i: number) => Partial<Seed> = () => ({})): string[] {
  return simulator.seed(
    Array.from({ length: count }, (_, i) => ({
      id: randomUUID(),
      locationRef: here,
      status: 'solved' as const,
      createDate: new Date(Date.parse('2025-12-01T00:00:00Z') + i * 60_000).toISOString(),
      statusUpdateDate: longAgo,
      ...more(i),
    })),
  );
}

async function changesOf(ticket: string): Promise<Record<string, string>[]> {
  const ids = await redis.client.lrange(redis.names.changesOf(ticket), 0, -1);
  return Promise.all(ids.map((id) => redis.client.hgetall(redis.names.change(id))));
}

const lists = () => simulator.requests().filter(({ kind }) => kind === 'list');
const puts = (ticket: string) => simulator.requests({ ticket }).filter(({ method }) => method === 'PUT');

describe('a run', () => {
  it('looks at every page and changes each ticket that it is about once', async () => {
    const tickets = seed(230, (i) => ({ status: i % 3 === 0 ? 'new' : 'solved' }));
    const solved = tickets.filter((_, i) => i % 3 !== 0);
    const rules = rulesOf({});
    await work(rules);
    await start(rules);
    const [summary] = await ran();
    expect(summary).toMatchObject({
      ...{ rule: 'close-solved', looked: 230, matched: 153, acted: 153, held: 0, busy: 0, left: 0, calls: 3 },
      ...{ run: expect.stringMatching(/^run_/), resumed: 0, waitedMs: expect.any(Number) },
    });
    await until('all are closed', 25_000, () => solved.every((id) => simulator.ticket(id)?.ticket.status === 'closed'));
    for (const id of tickets) expect(puts(id)).toHaveLength(solved.includes(id) ? 1 : 0);
    const queries = lists().map(({ path }) => new URL(path, simulator.url).searchParams);
    expect(queries.map((query) => query.get('limit'))).toEqual(['100', '100', '100']);
  });

  it('makes one event a page, without a word of what people wrote', async () => {
    const [ticket = ''] = seed(1, () => ({ description: 'a private matter' }));
    await start(rulesOf({}));
    await ran();
    const [change] = await changesOf(ticket);
    expect(change).toMatchObject({ rule: 'close-solved', status: 'closed', class: 'clock' });
    const story = await makeLedger(redis.client, redis.names).event(change?.event ?? '');
    expect(story).toMatchObject({
      source: 'clock',
      type: 'clock.close-solved',
      decisions: [{ kind: 'matched', ticket }],
    });
    const kept = [change, await redis.client.xrange(redis.names.ledger, '-', '+')];
    expect(JSON.stringify(kept)).not.toContain('private');
  });

  it('reads each location, and goes on when one cannot be listed', async () => {
    seed(2);
    seed(3, () => ({ locationRef: there }));
    simulator.addFault({ effect: { kind: 'status', status: 404 }, match: { kind: 'list' } });
    await start(rulesOf({ locations: [here, there] }));
    const [summary] = await ran();
    expect(summary).toMatchObject({
      ...{ looked: 3, acted: 3 },
      warnings: [expect.stringContaining(`location ${here} cannot be listed`)],
    });
  });

  it('ends a location whose pages lead back to themselves, and says so', async () => {
    const body = JSON.stringify({ tickets: [], nextPageToken: 'again' });
    simulator.addFault({ effect: { kind: 'garbage', body }, match: { kind: 'list' }, times: 10 });
    await start(rulesOf({}));
    const [summary] = await ran();
    expect(summary).toMatchObject({ calls: 2, warnings: [`location ${here} names the same next page twice`] });
  });

  it('begins a location again, once, when the vendor no longer knows the token of a page', async () => {
    const tickets = seed(150);
    simulator.addFault({ effect: { kind: 'delay', ms: 300 }, match: { kind: 'list' } });
    await start(rulesOf({}));
    await until('the first page is asked for', 5_000, () => lists().length === 1);
    simulator.addFault({ effect: { kind: 'status', status: 400 }, match: { kind: 'list' } });
    const [summary] = await ran();
    expect(summary).toMatchObject({ looked: 250, acted: 150, busy: 100, calls: 4, warnings: [expect.any(String)] });
    for (const id of tickets) expect(await changesOf(id)).toHaveLength(1);
  });

  it('leaves out a ticket that is not as the contract has it, and counts it', async () => {
    const body = JSON.stringify({ tickets: [{ id: 'a', status: 'lost' }, 7] });
    simulator.addFault({ effect: { kind: 'garbage', body }, match: { kind: 'list' } });
    await start(rulesOf({}));
    expect((await ran())[0]).toMatchObject({ looked: 2, unreadable: 2, matched: 0 });
  });
});

describe('which tickets a rule leaves alone', () => {
  it('those in `except`, and those last set before `since`', async () => {
    const [spared = '', old = '', wanted = ''] = seed(3, (i) => ({
      statusUpdateDate: i === 1 ? '2026-01-31T23:59:59Z' : '2026-02-01T00:00:00Z',
    }));
    await start(rulesOf({ except: [spared.toUpperCase()], since: '2026-02-01' }));
    expect((await ran())[0]).toMatchObject({ looked: 3, matched: 1, acted: 1 });
    expect(await Promise.all([spared, old, wanted].map(async (id) => (await changesOf(id)).length))).toEqual([0, 0, 1]);
  });

  it('those that somebody else has an open wish for, also one that came while the page was on its way', async () => {
    const [before = '', meanwhile = '', free = ''] = seed(3);
    const { say, queue } = makeTestCore(redis.client, redis.names);
    running.push(queue);
    await say([wish(before, 'inProgress')]);
    simulator.addFault({ effect: { kind: 'delay', ms: 400 }, match: { kind: 'list' } });
    await start(rulesOf({}));
    await until('the page is asked for', 5_000, () => lists().length === 1);
    await say([wish(meanwhile, 'inProgress')]);
    expect((await ran())[0]).toMatchObject({ matched: 3, acted: 1, busy: 2 });
    expect((await changesOf(free)).map(({ rule }) => rule)).toEqual(['close-solved']);
    expect(await redis.client.hget(redis.names.ticket(meanwhile), 'want')).toBe('inProgress');
  });

  it('those whose change failed, until somebody sets their status or deals with the failure', async () => {
    const [failing = ''] = seed(2);
    simulator.addFault({ effect: { kind: 'status', status: 400 }, match: { ticket: failing, method: 'PUT' } });
    const rules = rulesOf({ limit: 1 });
    await work(rules);
    await start(rules);
    await ran();
    const failed = await until('it failed', 5_000, async () => (await changesOf(failing)).find((one) => one.verdict));
    expect(failed.verdict).toBe('failed');
    await again();
    // The limit of one is spent on the ticket behind it.
    expect((await ran(2))[1]).toMatchObject({ matched: 2, acted: 1, busy: 1, left: 0 });
    const [id = ''] = await redis.client.zrange(redis.names.failed, 0, -1);
    await redis.client.zrem(redis.names.failed, id);
    await again();
    expect((await ran(3))[2]).toMatchObject({ acted: 1, busy: 0 });
  });
});

describe('how much a rule may do', () => {
  it('`limit` changes a run, the oldest tickets first; the rest is left for the next', async () => {
    const tickets = seed(120);
    const rules = rulesOf({ limit: 105 });
    await work(rules);
    await start(rules);
    expect((await ran())[0]).toMatchObject({ looked: 120, matched: 120, acted: 105, left: 15 });
    const counts = await Promise.all(tickets.map(async (id) => (await changesOf(id)).length));
    expect(counts).toEqual(tickets.map((_, i) => (i < 105 ? 1 : 0)));
    await until('they are closed', 20_000, () => puts(tickets[104] ?? '').length === 1);
    await until('all are in step', 20_000, async () => (await redis.client.zcard(redis.names.dirty)) === 0);
    await again();
    expect((await ran(2))[1]).toMatchObject({ matched: 15, acted: 15, left: 0 });
  });

  it('what is over its cap is held, once, and tried again when an operator has dropped it', async () => {
    const tickets = seed(5);
    await start(rulesOf({ cap: '2/1h' }));
    expect((await ran())[0]).toMatchObject({ matched: 5, acted: 2, held: 3 });
    const verdicts = await Promise.all(tickets.map(async (id) => (await changesOf(id))[0]?.verdict));
    expect(verdicts).toEqual([undefined, undefined, 'held', 'held', 'held']);
    await again();
    expect((await ran(2))[1]).toMatchObject({ matched: 5, acted: 0, held: 0, busy: 5 });
    await redis.client.del(redis.names.held);
    await again();
    expect((await ran(3))[2]).toMatchObject({ acted: 0, held: 3, busy: 2 });
  });

  it('the cap slides: what it let through counts for its time, whichever run it was', async () => {
    const hold = { rule: 'r', token: 'a' };
    const runs = openRuns(redis.client, redis.names);
    const cap = { count: 3, perMs: 60_000 };
    await runs.owe('r', Date.now());
    await runs.take(hold, 'run_1');
    expect(await runs.plan(hold, { page: 0, text: '{}', wishes: 2, cap })).toBe(2);
    // The same command once more, after a cut connection, takes nothing twice.
    expect(await runs.plan(hold, { page: 0, text: '{}', wishes: 2, cap })).toBe(2);
    await runs.save(hold, '{}');
    expect(await runs.plan(hold, { page: 1, text: '{}', wishes: 2, cap })).toBe(1);
    await runs.save(hold, '{}');
    for (const member of await redis.client.zrange(`${redis.names.run('r')}:cap`, 0, 0)) {
      await redis.client.zincrby(`${redis.names.run('r')}:cap`, -60_001, member);
    }
    expect(await runs.plan(hold, { page: 2, text: '{}', wishes: 9, cap })).toBe(1);
  });

  it('on a dry run nothing, and it tells of each ticket once', async () => {
    const tickets = seed(3);
    const rules = rulesOf({ dryRun: true, limit: 2, cap: '1/1h' });
    await work(rules);
    await start(rules);
    expect((await ran())[0]).toMatchObject({ acted: 2, held: 0, left: 1, dryRun: true });
    await again();
    expect((await ran(2))[1]).toMatchObject({ acted: 1, busy: 2, left: 0 });
    const verdicts = await Promise.all(tickets.map(async (id) => (await changesOf(id)).map(({ verdict }) => verdict)));
    expect(verdicts).toEqual([['dry-run'], ['dry-run'], ['dry-run']]);
    expect(simulator.requests().filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  it('nothing to a ticket for which the condition no longer holds when its turn comes', async () => {
    const [ticket = ''] = seed(1);
    const rules = rulesOf({});
    await start(rules);
    await ran();
    simulator.setByHand(ticket, 'inProgress');
    await work(rules);
    const change = await until('a verdict', 5_000, async () => (await changesOf(ticket)).find((one) => one.verdict));
    expect(change).toMatchObject({
      verdict: 'guarded',
      reason: expect.stringContaining('ticket.status is "inProgress"'),
    });
    expect(puts(ticket)).toEqual([]);
  });
});

describe('trouble with the vendor', () => {
  it('is waited for: a 429, a 503, a cut connection', async () => {
    seed(1);
    const list = { kind: 'list' } as const;
    simulator.addFault({ effect: { kind: 'status', status: 429, retryAfter: '1' }, match: list });
    simulator.addFault({ effect: { kind: 'status', status: 503 }, match: list });
    simulator.addFault({ effect: { kind: 'cut' }, match: list });
    await start(rulesOf({}));
    expect((await ran())[0]).toMatchObject({ looked: 1, acted: 1, calls: 4, resumed: 0 });
    const [first, second] = lists();
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  it('shuts the account at refused credentials, and the run goes on when a probe finds them good', async () => {
    seed(1);
    simulator.set({ credentials: 'revoked' });
    await start(rulesOf({}));
    const pace = redis.names.pace('main');
    await until('the account is shut', 5_000, async () => (await redis.client.hget(pace, 'shut')) === 'unauthorized');
    expect(await summaries()).toEqual([]);
    simulator.set({ credentials: 'good' });
    await redis.client.hset(pace, 'probeAt', '0');
    expect((await ran())[0]).toMatchObject({ looked: 1, acted: 1, calls: 2 });
    expect(await redis.client.hget(pace, 'shut')).toBeNull();
  });
});

describe('over all processes', () => {
  it('one run of a rule at a time, and what comes due meanwhile makes one more', async () => {
    seed(150);
    simulator.addFault({ effect: { kind: 'delay', ms: 150 }, match: { kind: 'list' }, times: 100 });
    const rules = rulesOf({});
    await Promise.all([start(rules), start(rules), start(rules)]);
    await until('the first page is asked for', 5_000, () => lists().length === 1);
    for (let i = 0; i < 5; i++) await again();
    await ran(2);
    await until('nothing is owed', 5_000, async () => (await openRuns(redis.client, redis.names).owed()).length === 0);
    expect(await summaries()).toMatchObject([
      { looked: 150, acted: 150, resumed: 0 },
      { looked: 150, busy: 150 },
    ]);
    const calls = lists().sort((a, b) => a.elapsedMs - b.elapsedMs);
    const ends = calls.map(({ elapsedMs, tookMs }) => elapsedMs + (tookMs ?? 0));
    for (const [i, { elapsedMs }] of calls.slice(1).entries()) expect(elapsedMs).toBeGreaterThanOrEqual(ends[i] ?? 0);
  });

  it('a run that a process gives back is taken up by another, where it stopped', async () => {
    const tickets = seed(230);
    simulator.addFault({ effect: { kind: 'delay', ms: 300 }, match: { kind: 'list' }, times: 3 });
    const first = await start(rulesOf({}));
    await until('the second page is asked for', 5_000, () => lists().length === 2);
    await first.close();
    expect(await summaries()).toEqual([]);
    await start(rulesOf({}));
    expect((await ran())[0]).toMatchObject({ looked: 230, acted: 230, resumed: 1 });
    for (const id of tickets) expect(await changesOf(id)).toHaveLength(1);
  });

  it('whoever has lost the run stops, and moves it no further', async () => {
    const tickets = seed(150);
    simulator.addFault({ effect: { kind: 'delay', ms: 500 }, match: { kind: 'list' } });
    await start(rulesOf({}));
    await until('the first page is asked for', 5_000, () => lists().length === 1);
    await redis.client.set(`${redis.names.run('close-solved')}:lease`, 'another', 'PX', 1_000);
    expect((await ran())[0]).toMatchObject({ looked: 150, acted: 150, resumed: 1, calls: 2 });
    // The page that it had asked for when it lost the run was asked for once more.
    expect(lists()).toHaveLength(3);
    for (const id of tickets) expect(await changesOf(id)).toHaveLength(1);
  });
});

describe('when rules run', () => {
  it('again and again, every two seconds', async () => {
    await start(rulesOf({ every: '2s' }));
    const all = await ran(3);
    const at = all.map(({ startedAt }) => Date.parse(String(startedAt)));
    expect((at[2] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(2_500);
    expect(lists().length).toBe(all.length);
  });

  it('once for all the moments that passed while nobody was there', async () => {
    // Once a year: the moment is not met by chance.
    const rules = rulesOf({ every: undefined, cron: '0 8 29 2 *', timezone: 'Europe/Berlin' });
    const first = await start(rules);
    expect(await summaries()).toEqual([]);
    await first.close();
    running.length = 0;
    await redis.client.zadd(`${redis.names.tag}:clock:repeat`, Date.now() - 86_400_000, 'close-solved');
    await Promise.all([start(rules), start(rules)]);
    await ran();
    await until('nothing is owed', 5_000, async () => (await openRuns(redis.client, redis.names).owed()).length === 0);
    expect(await summaries()).toHaveLength(1);
  });

  it('not any more when they are gone from the file, not even to the end of a run', async () => {
    seed(230);
    simulator.addFault({ effect: { kind: 'delay', ms: 300 }, match: { kind: 'list' }, times: 3 });
    const clock = await start(rulesOf({ every: '1s' }));
    await until('the second page is asked for', 5_000, () => lists().length === 2);
    await clock.use(rulesOf({ name: 'another', locations: [there] }));
    expect(await ran()).toMatchObject([{ rule: 'another' }]);
    expect(await redis.client.zrange(`${redis.names.tag}:clock:repeat`, 0, -1)).toEqual(['another']);
    expect(await openRuns(redis.client, redis.names).owed()).toEqual([]);
    expect(await redis.client.exists(redis.names.run('close-solved'))).toBe(0);
    expect(lists().filter(({ path }) => path.includes(here))).toHaveLength(2);
  });
});
