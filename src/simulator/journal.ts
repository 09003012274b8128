// Owns the memory of what the simulator was asked: a bounded ring of calls and the counts over all of them. It keeps
// no secret: of the credentials it knows the kind and whether they were right.
import type { AuthKind } from './auth.ts';
import type { CallKind } from './faults.ts';
import { makeWindow } from './limit.ts';

/** How a call ended. `left`: the caller closed the connection before it was answered. */
export type Ending = 'open' | 'answered' | 'cut' | 'left';

/** One call, as seen from the vendor's side. */
export interface Seen {
  /** Counts from 1 since the start or the last reset. */
  readonly seq: number;
  /** Arrival: wall clock, and milliseconds since the simulator started. */
  readonly at: number;
  readonly elapsedMs: number;
  readonly kind: CallKind;
  readonly method: string;
  readonly path: string;
  readonly ticket?: string;
  readonly networkId?: string;
  readonly auth: { readonly kind: AuthKind; readonly right: boolean };
  /** The JSON of a status change, or the grant of a token call. */
  readonly body?: unknown;
  /** Over the limit. */
  readonly refused: boolean;
  /** A status took effect because of this call, perhaps later than the answer. */
  readonly applied: boolean;
  /** The fault that it met. */
  readonly fault?: string;
  readonly ending: Ending;
  /** The answer's status, if it was answered. */
  readonly status: number | null;
  readonly tookMs: number | null;
}

/** The same, while it is being written. */
export type Draft = { -readonly [K in keyof Seen]: Seen[K] };

/** Counts over all calls since the start or the last reset; the controls' own requests are not calls. */
export interface Stats {
  readonly calls: number;
  /** Calls whose status took effect. */
  readonly applied: number;
  /** 429 for going over the limit; a 429 asked for as a fault is not among them. */
  readonly refused: number;
  /** Calls that met a fault. */
  readonly faults: number;
  /** How many answers had which status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Calls that ended without an answer: cut, or left by the caller. */
  readonly unanswered: number;
  readonly inFlight: number;
  /** Arrivals, refused ones too, in the busiest sliding second. */
  readonly maxCallsInOneSecond: number;
  readonly maxInFlightPerTicket: number;
  /** Calls that the ring no longer holds. */
  readonly forgotten: number;
}

export interface JournalFilter {
  readonly ticket?: string;
  /** Only calls that arrived at or after this moment of the wall clock, in milliseconds. */
  readonly since?: number;
}

/** `keep`: calls in the ring. `onEnd` hears of each call once, when it has ended. */
export function makeJournal({ keep, onEnd }: { readonly keep: number; readonly onEnd: (seen: Seen) => void }) {
  const ring: Draft[] = [];
  const second = makeWindow(1000);
  const perTicket = new Map<string, number>();
  const answers: Record<string, number> = {};
  const counts = { calls: 0, applied: 0, refused: 0, faults: 0, unanswered: 0, inFlight: 0 };
  let maxCallsInOneSecond = 0;
  let maxInFlightPerTicket = 0;

  function countTicket(ticket: string | undefined, step: 1 | -1): void {
    if (ticket === undefined) return;
    const open = (perTicket.get(ticket) ?? 0) + step;
    if (open === 0) perTicket.delete(ticket);
    else perTicket.set(ticket, open);
    maxInFlightPerTicket = Math.max(maxInFlightPerTicket, open);
  }

  return {
    /** Writes an arrival down; the caller fills the draft in as the call goes on. */
    arrive(facts: Omit<Seen, 'seq' | 'applied' | 'ending' | 'status' | 'tookMs'>): Draft {
      const draft: Draft = {
        seq: counts.calls + 1,
        ...facts,
        applied: false,
        ending: 'open',
        status: null,
        tookMs: null,
      };
      ring[counts.calls % keep] = draft;
      counts.calls += 1;
      counts.inFlight += 1;
      if (facts.refused) counts.refused += 1;
      countTicket(facts.ticket, 1);
      second.add(facts.elapsedMs);
      maxCallsInOneSecond = Math.max(maxCallsInOneSecond, second.count(facts.elapsedMs));
      return draft;
    },
    applied(draft: Draft): void {
      draft.applied = true;
      counts.applied += 1;
    },
    met(draft: Draft, fault: string): void {
      draft.fault = fault;
      counts.faults += 1;
    },
    /** Ends a call; only the first ending counts. Say it before the last byte, so that no caller is faster. */
    end(draft: Draft, elapsedMs: number, ending: Exclude<Ending, 'open'>, status: number | null = null): void {
      if (draft.ending !== 'open') return;
      draft.ending = ending;
      draft.status = status;
      draft.tookMs = elapsedMs - draft.elapsedMs;
      counts.inFlight -= 1;
      countTicket(draft.ticket, -1);
      if (status === null) counts.unanswered += 1;
      else answers[status] = (answers[status] ?? 0) + 1;
      onEnd({ ...draft });
    },
    /** The calls of the ring that pass the filter, oldest first. */
    list({ ticket, since }: JournalFilter = {}): Seen[] {
      const start = counts.calls > keep ? counts.calls % keep : 0;
      return [...ring.slice(start), ...ring.slice(0, start)]
        .filter((seen) => (ticket === undefined || seen.ticket === ticket) && (since === undefined || seen.at >= since))
        .map((seen) => ({ ...seen }));
    },
    stats: (): Stats => ({
      ...counts,
      answers: { ...answers },
      maxCallsInOneSecond,
      maxInFlightPerTicket,
      forgotten: Math.max(0, counts.calls - keep),
    }),
  };
}
