// What /metrics tells of the state, on a real Redis: counted where it happens, read in one step.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import type { GaugeName } from '../../../src/metrics/definitions.ts';
import { openState, type State } from '../../../src/metrics/state.ts';
import { openPaceScripts } from '../../../src/ticket/pace-scripts.ts';
import { makeTestCore, wish } from '../../support/core.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let core: ReturnType<typeof makeTestCore>;
let read: () => Promise<State>;
beforeEach(async () => {
  redis = await openTestRedis();
  core = makeTestCore(redis.client, redis.names);
  read = openState({ ...redis, paces: new Map([['main', 9.5]]) });
});
afterEach(async () => {
  await core.queue.close();
  await redis.close();
});

const gauge = ({ gauges }: State, metric: GaugeName, labels: object = {}) =>
  gauges.find((one) => one.metric === metric && JSON.stringify(one.labels) === JSON.stringify(labels))?.value;

describe('changes', () => {
  it('that were accepted are those with a verdict and those open, each counted where it happens', async () => {
    await core.say([
      wish('t1', 'solved'),
      wish('t2', 'solved', { dryRun: true }),
      wish('t3', 'solved', { held: true }),
    ]);
    await core.say([wish('t1', 'closed')]);
    await core.say([wish('t4', 'closed', { afterMs: 60_000 })]);
    const state = await read();
    expect(Object.fromEntries(state.sums)).toEqual({
      'changesAccepted|main': 5,
      'changes|main|dry-run': 1,
      'changes|main|held': 1,
      'changes|main|superseded': 1,
    });
    expect(gauge(state, 'changesOpen')).toBe(2);
    expect(gauge(state, 'changesWaiting')).toBe(1);
    expect(gauge(state, 'changesHeld')).toBe(1);
    expect(gauge(state, 'changesFailed')).toBe(0);
    expect(gauge(state, 'ticketsDirty')).toBe(1);
  });

  it('are counted once, however often their event is delivered', async () => {
    for (const _ of [1, 2, 3]) await core.say([wish('t1', 'solved')], { key: 'd-1' });
    expect((await read()).sums.get('changesAccepted|main')).toBe(1);
  });

  it('are as old as they have been due: what waits for its time is not, and what was taken back is not any more', async () => {
    const { changes: waits } = await core.say([wish('t1', 'solved', { afterMs: 60_000 })]);
    expect(gauge(await read(), 'oldestChange')).toBe(0);
    const { changes: due } = await core.say([wish('t2', 'solved')]);
    // As if it had been due for an hour.
    await redis.client.zincrby(redis.names.open, -3_600_000, due[0] ?? '');
    expect(gauge(await read(), 'oldestChange')).toBeCloseTo(3_600, -2);

    const scripts = openRecordScripts(redis.client, redis.names.tag);
    await scripts.cancel(due[0] ?? '');
    expect(gauge(await read(), 'oldestChange')).toBe(0);
    // Its time came a minute ago, and nobody was there to see it.
    for (const set of [redis.names.waiting, redis.names.open])
      await redis.client.zincrby(set, -120_000, waits[0] ?? '');
    expect(gauge(await read(), 'oldestChange')).toBeCloseTo(60, -1);
    await scripts.ripen(10);
    expect(gauge(await read(), 'oldestChange')).toBeCloseTo(60, -1);
    await scripts.cancel(waits[0] ?? '');
    expect(await redis.client.exists(redis.names.open)).toBe(0);
  });
});

describe('accounts', () => {
  it('that nothing was done with are open, at their full pace', async () => {
    const state = await read();
    expect(gauge(state, 'accountPace', { account: 'main' })).toBe(9.5);
    expect(gauge(state, 'accountHold', { account: 'main' })).toBe(0);
    const whys = ['operator', 'unauthorized', 'outage'] as const;
    expect(whys.map((why) => gauge(state, 'accountShut', { account: 'main', why }))).toEqual([0, 0, 0]);
  });

  it('show the hold and the lower pace after a 429, and why they are shut', async () => {
    const pace = openPaceScripts(redis.client, redis.names.tag);
    await pace.hold('main', 60_000, 60_000);
    await pace.gate('main', 'unauthorized', '', 'HTTP 401');
    const state = await read();
    expect(gauge(state, 'accountPace', { account: 'main' })).toBeCloseTo(9.5 * 0.7, 3);
    const hold = gauge(state, 'accountHold', { account: 'main' });
    expect(hold).toBeGreaterThan(0);
    expect(hold).toBeLessThanOrEqual(60);
    expect(gauge(state, 'accountShut', { account: 'main', why: 'unauthorized' })).toBe(1);
    expect(gauge(state, 'accountShut', { account: 'main', why: 'outage' })).toBe(0);
  });

  it('show the pace that grows, though nobody calls', async () => {
    const { client, names } = redis;
    // A share of a tenth, written half a minute ago: it has grown to the whole.
    await client.hset(names.pace('main'), { share: '0.1', shareAt: String(Date.now() - 30_000) });
    expect(gauge(await read(), 'accountPace', { account: 'main' })).toBe(9.5);
  });
});

describe('what is kept elsewhere', () => {
  it('is shown from there: history by its length, deliveries turned away by their own counts', async () => {
    await core.say([wish('t1', 'solved')]);
    await core.say([]);
    await redis.client.hset(redis.names.rejected, { 'github unproven': '3', '(unknown) unknown-source': '2' });
    const state = await read();
    expect(gauge(state, 'historyEntries', { list: 'ledger' })).toBe(2);
    expect(gauge(state, 'historyEntries', { list: 'unmatched' })).toBe(1);
    expect(state.sums.get('rejections|github|unproven')).toBe(3);
    expect(state.sums.get('rejections|(unknown)|unknown-source')).toBe(2);
  });
});
