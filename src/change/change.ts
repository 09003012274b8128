// Owns what goes through the commit point: a delivery with the decisions it led to, and what Redis answered.
import type { Event } from '../event.ts';
import type { Decision } from '../rule/rule.ts';

interface Named {
  readonly key: string;
  readonly windowMs: number;
}

/** An event about to be accepted, with all that has been decided about it. */
export interface Delivery {
  readonly event: Event;
  /** The bytes as they came; kept for replay as long as `keepMs` says (0: not at all). */
  readonly rawBody: Buffer;
  readonly keepMs: number;
  /** What names this delivery, and how long a repetition of that name is the same delivery. */
  readonly delivery: Named & {
    /** What it is recognised by under any other name: the bytes that would prove themselves again. */
    readonly replay?: Named | undefined;
  };
  /** Digest of the content, where the same name with other content is a conflict and not a repetition. */
  readonly digest?: string;
  readonly decisions: readonly Decision[];
  /** Which version of the rule file decided. */
  readonly version?: string | undefined;
  /** Default live. */
  readonly class?: Class;
}

/** What Redis has confirmed. */
export interface Accepted {
  /** The id under which the event is kept: the first delivery's, whichever delivery asks. */
  readonly eventId: string;
  readonly duplicate: boolean;
  /** The same name was used before with other content; nothing was stored. */
  readonly conflict: boolean;
  /** Ids of the changes the event led to. */
  readonly changes: readonly string[];
  /** Where the event stands in the history; not told of a conflict. */
  readonly entry?: { readonly stream: 'ledger' | 'unmatched'; readonly id: string };
}

/** Who goes first when calls are scarce. */
export type Class = 'live' | 'clock';

/** A visit to be queued: which ticket, through which account, and the number that names its job. */
export interface Appointment {
  readonly ticket: string;
  readonly account: string;
  readonly number: number;
  readonly delayMs: number;
  readonly class: Class;
  /** Overdue by so much that its first job may be stuck: it gets a second one, once. */
  readonly isLate?: boolean;
}
