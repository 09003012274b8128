// Owns the command whatif: a candidate file of rules over the events that are still stored, and what would have been
// different, ticket by ticket. Reads the ledger and does nothing else.

import { type StoredEvent, storedEvents } from '../ledger/stored-events.ts';
import { makeLog } from '../log.ts';
import { connect, waitReady } from '../redis/connection.ts';
import { makeNames } from '../redis/names.ts';
import type { Decision } from '../rule/rule.ts';
import { type Candidate, readCandidate } from './candidate.ts';
import { runFinite } from './finite.ts';
import { type Act, type Difference, differences } from './outcome.ts';
import { complain, count, Refusal, say, sayJson } from './output.ts';
import { REDIS_PATIENCE_MS } from './service.ts';
import { readSetup } from './setup.ts';
import { hasStore, openStore } from './store.ts';
import { tryEvent } from './trial.ts';

export interface WhatIfOptions {
  readonly rules: string;
  /** How far back, ms. */
  readonly since: number;
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

/** A private Redis that was started for the question ends in a moment. */
const CLOSE_MS = 15_000;
const PROGRESS_MS = 5_000;
/** Kept and told; what is beyond is counted. A candidate that changes everything is seen in the first thousand tickets. */
const MOST_TICKETS = 1_000;
const MOST_EVENTS_A_TICKET = 20;

/** What would have been otherwise at one event. */
type Told = Omit<Difference, 'ticket'> & {
  readonly event: string;
  readonly receivedAt: string;
  readonly source: string;
  readonly type: string;
  /** Why the candidate does nothing, where it does nothing. */
  readonly why?: readonly string[];
};

interface Result {
  /** Events of senders in the period; those of operators and of the clock are not decided by rules about events. */
  readonly events: number;
  readonly compared: number;
  readonly different: number;
  /** Not compared: their bodies are no longer kept. */
  readonly withoutBody: number;
  /** Not compared: the candidate could not read them, with the first reason. */
  readonly unreadable: number;
  readonly whyUnreadable?: string;
  readonly tickets: readonly { readonly ticket: string; readonly events: readonly Told[]; readonly more: number }[];
  /** Differences for tickets beyond those that are told. */
  readonly untold: number;
}

/** Prints what the candidate would have done otherwise in the last `since` ms. Throws Mistakes for a faulty candidate. */
export async function whatif(options: WhatIfOptions): Promise<void> {
  const candidate = readCandidate(options);
  const setup = readSetup(options.config);
  const { env } = setup;
  if (!hasStore(env)) {
    throw new Refusal(
      `There is nothing here yet: no ${env.STATUSWIRE_HOME}. Run this where Statuswire runs, or set REDIS_URL.`,
    );
  }
  const log = makeLog({ level: 'silent', name: 'whatif' });
  const result = await runFinite(CLOSE_MS, async (closers) => {
    const store = await closers.open('redis', () => openStore(setup, { log, progress: complain }));
    const client = connect({ url: store.url }, 'command', { log, random: Math.random });
    closers.add('client', () => client.disconnect());
    await waitReady(client, REDIS_PATIENCE_MS);
    const now = Date.now();
    return compareAll(storedEvents(client, makeNames(env.STATUSWIRE_PREFIX), now - options.since, now), candidate);
  });
  const { file, version } = candidate.loaded;
  if (options.json) sayJson({ rulesFile: file, version, ...result });
  else say(`${file}, version ${version}, over the events that are stored:`, '', ...tellResult(result));
}

/** Compares every event; nothing but what differs is kept. */
async function compareAll(events: AsyncIterable<StoredEvent>, candidate: Candidate): Promise<Result> {
  const tickets = new Map<string, { events: Told[]; more: number }>();
  const counts = { events: 0, compared: 0, different: 0, withoutBody: 0, unreadable: 0, untold: 0 };
  let whyUnreadable: string | undefined;
  let toldAt = Date.now();

  function keep(ticket: string, told: Told): void {
    const known = tickets.get(ticket);
    if (known === undefined && tickets.size >= MOST_TICKETS) counts.untold += 1;
    else if (known === undefined) tickets.set(ticket, { events: [told], more: 0 });
    else if (known.events.length < MOST_EVENTS_A_TICKET) known.events.push(told);
    else known.more += 1;
  }

  for await (const event of events) {
    if (isOwn(event, candidate)) continue;
    counts.events += 1;
    if (Date.now() - toldAt > PROGRESS_MS) {
      toldAt = Date.now();
      complain(`… ${count(counts.events, 'event')} so far, ${counts.different} of them different`);
    }
    if (event.rawBody === undefined) {
      counts.withoutBody += 1;
      continue;
    }
    const decided = decideAgain(event, event.rawBody, candidate);
    if (!decided.ok) {
      counts.unreadable += 1;
      whyUnreadable ??= decided.why;
      continue;
    }
    counts.compared += 1;
    const found = differences(event.decisions, decided.decisions);
    if (found.length > 0) counts.different += 1;
    for (const difference of found) keep(difference.ticket, toldOf(event, difference, decided.decisions));
  }
  const told = [...tickets].map(([ticket, { events, more }]) => ({ ticket, events, more }));
  return { ...counts, ...(whyUnreadable === undefined ? {} : { whyUnreadable }), tickets: told };
}

/** Asked for through the API, retried by an operator, found by the clock: no rule about events decided. */
function isOwn({ source, type }: StoredEvent, { sources }: Candidate): boolean {
  if (sources.has(source)) return source === 'api' && /^(change|link)\./.test(type);
  return source === 'api' || source === 'clock';
}

type Decided =
  | { readonly ok: true; readonly decisions: readonly Decision[] }
  | { readonly ok: false; readonly why: string };

/** What the candidate says. A source that it does not have would have been refused at the door. */
function decideAgain(event: StoredEvent, rawBody: Buffer, candidate: Candidate): Decided {
  const { id, source, type, at, receivedAt, headers } = event;
  const settings = Object.hasOwn(candidate.loaded.config.sources, source)
    ? candidate.loaded.config.sources[source]
    : undefined;
  if (settings === undefined) return { ok: true, decisions: [] };
  const body = parse(rawBody);
  if (body === undefined) return { ok: false, why: `${id}: the stored body is not JSON` };
  // What the source found by itself stands; what the candidate says in so many words is found anew.
  const own = {
    ...(settings.type === undefined ? { type } : {}),
    ...(settings.at === undefined && at !== undefined ? { at } : {}),
  };
  const trial = tryEvent(candidate, { id, source, receivedAt, headers, body: body.value ?? null, ...own }, receivedAt);
  return trial.ok ? { ok: true, decisions: trial.decisions } : { ok: false, why: `${id}: ${trial.expected}` };
}

function parse(rawBody: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(rawBody.toString('utf8').replace(/^\ufeff/, '')) };
  } catch {
    return undefined;
  }
}

