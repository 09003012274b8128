// Owns the decision: what each rule of a source says about an event, and which of two rules is heard. Pure and total:
// same event, same decisions, and no event makes it throw or work without bound.
import type { Event } from '../event.ts';
import { type Claims, makeClaims } from './claim.ts';
import { deedOf } from './deed.ts';
import type { Given } from './frame.ts';
import { running } from './limits.ts';
import { type Meter, makeMeter, makeSaid } from './meter.ts';
import type { Decision } from './rule.ts';
import type { Concern, Rulebook } from './rulebook.ts';
import { search } from './search.ts';

/**
 * One decision per rule of the event's source, in the order of the file; with `each` one per element, and with several
 * tickets one per ticket. For each ticket at most one rule is heard (`matched`, not a dry run). A rule with an `unless`
 * for the source has one decision more for each: the tickets whose wait ends, or why there is none.
 */
export function decide(rulebook: Rulebook, event: Event, now: number): Decision[] {
  const concerns = rulebook.concernedBy(event.source);
  if (concerns.length === 0) return [];
  const given = givenBy(event, now);
  const claims = makeClaims();
  const meters = makeMeters();
  return concerns.flatMap((concern) => decideConcern(concern, given, meters, claims));
}

/** The variables of an event's rules. */
function givenBy(event: Event, now: number): Given {
  const { id, source, type, at, receivedAt, headers, body } = event;
  const own = at === undefined ? {} : { at: new Date(at) };
  return { event: { id, source, type, ...own, receivedAt: new Date(receivedAt) }, headers, body, now: new Date(now) };
}

/** Does work on a meter of its own, filled for one rule from what is left for the event. */
type Metered = <T>(work: (meter: Meter) => T) => T;

function makeMeters(): Metered {
  const said = makeSaid();
  let stepsLeft: number = running.eventSteps;
  return (work) => {
    const allowance = Math.max(0, Math.min(running.ruleSteps, stepsLeft));
    const meter = makeMeter(allowance, said);
    const result = work(meter);
    stepsLeft -= allowance - Math.max(0, meter.left);
    return result;
  };
}

function decideConcern({ rule, listens, unless }: Concern, given: Given, metered: Metered, claims: Claims): Decision[] {
  const own = listens ? metered((meter) => search(rule.name, rule, given, meter, deedOf(rule, claims))) : [];
  if (unless.length === 0) return own;
  // What the rule itself has to say about a ticket is newer than its wait, and does not end it.
  const spoken = new Set(own.flatMap((one) => (one.kind === 'unmatched' ? [] : [one.ticket])));
  const ends = unless.flatMap((each) => metered((meter) => decideUnless(rule.name, each, given, meter, spoken)));
  return [...own, ...ends];
}

/** The tickets whose wait ends, each once for a rule; else one decision that says why there is none. */
function decideUnless(
  rule: string,
  unless: Concern['unless'][number],
  given: Given,
  meter: Meter,
  spoken: Set<string>,
): Decision[] {
  const found = search(rule, unless, given, meter, () => ({
    ok: true,
    decide: (at, ticket, reason) => ({ kind: 'cancels', rule, ...at, ticket, reason }),
  }));
  const cancels = new Map(
    found.flatMap((one) => (one.kind === 'cancels' && !spoken.has(one.ticket) ? [[one.ticket, one] as const] : [])),
  );
  for (const ticket of cancels.keys()) spoken.add(ticket);
  if (cancels.size > 0) return [...cancels.values()];
  const why = found.find(({ kind }) => kind === 'unmatched')?.reason ?? 'the rule already spoke about its tickets';
  return [{ kind: 'unmatched', rule, reason: `unless: ${why}` }];
}
