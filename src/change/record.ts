// Owns the ticket record's scripts as typed calls: accept (the commit point), begin, look, finish. What they promise stands
// in the head of each .lua file; this one only puts arguments in order and reads answers.
import { hash } from 'node:crypto';
import type { Argument, Script } from '../redis/script.ts';
import type { Decision } from '../rule/rule.ts';
import type { Activity } from '../ticket/answer.ts';
import { isStatus, type Status } from '../ticket/ticket.ts';
import type { Verdict } from '../verdict.ts';
import type { Accepted, Appointment, Class, Delivery } from './change.ts';
import { makeGroupCommit } from './group-commit.ts';
import type { TicketRecord } from './verdict.ts';

export interface RecordScripts {
  readonly accept: Script;
  readonly ripen: Script;
  readonly resolve: Script;
  readonly begin: Script;
  readonly look: Script;
  readonly finish: Script;
  readonly cancel: Script;
  readonly auditChange: Script;
  readonly auditTicket: Script;
}

export type Begun =
  | { readonly kind: 'clean' | 'busy' | 'early' }
  | { readonly kind: 'later'; readonly number: number; readonly delayMs: number }
  | { readonly kind: 'taken'; readonly redisNow: number; readonly record: TicketRecord };

export type Looked =
  | { readonly kind: 'lost' }
  | { readonly kind: 'held'; readonly delayMs: number }
  | { readonly kind: 'go'; readonly redisNow: number }
  | { readonly kind: 'record'; readonly redisNow: number; readonly record: TicketRecord };

/** How a visit ends. `sent` is set when a call was made that the vendor may have applied. */
export interface Ending {
  readonly outcome: 'applied' | 'ended' | 'retry' | 'release';
  readonly verdict?: Verdict;
  readonly reason?: string;
  readonly activity?: Activity;
  readonly isUnknown?: boolean;
  readonly waitMs?: number;
  readonly settleMs: number;
  readonly sent?: { readonly status: Status; readonly at: number };
  /** The ticket's newest status activity as this visit read it. */
  readonly seenActivity?: string | undefined;
  readonly attempts: readonly object[];
}

export interface Finished {
  readonly isLost: boolean;
  /** The next visit, when something is left to do. */
  readonly next?: { readonly number: number; readonly delayMs: number };
}

export interface Records {
  /**
   * The commit point. Resolves only when Redis has confirmed the event and every wish; the appointments are what may be
   * queued now. `newId` makes ids of changes; `deadlineMs` is per account.
   */
  accept(delivery: Delivery, parts: AcceptParts): Promise<{ accepted: Accepted; appointments: Appointment[] }>;
  /** Wishes that have waited their time enter their records; gives the visits they want. `limit`: at most so many. */
  ripen(limit: number): Promise<Appointment[]>;
  /** A numbered ticket was found (its id), or not (why); only for the holder of its lease. Gives the visits that follow. */
  resolve(reference: string, token: string, found: Found, attempts: readonly object[]): Promise<Appointment[]>;
  begin(ticket: string, token: string, leaseMs: number, settleMs: number): Promise<Begun>;
  /** `version`: about to be sent; the answer `go` means it is still the newest and is noted as under way. */
  look(ticket: string, token: string, leaseMs: number, isProbe: boolean, version?: string): Promise<Looked>;
  finish(ticket: string, token: string, worked: TicketRecord, ending: Ending): Promise<Finished>;
}

/** What came of looking for a ticket by its number. */
export type Found = { readonly ticket: string } | { readonly why: string };

export interface AcceptParts {
  readonly newId: (prefix: string) => string;
  readonly deadlineMs: (account: string) => number;
}

