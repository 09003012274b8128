// Owns how a story reads on a terminal: an event, a change or a ticket from its cause to the vendor's activity. Pure.
import type { Attempt, ChangeStory, EventStory, TicketStory } from './ledger.ts';

/** The story of an event, one line a fact. */
export function tellEvent(story: EventStory): string[] {
  const times =
    story.duplicates === 0 ? '' : `, came ${story.duplicates} more time${story.duplicates === 1 ? '' : 's'}`;
  return [
    `event    ${story.id}  ${story.source} ${story.type}`,
    `accepted ${story.receivedAt}${story.at === undefined ? '' : ` (its own time ${story.at})`}${times}`,
    ...(story.decisions.length === 0 ? ['rules    none listens to this source'] : story.decisions.map(tellDecision)),
    ...story.changes.flatMap(tellChange),
  ];
}

/** The story of a change. */
export function tellChange(story: ChangeStory): string[] {
  return [
    `change   ${story.id}  ticket ${story.ticket} shall be ${story.status} (rule ${story.rule}, account ${story.account})`,
    ...story.attempts.map(tellAttempt),
    story.verdict === undefined
      ? 'open     no verdict yet'
      : `verdict  ${story.verdict}${story.by === undefined ? '' : ` by ${story.by}`}${story.reason === undefined ? '' : `: ${story.reason}`}`,
    ...(story.activity === undefined ? [] : [tellActivity(story.activity)]),
  ];
}

/** The story of a ticket: what we want of it, and every change. */
export function tellTicket(story: TicketStory): string[] {
  const state = story.inStep ? 'in step' : `not in step, next visit ${story.dueAt ?? 'unknown'}`;
  return [
    `ticket   ${story.id}  wanted ${story.wanted}, ${state}`,
    ...(story.unknownUntil === undefined ? [] : [`unknown  the outcome of a call, until ${story.unknownUntil}`]),
    ...story.changes.flatMap((change) => [`event    ${change.event}  ${change.cause}`, ...tellChange(change)]),
  ];
}

/** One line for a rule's decision: what it said and why. */
export function tellDecision(decision: unknown): string {
  const { rule, reason } = decision as Record<string, unknown>;
  return `rule     ${rule} ${tellOutcome(decision as Record<string, unknown>)}, because ${reason}`;
}

function tellOutcome({ kind, ticket, status, by, key }: Record<string, unknown>): string {
  switch (kind) {
    case 'matched':
      return `matched: ticket ${ticket} shall be ${status}`;
    case 'shadowed':
      return `shadowed by ${by}`;
    case 'cancels':
      return `ended its wait for ticket ${ticket}`;
    case 'links':
      return `remembers ticket ${ticket} as ${JSON.stringify(key)}`;
    default:
      return 'did not match';
  }
}

/** One line for a call: how long it waited for the pace, what it was, what came back. */
export function tellAttempt(attempt: Attempt): string {
  const { call, status, answer, httpStatus, said, why, waitedMs, durationMs } = attempt;
  const what = call === 'PUT' ? `PUT status ${status}` : 'GET ticket';
  const came = `${answer}${httpStatus === undefined ? '' : ` (${httpStatus})`}${said === undefined ? '' : `, ${said}`}`;
  const waited = waitedMs === undefined ? '' : ` after ${waitedMs} ms for the pace`;
  const took = durationMs === undefined ? '' : ` in ${durationMs} ms`;
  return `attempt  ${attempt.at} ${what}${waited}: ${came}${took}${why === undefined ? '' : ` — ${why}`}`;
}

/** One line for the vendor's record. */
export function tellActivity(activity: unknown): string {
  const { id, previousStatus, status, date } = activity as Record<string, unknown>;
  return `activity ${id}  ${previousStatus ?? '?'} → ${status ?? '?'}${date === undefined ? '' : ` at ${date}`}`;
}
