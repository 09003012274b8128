// A run that dies between any two of its steps, with Redis and the vendor as plain objects: whoever takes it over goes on.
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../src/change/change.ts';
import { makeRulebook } from '../../../src/rule/rulebook.ts';
import type { List, Listed } from '../../../src/schedule/listing.ts';
import { makeRun, type RunParts } from '../../../src/schedule/run.ts';
import { LostRun, type Taken } from '../../../src/schedule/runs.ts';
import type { ListedTicket } from '../../../src/ticket/list.ts';
import { quiet } from '../../support/redis-places.ts';
import { configOf, location } from '../rule/config.ts';
import { now } from '../rule/given.ts';

const other = '1c7f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f';
const hold = { rule: 'rule-1', token: 'a' };

function ticket(number: number, locationRef: string): ListedTicket {
  const date = '2026-01-01T00:00:00Z';
  const dates = { createDate: date, updateDate: date, statusUpdateDate: date };
  return { id: `t${number}`, number, status: 'solved', type: 'other', description: '', locationRef, ...dates };
}

/** Two locations of three and two pages with ten tickets each. */
const pages: Readonly<Record<string, readonly ListedTicket[][]>> = {
  [location]: [0, 1, 2].map((page) => tens(page, location)),
  [other]: [3, 4].map((page) => tens(page, other)),
};

function tens(page: number, at: string): ListedTicket[] {
  return Array.from({ length: 10 }, (_, i) => ticket(page * 10 + i, at));
}

class Killed extends Error {}

/** A world in which the process dies before or after its step number `dieAt`; steps are calls of Redis and the vendor. */
function makeWorld(rules: { limit?: number; cap?: string; dryRun?: boolean } = {}) {
  const kept: { cursor?: string; plan?: { text: string; allowed: number }; summary?: object } = {};
  const delivered = new Map<string, Delivery>();
  const acted = new Set<string>();
  let capLeft = Number((rules.cap ?? '1000/1h').split('/')[0]);
  let steps = 0;
  let dieAt = Number.POSITIVE_INFINITY;

  async function step<T>(deed: () => T): Promise<T> {
    steps += 1;
    if (steps === dieAt) throw new Killed('before');
    const done = deed();
    steps += 1;
    if (steps === dieAt) throw new Killed('after');
    return done;
  }

  const list: List = ({ location: at, pageToken = '0' }) =>
    step((): Listed => {
      const page = Number(pageToken);
      const all = pages[at] ?? [];
      const tickets = (all[page] ?? []).map((one) => (acted.has(one.id) ? { ...one, status: 'closed' as const } : one));
      const next = page + 1 < all.length ? { nextPageToken: String(page + 1) } : {};
      return { kind: 'page', page: { tickets, unreadable: 0, ...next }, listedAt: now, calls: 1, waitedMs: 5 };
    });
  const parts: RunParts = {
    list,
    runs: {
      renew: () => step(() => now),
      plan: (_hold, { text, wishes }) =>
        step(() => {
          const allowed = Math.min(wishes, capLeft);
          capLeft -= allowed;
          kept.plan = { text, allowed };
          return allowed;
        }),
      save: (_hold, cursor) =>
        step(() => {
          kept.cursor = cursor;
          delete kept.plan;
        }),
      finish: (_hold, _account, summary) =>
        step(() => {
          kept.summary = summary;
        }),
      standings: (_rule, tickets) => step(() => tickets.map((id) => ({ isOpen: acted.has(id) }))),
    },
    accept: (delivery) =>
      step(() => {
        const duplicate = delivered.has(delivery.delivery.key);
        if (!duplicate) {
          delivered.set(delivery.delivery.key, delivery);
          for (const one of delivery.decisions) if (one.kind === 'matched') acted.add(one.ticket);
        }
        return { eventId: delivery.event.id, duplicate, conflict: false, changes: [] };
      }),
    newId: (prefix) => `${prefix}_${steps}`,
    log: quiet,
  };
  const [rule] = makeRulebook(
    configOf([{ every: '1h', locations: [location, other], when: 'true', limit: 1000, cap: '1000/1h', ...rules }]),
    'v1',
  ).clockRules;
  if (rule === undefined) throw new Error('the test needs a rule on the clock');

  return {
    kept,
    delivered,
    /** One process: until the end, or until it dies. */
    async live(resumed: number, killAt?: number): Promise<'ended' | 'killed'> {
      steps = 0;
      dieAt = killAt ?? Number.POSITIVE_INFINITY;
      const { cursor, plan } = kept;
      const saved = { ...(cursor === undefined ? {} : { cursor }), ...(plan === undefined ? {} : { plan }) };
      const taken: Taken = { run: 'run_1', startedAt: now, resumed, ...saved };
      try {
        await makeRun(parts)({ rule, version: 'v1' }, taken, hold, new AbortController().signal);
        return 'ended';
      } catch (error) {
        if (error instanceof Killed) return 'killed';
        throw error;
      }
    },
    parts,
    rule,
  };
}