export function makeRecords(
  scripts: Pick<RecordScripts, 'accept' | 'ripen' | 'resolve' | 'begin' | 'look' | 'finish'>,
): Records {
  const acceptTogether = makeGroupCommit(scripts.accept);
  return {
    async accept(delivery, parts) {
      const reply = strings(await acceptTogether(acceptArguments(delivery, parts)));
      const [fresh, eventId = '', changeList = '', stream, entry = '', ...kicks] = reply;
      return {
        accepted: {
          eventId,
          duplicate: fresh === '0',
          conflict: fresh === 'conflict',
          changes: changeList === '' ? [] : changeList.split(' '),
          ...(stream === 'ledger' || stream === 'unmatched' ? { entry: { stream, id: entry } } : {}),
        },
        appointments: toAppointments(kicks),
      };
    },
    async ripen(limit) {
      return toAppointments(strings(await scripts.ripen(limit)));
    },
    async resolve(reference, token, found, attempts) {
      const [ticket, why] = 'ticket' in found ? [found.ticket, ''] : ['', found.why];
      const told = attempts.map((attempt) => JSON.stringify(attempt));
      return toAppointments(strings(await scripts.resolve(reference, token, ticket, why, ...told)));
    },
    async begin(ticket, token, leaseMs, settleMs) {
      const [kind, ...rest] = strings(await scripts.begin(ticket, token, leaseMs, settleMs));
      if (kind === 'taken') return { kind, redisNow: Number(rest[0]), record: toRecord(rest.slice(1)) };
      if (kind === 'later') return { kind, delayMs: Number(rest[0]), number: Number(rest[1]) };
      if (kind === 'clean' || kind === 'busy' || kind === 'early') return { kind };
      throw new Error(`begin answered ${kind}`);
    },
    async look(ticket, token, leaseMs, isProbe, version = '') {
      const [kind, ...rest] = strings(await scripts.look(ticket, token, leaseMs, version, isProbe ? '1' : ''));
      if (kind === 'lost') return { kind };
      if (kind === 'held') return { kind, delayMs: Number(rest[0]) };
      if (kind === 'go') return { kind, redisNow: Number(rest[0]) };
      if (kind === 'record') return { kind, redisNow: Number(rest[0]), record: toRecord(rest.slice(1)) };
      throw new Error(`look answered ${kind}`);
    },
    async finish(ticket, token, worked, ending) {
      const [kind, number = '', delay = '0'] = strings(
        await scripts.finish(ticket, token, ...endingArguments(worked, ending)),
      );
      const isLost = kind === 'lost';
      return number === '' ? { isLost } : { isLost, next: { number: Number(number), delayMs: Number(delay) } };
    },
  };
}

function acceptArguments(delivery: Delivery, parts: AcceptParts): Argument[] {
  const { event, decisions, version } = delivery;
  const { key, windowMs, replay } = delivery.delivery;
  const outcomes = outcomesAmong(decisions);
  const args = [
    event.id,
    markOf(event.source, key),
    windowMs,
    replay === undefined ? '' : markOf(event.source, replay.key),
    replay?.windowMs ?? 0,
    delivery.digest ?? '',
    delivery.keepMs,
    event.at ?? '',
    JSON.stringify(event.headers),
    delivery.keepMs === 0 ? '' : delivery.rawBody,
    JSON.stringify({ source: event.source, type: event.type, at: event.at, version, decisions }),
    outcomes.length,
  ];
  for (const outcome of outcomes) args.push(...outcomeArguments(outcome, delivery.class ?? 'live', parts));
  return args;
}

/** Names come from senders: whatever stands in them, as a key of Redis they are short and have no meaning of their own. */
function markOf(source: string, key: string): string {
  return `${source}:${hash('sha256', key, 'base64url').slice(0, 32)}`;
}

/** The decisions that lead to something, in the order in which they are taken. */
function outcomesAmong(decisions: readonly Decision[]): readonly Decision[] {
  const outcomes: Decision[] = [];
  for (const kind of OUTCOMES) {
    for (const decision of decisions) if (decision.kind === kind && !isTrial(decision)) outcomes.push(decision);
  }
  return outcomes;
}

/** A name before it is looked up, a wait before what may follow it: the order in which one event's outcomes are taken. */
const OUTCOMES = ['links', 'cancels', 'matched', 'shadowed'] as const;

