// Owns every judgement about a change, as pure functions: the next step of a visit, what an answer means for the wish,
// and how long to wait. The table in docs/lifecycle.md says the same.
import type { Activity, Answer, Applied, Ticket } from '../ticket/answer.ts';
import type { Status } from '../ticket/ticket.ts';
import type { Verdict } from '../verdict.ts';

/** The ticket record as a visit reads it. Times are milliseconds by Redis' clock. */
export interface TicketRecord {
  readonly want: Status;
  readonly change: string;
  readonly version: string;
  readonly account: string;
  /** Whether the newest wish still has no verdict. */
  readonly isOpen: boolean;
  readonly acceptedAt: number;
  readonly deadlineAt: number;
  /** Failed attempts for the newest wish. */
  readonly attempts: number;
  /** Who wanted it: an event, or a rule on the clock, whose condition is read again right before acting. */
  readonly class: 'live' | 'clock';
  readonly rule: string;
  /** Guard: act only while the ticket has one of these; none: whatever it has. */
  readonly from: readonly Status[];
  /** The status that we applied last, and the activity that came of it. */
  readonly last?: Status;
  readonly lastActivity?: string;
  /** Set while nobody knows what the vendor made of some call. */
  readonly unknown?: { readonly untilAt: number; readonly sinceAt: number; readonly statuses: readonly Status[] };
}

/** What a visit does next. */
export type Step =
  | { readonly kind: 'put'; readonly reason: string }
  | { readonly kind: 'read'; readonly reason: string }
  | {
      readonly kind: 'end';
      readonly verdict: Verdict;
      readonly reason: string;
      readonly activity?: Activity;
    }
  /** Nothing is open any more; an outcome that was unknown is now known. */
  | { readonly kind: 'clear'; readonly reason: string };

/** Vendor clock and ours are compared through whole seconds of a Date header: this much may be error. */
const CLOCK_ERROR_MS = 1_500;

/** How long after its deadline the outcome of a last call is still looked for. */
const READ_AFTER_DEADLINE_MS = 60 * 60 * 1_000;

/** The next step for a ticket: pure. `seen` is the ticket as read during this visit, if it was. */
export function nextStep(
  record: TicketRecord,
  seen: Ticket | undefined,
  nowMs: number,
  stillHolds: StillHolds = always,
): Step {
  if (!record.isOpen && record.unknown === undefined) return { kind: 'clear', reason: 'in step' };
  const step = stepInTime(record, seen, stillHolds);
  if (nowMs <= record.deadlineAt) return step;
  // Past the deadline nothing is sent any more; what became of the last call is still read, but not for ever.
  const mayRead = record.unknown !== undefined && nowMs <= record.deadlineAt + READ_AFTER_DEADLINE_MS;
  return step.kind === 'put' || (step.kind === 'read' && !mayRead) ? afterDeadline(record) : step;
}

function stepInTime(record: TicketRecord, seen: Ticket | undefined, stillHolds: StillHolds): Step {
  const why = reasonToRead(record);
  if (why === undefined) return { kind: 'put', reason: 'the newest wish' };
  if (seen === undefined) return { kind: 'read', reason: why };
  const step = record.unknown !== undefined || record.attempts > 0 ? confirm(record, seen) : compare(record, seen);
  return step.kind === 'put' && record.isOpen ? (guard(record, seen, stillHolds) ?? step) : step;
}

/** Whether a rule on the clock still wants it of the ticket as it is now. */
export type StillHolds = (rule: string, ticket: Ticket) => { readonly holds: boolean; readonly reason: string };

const always: StillHolds = () => ({ holds: true, reason: 'nobody doubts it' });

/** Why the ticket has to be looked at before it is changed; undefined when it need not. */
function reasonToRead(record: TicketRecord): string | undefined {
  if (record.unknown !== undefined) return 'what became of an earlier call is unknown';
  // Also after a call that never left: it may have been hours ago, and a retry does not overrule a person.
  if (record.attempts > 0) return 'an earlier call failed';
  if (record.from.length > 0) return 'the rule acts only from certain statuses';
  if (record.class === 'clock') return 'the condition of a clock rule is read again right before acting';
  if (record.last === record.want) return 'the wish equals what was applied last';
  return undefined;
}

function compare(record: TicketRecord, seen: Ticket): Step {
  if (seen.status === record.want) {
    return { kind: 'end', verdict: 'unchanged', reason: `the ticket is ${seen.status} already` };
  }
  return { kind: 'put', reason: `the ticket is ${seen.status} by now` };
}

