// Owns how stories are read from Redis: the stream of entries, the places of events and attempts in it, and the hashes of
// changes and ticket records.
import type { Names } from '../redis/names.ts';
import type { Decision } from '../rule/rule.ts';
import type { Attempt, ChangeStory, Entry, EventStory, Ledger, Query, TicketStory, ToldDecision } from './ledger.ts';

type Fields = Record<string, string>;
export type StreamEntry = [id: string, fields: string[]];

/** The commands that reading needs, as ioredis has them. */
export interface LedgerClient {
  get(key: string): Promise<string | null>;
  hgetall(key: string): Promise<Fields>;
  lrange(key: string, start: number, stop: number): Promise<string[]>;
  zscore(key: string, member: string): Promise<string | null>;
  xrange(key: string, start: string, end: string): Promise<StreamEntry[]>;
  xrevrange(key: string, end: string, start: string, count: 'COUNT', size: number): Promise<StreamEntry[]>;
}

/** Entries looked at for one page: filters must not make one request read the whole history. */
const PAGE_SCAN = 5_000;
const CHUNK = 500;
/** Changes told in one story; a longer one is cut, the newest stay. */
const STORY_CHANGES = 100;

export function makeLedger(client: LedgerClient, names: Names): Ledger {
  return { event, change, ticket, page };

  async function event(id: string): Promise<EventStory | undefined> {
    const [place, again] = await Promise.all([client.get(names.event(id)), client.hgetall(names.duplicates(id))]);
    if (place === null) return undefined;
    const [stream, entryId = '', ...changeIds] = place.split(' ').filter(Boolean);
    const entry = await entryAt(stream === 'unmatched' ? names.unmatched : names.ledger, entryId);
    if (entry === undefined) return undefined;
    const { source, type, at, version, decisions } = acceptedIn(entry.data);
    const changes = await changesOf(changeIds);
    return {
      id,
      source,
      type,
      ...(at === undefined ? {} : { at: iso(at) }),
      receivedAt: entry.at,
      duplicates: Number(again.count ?? 0),
      ...(again.lastAt === undefined ? {} : { lastDuplicateAt: iso(again.lastAt) }),
      ...(version === undefined ? {} : { version }),
      decisions: joined(decisions, changes),
      changes,
    };
  }

  async function entryAt(stream: string, id: string): Promise<Entry | undefined> {
    const [entry] = await client.xrange(stream, id, id);
    return entry === undefined ? undefined : toEntry(entry);
  }

  async function change(id: string): Promise<ChangeStory | undefined> {
    const fields = await client.hgetall(names.change(id));
    if (fields.ticket === undefined || fields.entry === undefined) return undefined;
    const { ticket, status = '', account = '', rule = '' } = fields;
    const [accepted, attempts] = await Promise.all([entryAt(names.ledger, fields.entry), attemptsOf(id)]);
    return {
      id,
      ticket,
      status,
      account,
      rule,
      event: fields.event ?? '',
      // The oldest history goes first: the reason of a change that was open for long may go before its end does.
      cause: String((accepted?.data as { reason?: unknown } | undefined)?.reason ?? ''),
      acceptedAt: momentOf(fields.entry),
      orderedAt: iso(fields.order),
      ...(fields.verdict === undefined ? {} : { verdict: fields.verdict }),
      ...(fields.endedAt === undefined ? {} : { endedAt: iso(fields.endedAt) }),
      ...(fields.reason === undefined ? {} : { reason: fields.reason }),
      ...(fields.by === undefined ? {} : { by: fields.by }),
      ...(fields.activity === undefined ? {} : { activity: JSON.parse(fields.activity) }),
      attempts,
    };
  }

  async function attemptsOf(id: string): Promise<Attempt[]> {
    const attempts: Attempt[] = [];
    for (const entryId of await client.lrange(names.attemptsOf(id), 0, -1)) {
      const entry = await entryAt(names.ledger, entryId);
      if (entry !== undefined) attempts.push({ call: '', answer: '', ...(entry.data as object), at: entry.at });
    }
    return attempts;
  }

  async function ticket(id: string): Promise<TicketStory | undefined> {
    const [record, changeIds] = await Promise.all([
      client.hgetall(names.ticket(id)),
      client.lrange(names.changesOf(id), -STORY_CHANGES, -1),
    ]);
    if (record.change === undefined && changeIds.length === 0) return undefined;
    const due = await client.zscore(names.dirty, id);
    const changes = await changesOf(changeIds.reverse());
    return {
      id,
      wanted: record.want ?? changes[0]?.status ?? '',
      inStep: due === null,
      ...(due === null ? {} : { dueAt: iso(due) }),
      ...(record.unknownUntil === undefined ? {} : { unknownUntil: iso(record.unknownUntil) }),
      ...(record.last === undefined ? {} : { lastApplied: record.last }),
      changes,
    };
  }

  async function changesOf(ids: readonly string[]): Promise<ChangeStory[]> {
    const told = await Promise.all(ids.slice(0, STORY_CHANGES).map(change));
    return told.filter((story) => story !== undefined);
  }

  async function page(query: Query): Promise<{ entries: Entry[]; next?: string }> {
    const found: Entry[] = [];
    // Events that led to nothing stand in a ring of their own, and are asked for by its name.
    const isRing = query.kind === 'unmatched';
    const stream = isRing ? names.unmatched : names.ledger;
    const wanted = isRing ? { ...query, kind: undefined } : query;
    let end = query.cursor === undefined ? '+' : `(${query.cursor}`;
    const start = query.since === undefined ? '-' : String(query.since);
    for (let scanned = 0; scanned < PAGE_SCAN; scanned += CHUNK) {
      const chunk = await client.xrevrange(stream, end, start, 'COUNT', CHUNK);
      for (const raw of chunk) {
        const entry = toEntry(raw);
        if (isWanted(entry, wanted)) found.push(entry);
        if (found.length === query.limit) return { entries: found, next: entry.id };
      }
      const last = chunk.at(-1);
      if (last === undefined || chunk.length < CHUNK) return { entries: found };
      end = `(${last[0]}`;
    }
    return { entries: found, next: end.slice(1) };
  }
}

