// Owns the receiver's log: one wide line per event, accepted or refused. Promises that no secret, signature, header or
// body gets into it: fields are named one by one, and texts of strangers are cut.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Event } from '../event.ts';
import type { Log } from '../log.ts';
import type { Decision } from '../rule/rule.ts';
import { type Refusal, requestIdOf } from './problem.ts';

/** A rule with `each` may decide about thousands of elements; the ledger has them all, a line has the first ones. */
const LISTED = 100;

/** Proven, but not by the newest secret that counts: someone has yet to change it, or to remove the old one. */
type OldSecret = true | undefined;

/** Tells of a 202. `durationMs` counts from the first byte we saw to the confirmation. */
export function tellReceived(
  log: Log,
  facts: {
    ids: ReturnType<typeof idsOf>;
    event: Event;
    stored: { readonly eventId: string; readonly duplicate: boolean; readonly changes: readonly string[] };
    decisions: readonly Decision[];
    notes: readonly string[];
    oldSecret?: OldSecret;
    bytes: number;
    durationMs: number;
  },
): void {
  const { ids, event, stored, decisions, notes, oldSecret, bytes, durationMs } = facts;
  const heard = decisions.filter((decision) => decision.kind !== 'unmatched');
  // Every field in its place, told or not: an object put together from parts takes the writer of lines twice the time.
  log[oldSecret ? 'warn' : 'info'](
    {
      requestId: ids.requestId,
      clientRequestId: ids.clientRequestId,
      event: stored.eventId,
      source: event.source,
      type: event.type.slice(0, 256),
      outcome: stored.duplicate ? 'duplicate' : 'accepted',
      duplicate: stored.duplicate,
      rules: listed(heard.map((decision) => decision.rule)),
      tickets: listed(heard.map((decision) => decision.ticket)),
      changes: listed(stored.changes),
      unmatched: decisions.length - heard.length,
      notes: notes.length === 0 ? undefined : listed(notes),
      oldSecret,
      bytes,
      durationMs,
    },
    'event.received',
  );
}

/** Tells of a proven delivery that wanted an answer and was no event. */
export function tellAnswered(
  log: Log,
  facts: { ids: ReturnType<typeof idsOf>; source: string; why: string; oldSecret: OldSecret; durationMs: number },
): void {
  const { ids, source, why, oldSecret, durationMs } = facts;
  log[oldSecret ? 'warn' : 'info'](
    { ...ids, source, outcome: 'answered', why, oldSecret, durationMs },
    'event.answered',
  );
}

/** Tells of a delivery or wish that was not accepted. 503 is a warning: it is us, not the sender. */
export function tellRefused(
  log: Log,
  facts: {
    ids: ReturnType<typeof idsOf>;
    source: string;
    refusal: Refusal;
    oldSecret?: OldSecret;
    durationMs: number;
  },
): void {
  const { ids, source, refusal, oldSecret, durationMs } = facts;
  log[refusal.status >= 500 || oldSecret ? 'warn' : 'info'](
    {
      ...ids,
      source: source.slice(0, 64),
      outcome: 'refused',
      status: refusal.status,
      why: refusal.why.slice(0, 256),
      oldSecret,
      durationMs,
    },
    'event.refused',
  );
}

/** Our request id, and the caller's when it looks like one: it helps to find the other side's log, and proves nothing. */
export function idsOf(req: IncomingMessage, res: ServerResponse) {
  const theirs = req.headers['x-request-id'];
  const isSane = typeof theirs === 'string' && /^[A-Za-z0-9._:-]{1,128}$/.test(theirs);
  return { requestId: requestIdOf(res), ...(isSane ? { clientRequestId: theirs } : {}) };
}

function listed(all: readonly string[]): readonly string[] {
  return all.length < 2 ? all : [...new Set(all)].slice(0, LISTED);
}
