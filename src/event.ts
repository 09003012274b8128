// Owns the glossary and the shape of an event; promises nothing else. The words hold in code, config, logs and docs:
//
//   source    a configured sender of webhooks: how it proves itself, how its requests become events
//   event     one accepted delivery in normal form
//   rule      "when this event and this condition, that ticket shall have this status"
//   decision  what one rule said about one event (and one element of it), with the reason
//   change    one wish that a rule produced: ticket, status, cause, order
//   ticket record  per ticket: the newest wish, what was last applied, who is working on it
//   visit     a queued job that brings one ticket from what it is to what we want; it carries the ticket id only
//   attempt   one call to the vendor
//   answer    what came back from one call
//   verdict   how a change ended; each change has exactly one
//   activity  the vendor's own record of the change
//   ledger    the append-only history of all of these
//   account   one set of Spacebring credentials with its own pace

/** One accepted delivery in normal form. Times are milliseconds since the epoch. */
export interface Event {
  /** Ours, `ev_…`; the same for every redelivery of the same delivery. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** The event's own time, where the source gives one; it orders the wishes of the event. */
  readonly at?: number;
  readonly receivedAt: number;
  /** Lower-case names; headers that carry proof or credentials are left out. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body. */
  readonly body: unknown;
}