function isWanted(entry: Entry, query: Query): boolean {
  return (['kind', 'rule', 'ticket', 'verdict'] as const).every(
    (name) => query[name] === undefined || entry[name] === query[name],
  );
}

/** A raw entry of the stream. What an event's headers were is kept for its replay, and is no part of its story. */
function toEntry([id, flat]: StreamEntry): Entry {
  const { kind = '', data = '{}', headers: _, ...about } = fieldsOf(flat);
  return { id, at: momentOf(id), kind, ...about, data: JSON.parse(data) };
}

/** The fields of an entry by name. */
export function fieldsOf(flat: readonly string[]): Fields {
  const fields: Fields = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] ?? ''] = flat[i + 1] ?? '';
  return fields;
}

/** What was accepted with an event: what an entry of kind `event` says. */
interface AcceptedEvent {
  readonly source: string;
  readonly type: string;
  /** Its own time, ms. */
  readonly at?: number;
  readonly decisions: readonly Decision[];
  /** The version of the rules that decided. */
  readonly version?: string;
}

/** The data of an entry of kind `event`; its own words are trusted, as we wrote them. */
export function acceptedIn(data: unknown): AcceptedEvent {
  return { source: '', type: '', decisions: [], ...(data as Partial<AcceptedEvent>) };
}

/**
 * Each decision that wanted a status beside its change. Changes are made of those that matched and then of the shadowed
 * ones; a wish for a name that nobody has remembered became none. A ticket that was named otherwise has its id by now.
 */
function joined(decisions: readonly Decision[], changes: readonly ChangeStory[]): ToldDecision[] {
  const left = [...changes];
  const changeOf = new Map<Decision, ChangeStory>();
  for (const kind of ['matched', 'shadowed'] as const) {
    for (const decision of decisions) {
      if (decision.kind !== kind || !isOf(left[0], decision)) continue;
      const change = left.shift();
      if (change !== undefined) changeOf.set(decision, change);
    }
  }
  return decisions.map((decision) => {
    const change = changeOf.get(decision);
    if (change === undefined) return decision;
    return { ...decision, change: change.id, ...(change.verdict === undefined ? {} : { verdict: change.verdict }) };
  });
}

function isOf(change: ChangeStory | undefined, wish: { rule: string; ticket: string; status: string }): boolean {
  if (change?.rule !== wish.rule || change.status !== wish.status) return false;
  return change.ticket === wish.ticket || /^(link|number):/.test(wish.ticket);
}

/** The moment of an entry, by its id (`ms-sequence`). */
function momentOf(entryId: string): string {
  return iso(entryId.split('-')[0]);
}

function iso(ms: string | number | undefined): string {
  const at = new Date(Number(ms ?? 0));
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
