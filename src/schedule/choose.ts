// Owns which tickets of a page become wishes: those the rule wants and nobody is busy with, up to the rule's limit. Pure.
import { toMoment } from '../moment.ts';
import { type ClockTicket, type CompiledClockRule, decideClock } from '../rule/clock-rule.ts';
import type { Decision } from '../rule/rule.ts';
import type { Standing } from './runs.ts';

export type Wish = Extract<Decision, { kind: 'matched' }>;

/** A ticket that the rule wants something of. */
export interface Match {
  readonly ticket: ClockTicket;
  readonly wish: Wish;
}

/** What the rule wants of these tickets at `nowMs`; a ticket that is there twice counts once. */
export function matchesOf(rule: CompiledClockRule, tickets: readonly ClockTicket[], nowMs: number): Match[] {
  const { name, account, dryRun } = rule;
  const unique = new Map(tickets.map((ticket) => [ticket.id, ticket]));
  return [...unique.values()].flatMap((ticket) => {
    const decision = decideClock(rule, ticket, nowMs);
    if (decision.kind !== 'matched') return [];
    const { status, reason } = decision;
    return [{ ticket, wish: { kind: 'matched', rule: name, ticket: ticket.id, status, account, dryRun, reason } }];
  });
}

export interface Chosen {
  readonly wishes: readonly Wish[];
  readonly busy: number;
  /** For the next run. */
  readonly left: number;
}

/** `standings` in the order of `matches`; `room`: how many wishes the run may still make. */
export function choose(matches: readonly Match[], standings: readonly Standing[], room: number): Chosen {
  const free = matches.filter((match, i) => !isBusy(match, standings[i]));
  const wishes = free.slice(0, Math.max(0, room)).map(({ wish }) => wish);
  return { wishes, busy: matches.length - free.length, left: free.length - wishes.length };
}

/**
 * Whether the ticket is in somebody's hands: a wish is open, an operator has yet to release what the cap held, or this very
 * wish has failed (or, on a dry run, was told) and the ticket's status has not been touched since. A rule that wished
 * those again at every run would never get beyond its limit to the tickets behind them.
 */
function isBusy({ ticket, wish }: Match, standing: Standing | undefined): boolean {
  if (standing === undefined) return false;
  if (standing.isOpen) return true;
  const { newest } = standing;
  if (newest === undefined || newest.status !== wish.status) return false;
  const touchedAt = toMoment(ticket.statusUpdateDate ?? ticket.createDate) ?? 0;
  switch (newest.verdict) {
    case 'held':
      return true;
    case 'failed':
    case 'expired':
      return touchedAt <= newest.acceptedAt;
    case 'dry-run':
      return wish.dryRun && touchedAt <= newest.acceptedAt;
    default:
      return false;
  }
}