const wishesOf = (world: ReturnType<typeof makeWorld>) =>
  [...world.delivered.values()].flatMap(({ decisions }) =>
    decisions.flatMap((one) => (one.kind === 'matched' ? [one] : [])),
  );

describe('a run', () => {
  it('names its pages one after the other, over all locations', async () => {
    const world = makeWorld();
    await world.live(0);
    const at = [location, location, location, other, other];
    expect([...world.delivered.keys()]).toEqual(at.map((place, i) => `run:run_1:${place}:${i}`));
    const [first] = world.delivered.values();
    expect(first).toMatchObject({ keepMs: 0, class: 'clock', version: 'v1', event: { source: 'clock', at: now } });
    expect(first?.event).toMatchObject({ type: 'clock.rule-1', body: { rule: 'rule-1', run: 'run_1', page: 0 } });
    expect(world.kept.summary).toMatchObject({ looked: 50, matched: 50, acted: 50, calls: 5, waitedMs: 25 });
  });

  it('that is killed at any step is resumed to the same end: each ticket once, no page skipped, counts that add up', async () => {
    const whole = makeWorld({ limit: 37, cap: '23/1h' });
    await whole.live(0);
    expect(whole.kept.summary).toMatchObject({ looked: 50, matched: 50, acted: 23, held: 14, left: 13 });
    const expected = wishesOf(whole);
    let kills = 0;
    for (let killAt = 1; ; killAt += 1) {
      const world = makeWorld({ limit: 37, cap: '23/1h' });
      if ((await world.live(0, killAt)) === 'ended') break;
      kills += 1;
      // Killed once more on the way, as long as that leaves something to do.
      await world.live(1, 5);
      // After the last step only the answer was lost; the run is over.
      if (world.kept.summary === undefined) await world.live(2);
      expect(wishesOf(world), `killed at step ${killAt}`).toEqual(expected);
      const { calls: _, waitedMs: __, resumed: ___, ...counts } = world.kept.summary as Record<string, unknown>;
      expect(counts).toMatchObject({ looked: 50, matched: 50, acted: 23, held: 14, left: 13, busy: 0 });
    }
    expect(kills).toBeGreaterThan(40);
  });

  it('does nothing of what it had planned when its rule was put on dry run since', async () => {
    const world = makeWorld();
    // Killed after the plan was written down and before it was wished.
    for (let killAt = 1; world.kept.plan === undefined; killAt += 1) await world.live(0, killAt);
    world.delivered.clear();
    const dry = { rule: { ...world.rule, dryRun: true }, version: 'v2' };
    const taken = { run: 'run_1', startedAt: now, resumed: 1, plan: world.kept.plan };
    await makeRun(world.parts)(dry, taken, hold, new AbortController().signal);
    expect(wishesOf(world).every(({ dryRun }) => dryRun)).toBe(true);
  });

  it('passes over a location that its rule no longer has', async () => {
    const world = makeWorld();
    await world.live(0, 3);
    const narrower = { ...world.rule, locations: [location] };
    await world.live(1, 14);
    const saved = world.kept.cursor === undefined ? {} : { cursor: world.kept.cursor };
    const taken = { run: 'run_1', startedAt: now, resumed: 2, ...saved };
    await makeRun(world.parts)({ rule: narrower, version: 'v2' }, taken, hold, new AbortController().signal);
    expect(wishesOf(world)).toHaveLength(30);
  });

  it('ends where it stands when somebody else has taken it', async () => {
    const world = makeWorld();
    const save = () => Promise.reject(new LostRun('gone'));
    const run = makeRun({ ...world.parts, runs: { ...world.parts.runs, save } });
    const taken = { run: 'run_1', startedAt: now, resumed: 0 };
    const order = { rule: world.rule, version: 'v1' };
    await expect(run(order, taken, hold, new AbortController().signal)).rejects.toBeInstanceOf(LostRun);
    expect(world.delivered.size).toBe(1);
    expect(world.kept.summary).toBeUndefined();
  });
});
