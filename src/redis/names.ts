// Owns every key name. All stand under one hash tag, so that a script may touch several of them in a cluster.

/** Key names under `{prefix}`; `prefix` is letters, digits, `.`, `_` or `-`. */
export function makeNames(prefix: string) {
  const tag = `{${prefix}}`;
  return {
    /** The hash tag itself: BullMQ's `prefix`, and the first key of every script, which builds the others from it. */
    tag,
    /** Where an event stands in the history, and its changes: `stream entry change change …`. */
    event: (id: string) => `${tag}:event:${id}`,
    /** How often the delivery of an event came again (`count`), and when it did last (`lastAt`). */
    duplicates: (eventId: string) => `${tag}:duplicates:${eventId}`,
    body: (eventId: string) => `${tag}:body:${eventId}`,
    change: (id: string) => `${tag}:change:${id}`,
    ticket: (id: string) => `${tag}:ticket:${id}`,
    lease: (ticket: string) => `${tag}:lease:${ticket}`,
    /** Tickets that are not in step, scored by the moment the next visit makes sense: the truth about what is open. */
    dirty: `${tag}:dirty`,
    /** Changes without a verdict, scored by when they were accepted, or by the moment they wait for. */
    open: `${tag}:open`,
    /** Changes that ended failed or expired and that nobody has retried or dropped, scored by when they ended. */
    failed: `${tag}:failed`,
    /** Changes over the cap of their rule that nobody has released or dropped, scored by when they ended. */
    held: `${tag}:held`,
    /** Changes that wait for their time, scored by it. */
    waiting: `${tag}:waiting`,
    /** The ticket that is remembered by a name. */
    link: (key: string) => `${tag}:link:${key}`,
    /** Ids of a location's tickets by their number, as last seen in its list. */
    numbers: (location: string) => `${tag}:numbers:${location}`,
    ledger: `${tag}:ledger`,
    /** Events that led to nothing: a ring beside the ledger, so that they push out nothing that happened. */
    unmatched: `${tag}:unmatched`,
    /** Ids of the ledger's entries that are attempts for one change, oldest first. */
    attemptsOf: (changeId: string) => `${tag}:attempts:${changeId}`,
    /** Ids of the changes of one ticket, oldest first. */
    changesOf: (ticket: string) => `${tag}:changes:${ticket}`,
    /** Rules on the clock that have a run to make or to finish. */
    runs: `${tag}:runs`,
    /** Where the run of a rule stands; `:lease` and `:cap` behind it name who runs it, and what its cap has let through. */
    run: (rule: string) => `${tag}:run:${rule}`,
    /** How many deliveries were turned away, by `source reason`. */
    rejected: `${tag}:rejected`,
    /** The same of one day (YYYY-MM-DD, UTC). */
    rejectedOn: (day: string) => `${tag}:rejected:${day}`,
    /** The last ones of one source as JSON, scored by when. */
    rejectedLast: (source: string) => `${tag}:rejected:last:${source}`,
    /** The number of the last batch that was taken in from a writer (once.lua). */
    batch: (writer: string) => `${tag}:batch:${writer}`,
    /** What all processes have counted, by the names of src/metrics/field.ts. */
    metrics: `${tag}:metrics`,
    pace: (account: string) => `${tag}:pace:${account}`,
    /** The tokens of an account with oauth, encrypted; whoever renews them holds this name with `:lock` behind it. */
    oauth: (account: string) => `${tag}:oauth:${account}`,
  } as const;
}

export type Names = ReturnType<typeof makeNames>;