function toldOf(event: StoredEvent, { before, after }: Difference, decisions: readonly Decision[]): Told {
  const { id, receivedAt, source, type } = event;
  const told = { event: id, receivedAt: new Date(receivedAt).toISOString(), source, type, before, after };
  if (after.length > 0) return told;
  const names = new Set(before.map(({ rule }) => rule));
  const silent = decisions.filter(({ rule, kind }) => names.has(rule) && (kind === 'unmatched' || kind === 'shadowed'));
  return { ...told, why: silent.slice(0, 3).map(({ rule, reason }) => `${rule}: ${reason}`) };
}

function tellResult({ events, compared, different, withoutBody, unreadable, whyUnreadable, tickets, untold }: Result) {
  const lines = tickets.flatMap(({ ticket, events: told, more }) => [
    `ticket   ${ticket}`,
    ...told.flatMap(tellOne),
    ...(more === 0 ? [] : [`  and at ${count(more, 'more event')}`]),
    '',
  ]);
  return [
    ...lines,
    ...(untold === 0 ? [] : [`${count(untold, 'more difference')} for tickets that are not told here.`]),
    `${count(compared, 'event')} of ${events} compared: ${different} would have been decided otherwise, for ${count(tickets.length, 'ticket')}.`,
    ...(withoutBody === 0
      ? []
      : [`${count(withoutBody, 'event')} left out: the body is no longer kept (\`keep\` of the source).`]),
    ...(unreadable === 0 ? [] : [`${count(unreadable, 'event')} left out, could not be read: ${whyUnreadable}`]),
    'Nothing was changed.',
  ];
}

function tellOne({ event, receivedAt, source, type, before, after, why = [] }: Told): string[] {
  return [
    `  ${receivedAt} ${source} ${type} ${event}`,
    ...tellActs('  - was  ', before),
    ...tellActs('  + now  ', after),
    ...why.map((reason) => `           ${reason}`),
  ];
}

function tellActs(sign: string, acts: readonly Act[]): string[] {
  if (acts.length === 0) return [`  ${sign}nothing`];
  return acts.map(({ rule, does }) => `  ${sign}${rule}: ${does}`);
}
