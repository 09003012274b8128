// Owns the shape of a told story: what anyone may ask of the ledger, and what comes back. Reads only; entries are written
// by the scripts that make them true (ledger.lua). All moments are ISO 8601, by Redis' clock.
import type { Decision } from '../rule/rule.ts';

/** One line of history. `data` is what belongs to its kind. */
export interface Entry {
  readonly id: string;
  readonly at: string;
  /** event, change, attempt, verdict, link, unlinked, hold, account, run. */
  readonly kind: string;
  readonly event?: string;
  readonly change?: string;
  readonly ticket?: string;
  readonly rule?: string;
  readonly account?: string;
  readonly verdict?: string;
  readonly data: unknown;
}

/** A wish from its cause to its verdict. */
export interface ChangeStory {
  readonly id: string;
  readonly ticket: string;
  readonly status: string;
  readonly account: string;
  readonly rule: string;
  readonly event: string;
  /** Why the rule wanted it. */
  readonly cause: string;
  readonly acceptedAt: string;
  /** What decides which of two wishes is the newer: the event's own time, else arrival. */
  readonly orderedAt: string;
  /** Missing while the wish is open. */
  readonly verdict?: string;
  readonly endedAt?: string;
  readonly reason?: string;
  /** The change or rule that won, where this one was overtaken or shadowed. */
  readonly by?: string;
  readonly activity?: unknown;
  readonly attempts: readonly Attempt[];
}

/** One call to the vendor, as the worker noted it. */
export interface Attempt {
  readonly at: string;
  readonly call: string;
  readonly answer: string;
  readonly [fact: string]: unknown;
}

/** What a rule said about an event; where it wanted a status, also the change that came of it and how that ended. */
export type ToldDecision = Decision & {
  readonly change?: string;
  /** Missing while the change is open. */
  readonly verdict?: string;
};

export interface EventStory {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly at?: string;
  readonly receivedAt: string;
  /** How often the same delivery came again. */
  readonly duplicates: number;
  readonly lastDuplicateAt?: string;
  /** Which version of the rule file decided. */
  readonly version?: string;
  /** At least one for every rule of the source, in the order of the file. */
  readonly decisions: readonly ToldDecision[];
  readonly changes: readonly ChangeStory[];
}

export interface TicketStory {
  readonly id: string;
  /** What we want, and whether the vendor is known to hold it. */
  readonly wanted: string;
  readonly inStep: boolean;
  /** When the next visit is due, while not in step. */
  readonly dueAt?: string;
  /** Until when the outcome of some call is unknown. */
  readonly unknownUntil?: string;
  readonly lastApplied?: string;
  /** Newest first, at most the last 1000. */
  readonly changes: readonly ChangeStory[];
}

export interface Query {
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly kind?: string | undefined;
  readonly rule?: string | undefined;
  readonly ticket?: string | undefined;
  readonly verdict?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
}

export interface Ledger {
  event(id: string): Promise<EventStory | undefined>;
  change(id: string): Promise<ChangeStory | undefined>;
  ticket(id: string): Promise<TicketStory | undefined>;
  /** Newest first. `next` continues; a page may hold fewer than `limit` although more follow. */
  page(query: Query): Promise<{ entries: Entry[]; next?: string }>;
}
