// Owns how stories are read from Redis: the stream of entries, the index of each change, and the hashes of events, changes
// and ticket records.
import type { Names } from '../redis/names.ts';
import type { Decision } from '../rule/rule.ts';
import type { Attempt, ChangeStory, Entry, EventStory, Ledger, Query, TicketStory, ToldDecision } from './ledger.ts';

type Fields = Record<string, string>;
export type StreamEntry = [id: string, fields: string[]];

/** The commands that reading needs, as ioredis has them. */
export interface LedgerClient {
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
    const fields = await client.hgetall(names.event(id));
    if (fields.source === undefined) return undefined;
    const [entry] = fields.entry === undefined ? [] : await client.xrange(streamOf(fields), fields.entry, fields.entry);
    const { decisions, version } = entry === undefined ? noDecisions : decidedIn(toEntry(entry).data);
    const changes = await changesOf((fields.changes ?? '').split(' ').filter(Boolean));
    return {
      id,
      source: fields.source,
      type: fields.type ?? '',
      ...(fields.at === undefined || fields.at === '' ? {} : { at: iso(fields.at) }),
      receivedAt: iso(fields.receivedAt),
      duplicates: Number(fields.duplicates ?? 0),
      ...(version === undefined ? {} : { version }),
      decisions: joined(decisions, changes),
      changes,
    };
  }

  function streamOf({ stream }: Fields): string {
    return stream === 'unmatched' ? names.unmatched : names.ledger;
  }

  async function change(id: string): Promise<ChangeStory | undefined> {
    const fields = await client.hgetall(names.change(id));
    if (fields.ticket === undefined) return undefined;
    const { ticket, status = '', account = '', rule = '', cause = '' } = fields;
    return {
      id,
      ticket,
      status,
      account,
      rule,
      event: fields.event ?? '',
      cause,
      acceptedAt: iso(fields.acceptedAt),
      orderedAt: iso(fields.order),
      ...(fields.verdict === undefined ? {} : { verdict: fields.verdict }),
      ...(fields.endedAt === undefined ? {} : { endedAt: iso(fields.endedAt) }),
      ...(fields.reason === undefined ? {} : { reason: fields.reason }),
      ...(fields.by === undefined ? {} : { by: fields.by }),
      ...(fields.activity === undefined ? {} : { activity: JSON.parse(fields.activity) }),
      attempts: await attemptsOf(id),
    };
  }

  async function attemptsOf(id: string): Promise<Attempt[]> {
    const entries: Entry[] = [];
    for (const entryId of await client.lrange(names.ledgerOfChange(id), 0, -1)) {
      const [entry] = await client.xrange(names.ledger, entryId, entryId);
      if (entry !== undefined) entries.push(toEntry(entry));
    }
    return entries
      .filter((entry) => entry.kind === 'attempt')
      .map((entry) => ({ call: '', answer: '', ...(entry.data as object), at: entry.at }));
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

/** A raw entry of the stream. */
export function toEntry([id, flat]: StreamEntry): Entry {
  const fields: Fields = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] ?? ''] = flat[i + 1] ?? '';
  const { kind = '', data = '{}', ...about } = fields;
  return { id, at: iso(id.split('-')[0]), kind, ...about, data: JSON.parse(data) };
}

interface Decided {
  readonly decisions: readonly Decision[];
  readonly version?: string;
}

const noDecisions: Decided = { decisions: [] };

/** What an entry of kind `event` says; its own words are trusted, as we wrote them. */
export function decidedIn(data: unknown): Decided {
  const isOurs = typeof data === 'object' && data !== null && 'decisions' in data && Array.isArray(data.decisions);
  return isOurs ? (data as Decided) : noDecisions;
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

function iso(ms: string | undefined): string {
  const at = new Date(Number(ms ?? 0));
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
