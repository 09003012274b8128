// Owns how a story reads on a terminal: an event, a change or a ticket from its cause to the vendor's activity. Pure.
import { durationText } from '../moment.ts';
import type { Decision } from '../rule/rule.ts';
import type { Attempt, ChangeStory, EventStory, TicketStory, ToldDecision } from './ledger.ts';

/** The story of an event, one line a fact. */
export function tellEvent(story: EventStory): string[] {
  const { duplicates, lastDuplicateAt } = story;
  const last = lastDuplicateAt === undefined ? '' : `, last ${lastDuplicateAt}`;
  const times = duplicates === 0 ? '' : `, came ${duplicates} more time${duplicates === 1 ? '' : 's'}${last}`;
  return [
    `event    ${story.id}  ${story.source} ${story.type}`,
    `accepted ${story.receivedAt}${story.at === undefined ? '' : ` (its own time ${story.at})`}${times}`,
    ...(story.version === undefined ? [] : [`rules    version ${story.version}`]),
    ...(story.decisions.length === 0 ? ['rules    none listens to this source'] : story.decisions.map(tellTold)),
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
export function tellDecision(decision: Decision): string {
  const { rule, item, reason } = decision;
  return `rule     ${rule}${item === undefined ? '' : ` (element ${item})`} ${tellOutcome(decision)}, because ${reason}`;
}

function tellOutcome(decision: Decision): string {
  switch (decision.kind) {
    case 'matched':
      return `matched: ${tellWanted(decision)}`;
    case 'shadowed':
      return `shadowed by ${decision.by}: ${tellWanted(decision)}`;
    case 'cancels':
    case 'links':
      return tellWanted(decision);
    case 'unmatched':
      return 'did not match';
    default:
      return decision satisfies never;
  }
}

/** What a rule wants: of which ticket, when, under which guard. */
export function tellWanted(decision: Exclude<Decision, { kind: 'unmatched' }>): string {
  const { ticket } = decision;
  switch (decision.kind) {
    case 'cancels':
      return `ended its wait for ticket ${ticket}`;
    case 'links':
      return `remembers ticket ${ticket} as ${JSON.stringify(decision.key)}${decision.dryRun ? ' (dry run)' : ''}`;
    case 'shadowed':
      return `ticket ${ticket} shall be ${decision.status}`;
    case 'matched': {
      const { status, afterMs, from, dryRun, held } = decision;
      const wait = afterMs === undefined ? '' : ` after ${durationText(afterMs)}`;
      const guard = from === undefined ? '' : `, if it is ${from.join(' or ')} then`;
      return `ticket ${ticket} shall be ${status}${wait}${guard}${dryRun ? ' (dry run)' : ''}${held ? ' (over the cap)' : ''}`;
    }
    default:
      return decision satisfies never;
  }
}

/** The decision, and what became of it. */
function tellTold(decision: ToldDecision): string {
  const { change, verdict } = decision;
  const line = tellDecision(decision);
  if (change !== undefined) return `${line} → ${verdict ?? 'still open'}`;
  const isNamed = decision.kind === 'matched' && decision.ticket.startsWith('link:');
  return isNamed ? `${line} → no ticket was remembered by this name` : line;
}

/** One line for a call: how long it waited for the pace, what it was, what came back. */
function tellAttempt(attempt: Attempt): string {
  const { call, status, answer, httpStatus, said, why, waitedMs, durationMs } = attempt;
  const what = call === 'PUT' ? `PUT status ${status}` : 'GET ticket';
  const came = `${answer}${httpStatus === undefined ? '' : ` (${httpStatus})`}${said === undefined ? '' : `, ${said}`}`;
  const waited = waitedMs === undefined ? '' : ` after ${waitedMs} ms for the pace`;
  const took = durationMs === undefined ? '' : ` in ${durationMs} ms`;
  return `attempt  ${attempt.at} ${what}${waited}: ${came}${took}${why === undefined ? '' : ` — ${why}`}`;
}

/** One line for the vendor's record. */
function tellActivity(activity: unknown): string {
  const { id, previousStatus, status, date } = activity as Record<string, unknown>;
  return `activity ${id}  ${previousStatus ?? '?'} → ${status ?? '?'}${date === undefined ? '' : ` at ${date}`}`;
}
