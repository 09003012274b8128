// The judge of a run: compares what senders were promised, what the vendor holds and what the ledger says. It gives
// sentences, one a fault; a good run has none.
import { openCore } from '../../../src/change/open-core.ts';
import type { EventStory } from '../../../src/ledger/ledger.ts';
import type { Simulator } from '../../../src/simulator/simulator.ts';
import { testAccount } from '../core.ts';
import { quiet } from '../redis-places.ts';
import { ask } from '../service.ts';
import { until } from '../until.ts';
import { fold } from './plan.ts';
import type { Acked } from './sender.ts';
import type { Site } from './site.ts';

export interface Evidence {
  readonly site: Site;
  readonly simulator: Simulator;
  readonly acked: readonly Acked[];
}

/** What is found in a run that has come to rest. */
export interface Judgement {
  readonly faults: readonly string[];
  /** How often an older wish of a ticket took effect after a newer one, healed or not. */
  readonly regressions: number;
  readonly verdicts: Readonly<Record<string, number>>;
}

/** Waits until nothing is open; says nothing about whether what was reached is right. */
export async function atRest(site: Site, withinMs: number): Promise<void> {
  const { client, names } = site;
  await until('every ticket is in step', withinMs, async () => {
    const [dirty, open] = await Promise.all([client.zcard(names.dirty), client.zcard(names.open)]);
    return dirty === 0 && open === 0;
  });
}

/** Judges promises 1, 2, 3 and 5. The receiver must be up: stories are asked for as an operator would. */
export async function judge({ site, simulator, acked }: Evidence): Promise<Judgement> {
  const stories = await askAll(site, acked);
  const faults = [
    ...acked.flatMap((one) => judgeEvent(one, stories.get(one.event))),
    ...judgeNames(acked),
    ...judgeVendor(simulator, acked),
    ...(await judgeStore(site, new Set(acked.map(({ event }) => event)).size)),
  ];
  const changes = [...stories.values()].flatMap((story) => story.changes);
  return {
    faults,
    regressions: countRegressions(simulator, changes),
    verdicts: count(changes.map(({ verdict = 'open' }) => verdict)),
  };
}

async function askAll(site: Site, acked: readonly Acked[]): Promise<Map<string, EventStory>> {
  const stories = new Map<string, EventStory>();
  const ids = [...new Set(acked.map(({ event }) => event))];
  const asker = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const story = await ask<Partial<EventStory>>(site.url, `/api/events/${id}`);
      if (isStory(story)) stories.set(id, story);
    }
  };
  await Promise.all(Array.from({ length: 8 }, asker));
  return stories;
}

/** What is not known is answered with a problem document. */
function isStory(story: Partial<EventStory>): story is EventStory {
  return story.changes !== undefined;
}

function judgeEvent({ told, event }: Acked, story: EventStory | undefined): string[] {
  if (story?.id !== event) return [`${told.delivery} was acknowledged as ${event}, which nobody knows`];
  const [change, ...more] = story.changes;
  if (change === undefined || more.length > 0) return [`${event} has ${story.changes.length} changes, not one`];
  if (change.ticket !== told.ticket || change.status !== told.status)
    return [`${event} says ${change.status} for ${change.ticket}, its sender said ${told.status} for ${told.ticket}`];
  if (change.verdict === undefined) return [`${change.id} of ${told.ticket} has no verdict`];
  return ['applied', 'unchanged', 'superseded'].includes(change.verdict)
    ? []
    : [`${change.id} of ${told.ticket} ended ${change.verdict}: ${change.reason}`];
}

/** One delivery is one event, however often it was sent. */
function judgeNames(acked: readonly Acked[]): string[] {
  const pairs = new Set(acked.map(({ told, event }) => `${told.delivery} ${event}`));
  const events = count([...pairs].map((pair) => pair.split(' ')[0] ?? ''));
  return Object.entries(events).flatMap(([delivery, n]) => (n === 1 ? [] : [`${delivery} became ${n} events`]));
}

function count(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function judgeVendor(simulator: Simulator, acked: readonly Acked[]): string[] {
  return [...fold(acked.map(({ told }) => told))].flatMap(([ticket, newest]) => {
    const status = simulator.ticket(ticket)?.ticket.status;
    return status === newest.status
      ? []
      : [`${ticket} is ${status} at the vendor, the newest wish is ${newest.status}`];
  });
}

async function judgeStore({ client, names }: Site, events: number): Promise<string[]> {
  const core = openCore({
    client,
    names,
    accounts: { main: testAccount('http://127.0.0.1:9') },
    newId: String,
    now: Date.now,
    log: quiet,
  });
  const { accepted, open, faults } = await core.audit(0);
  await core.close();
  const dirty = await client.zrange(names.dirty, 0, -1);
  const leases = await client.keys(names.lease('*'));
  return [
    ...faults.map((fault) => `audit: ${fault.change ?? fault.ticket} ${fault.what}`),
    ...(open === 0 ? [] : [`audit: ${open} changes are open`]),
    ...(accepted >= events ? [] : [`audit: ${accepted} changes were accepted, of ${events} events`]),
    ...dirty.map((ticket) => `${ticket} is not in step`),
    ...leases.map((lease) => `${lease} is still there`),
  ];
}

/** By the activities that the vendor named in its answers: which wish took effect when. */
function countRegressions(simulator: Simulator, changes: readonly EventStory['changes'][number][]): number {
  const orders = new Map<string, number>();
  for (const change of changes) {
    for (const { activity } of [change, ...change.attempts]) {
      if (hasId(activity)) orders.set(activity.id, Date.parse(change.orderedAt));
    }
  }
  let count = 0;
  for (const ticket of new Set(changes.map((change) => change.ticket))) {
    let newest = 0;
    for (const { activity } of simulator.ticket(ticket)?.history ?? []) {
      const order = orders.get(activity ?? '') ?? newest;
      if (order < newest) count += 1;
      newest = Math.max(newest, order);
    }
  }
  return count;
}

function hasId(activity: unknown): activity is { id: string } {
  return typeof activity === 'object' && activity !== null && 'id' in activity && typeof activity.id === 'string';
}