/** A link on dry run is told in the event's decisions, and nothing is remembered. */
function isTrial(decision: Decision): boolean {
  return decision.kind === 'links' && decision.dryRun;
}

/** The thirteen arguments of one outcome, as the head of accept.lua names them. */
function outcomeArguments(outcome: Decision, kind: Class, parts: AcceptParts): (string | number)[] {
  const { rule, reason } = outcome;
  switch (outcome.kind) {
    case 'links':
      return ['', outcome.ticket, '', '', rule, 'link', reason, outcome.key, 0, kind, 0, '', ''];
    case 'cancels':
      return ['', outcome.ticket, '', '', rule, 'cancel', reason, '', 0, kind, 0, '', ''];
    case 'matched': {
      const { ticket, status, account, dryRun, held, afterMs = 0, from = [], at = '' } = outcome;
      const fate = dryRun ? 'dry-run' : held === true ? 'held' : 'wish';
      const deadlineMs = parts.deadlineMs(account);
      const tail = [deadlineMs, kind, afterMs, from.join(' '), at];
      return [parts.newId('ch'), ticket, status, account, rule, fate, reason, '', ...tail];
    }
    case 'shadowed': {
      const { ticket, status, account, by } = outcome;
      return [parts.newId('ch'), ticket, status, account, rule, 'shadowed', reason, by, 0, kind, 0, '', ''];
    }
    case 'unmatched':
      throw new Error(`rule ${rule} matched nothing, so there is nothing to accept`);
  }
}

function endingArguments(worked: TicketRecord, ending: Ending): (string | number)[] {
  return [
    worked.change,
    worked.version,
    ending.outcome,
    ending.verdict ?? '',
    ending.reason ?? '',
    ending.activity === undefined ? '' : JSON.stringify(ending.activity),
    ending.isUnknown === true ? '1' : '',
    Math.round(ending.waitMs ?? 0),
    ending.settleMs,
    ending.sent?.status ?? '',
    ending.sent?.at ?? '',
    worked.unknown?.untilAt ?? '',
    ending.seenActivity ?? '',
    ...ending.attempts.map((attempt) => JSON.stringify(attempt)),
  ];
}

function toAppointments(flat: readonly string[]): Appointment[] {
  const appointments: Appointment[] = [];
  for (let i = 0; i + 3 < flat.length; i += 4) {
    const [ticket = '', account = '', number, kind] = flat.slice(i, i + 4);
    appointments.push({
      ticket,
      account,
      number: Number(number),
      delayMs: 0,
      class: kind === 'clock' ? 'clock' : 'live',
    });
  }
  return appointments;
}

/** Reads a record's fields; what a script wrote is trusted, except that a missing field has to be told apart. */
function toRecord(flat: readonly string[]): TicketRecord {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '');
  const text = (name: string) => fields.get(name) ?? '';
  const number = (name: string) => Number(fields.get(name) ?? 0);
  const want = text('want');
  if (!isStatus(want)) throw new Error(`the ticket record holds no status that we know: ${want}`);
  const last = text('last');
  return {
    want,
    change: text('change'),
    version: text('version'),
    account: text('account'),
    isOpen: text('open') === '1',
    acceptedAt: number('acceptedAt'),
    deadlineAt: number('deadlineAt'),
    attempts: number('attempts'),
    class: text('class') === 'clock' ? 'clock' : 'live',
    rule: text('rule'),
    from: text('from').split(' ').filter(isStatus),
    ...(isStatus(last) ? { last } : {}),
    ...(fields.has('lastActivity') ? { lastActivity: text('lastActivity') } : {}),
    ...(fields.has('unknownUntil')
      ? {
          unknown: {
            untilAt: number('unknownUntil'),
            sinceAt: number('unknownSince'),
            statuses: text('unknownStatuses').split(' ').filter(isStatus),
          },
        }
      : {}),
  };
}

function strings(reply: unknown): string[] {
  if (!Array.isArray(reply)) throw new Error('a script answered something else than a list');
  return reply.map(String);
}