/** What keeps the wish from being sent, of the ticket as it is now. */
function guard(record: TicketRecord, seen: Ticket, stillHolds: StillHolds): Step | undefined {
  if (record.from.length > 0 && !record.from.includes(seen.status)) {
    const reason = `the ticket is ${seen.status}, and the rule acts only from ${record.from.join(', ')}`;
    return { kind: 'end', verdict: 'guarded', reason };
  }
  if (record.class !== 'clock') return undefined;
  const { holds, reason } = stillHolds(record.rule, seen);
  return holds ? undefined : { kind: 'end', verdict: 'guarded', reason: `no longer so: ${reason}` };
}

function afterDeadline(record: TicketRecord): Step {
  if (!record.isOpen) return { kind: 'clear', reason: 'the deadline has passed' };
  return {
    kind: 'end',
    verdict: 'expired',
    reason: `not applied before its deadline, after ${record.attempts} attempts`,
  };
}

/**
 * After an unknown outcome has settled: what does the ticket itself say? (delivery.md 1.3)
 * As we want it: done. Changed by our own late call, or by nobody: call (again). Changed by anyone else after the
 * newest wish: a person has decided, and a retry does not overrule a person.
 */
function confirm(record: TicketRecord, seen: Ticket): Step {
  const unknown = record.unknown ?? { sinceAt: record.acceptedAt, statuses: [], untilAt: 0 };
  const newest = seen.statusActivities[0];
  const madeAt = newest?.date === undefined ? Number.NaN : Date.parse(newest.date) - seen.clockOffsetMs;
  const isOurs =
    newest?.status !== undefined &&
    unknown.statuses.includes(newest.status) &&
    newest.id !== record.lastActivity &&
    !(madeAt < unknown.sinceAt - CLOCK_ERROR_MS);

  if (seen.status === record.want) {
    if (!record.isOpen) return { kind: 'clear', reason: 'the ticket is as we want it' };
    if (isOurs && newest.status === record.want) {
      return { kind: 'end', verdict: 'applied', reason: 'confirmed by reading the ticket', activity: newest };
    }
    return { kind: 'end', verdict: 'unchanged', reason: `the ticket is ${seen.status} already` };
  }
  const untouched =
    newest === undefined || newest.id === record.lastActivity || madeAt < unknown.sinceAt - CLOCK_ERROR_MS;
  if (untouched) return { kind: 'put', reason: 'the earlier call was not applied' };
  if (isOurs) return { kind: 'put', reason: 'an earlier call of ours was applied late' };
  if (madeAt < record.acceptedAt - CLOCK_ERROR_MS) return { kind: 'put', reason: 'the wish is newer than that change' };
  const reason = `somebody else set the ticket to ${seen.status} after the wish (activity ${newest.id})`;
  return record.isOpen ? { kind: 'end', verdict: 'guarded', reason, activity: newest } : { kind: 'clear', reason };
}

/** What an answer to the status call means for the wish. */
export type Judgement =
  | { readonly kind: 'applied'; readonly activity?: Activity }
  | { readonly kind: 'end'; readonly verdict: 'failed'; readonly reason: string }
  /** Later: `isUnknown` when the call may have been applied. */
  | { readonly kind: 'retry'; readonly isUnknown: boolean; readonly reason: string }
  /** Not now and not our fault: it costs no attempt. */
  | { readonly kind: 'hold'; readonly retryAfterMs?: number }
  /** The credentials are refused: the account is shut, and the wish has lost nothing. */
  | { readonly kind: 'shut'; readonly reason: string };

/** Judges the answer to a status call: pure and total. */
export function judgeApplied(answer: Answer<Applied>): Judgement {
  switch (answer.kind) {
    case 'done':
      return answer.value.activity === undefined
        ? { kind: 'applied' }
        : { kind: 'applied', activity: answer.value.activity };
    case 'throttled':
      return answer.retryAfterMs === undefined ? { kind: 'hold' } : { kind: 'hold', retryAfterMs: answer.retryAfterMs };
    case 'refused':
      return { kind: 'end', verdict: 'failed', reason: answer.why };
    case 'unauthorized':
      return { kind: 'shut', reason: answer.why };
    case 'failed':
      return { kind: 'retry', isUnknown: false, reason: answer.why };
    case 'unknown':
      return { kind: 'retry', isUnknown: true, reason: answer.why };
    default:
      return never(answer);
  }
}

/**
 * Exponential backoff with full jitter: anything from nothing to `base · 2^attempts`, at most ten minutes.
 * `attempts` counts those that failed before this one. State does not age, so there is no last attempt but a deadline.
 */
export function backoffMs(attempts: number, random: () => number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempts, 30));
  return Math.round(random() * ceiling);
}
const BACKOFF_BASE_MS = 1_000;
export const BACKOFF_CAP_MS = 10 * 60 * 1_000;

function never(value: never): never {
  throw new Error(`not a case: ${JSON.stringify(value)}`);
}
