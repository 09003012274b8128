// Owns the decision: what each rule of a source says about an event, and which of two rules is heard. Pure and total:
// same event, same decisions, and no event makes it throw or work without bound.
import type { Event } from '../event.ts';
import { toTicketId } from '../ticket/ticket.ts';
import { type Claims, claim, makeClaims } from './claim.ts';
import type { Given } from './frame.ts';
import { running } from './limits.ts';
import { type Meter, makeMeter, makeSaid } from './meter.ts';
import type { Decision } from './rule.ts';
import type { CompiledRule, Rulebook } from './rulebook.ts';
import { mention } from './show.ts';

/**
 * One decision per rule of the event's source, in the order of the file; with `each` one per element, and with several
 * tickets one per ticket. For each ticket at most one rule is heard (`matched`, not a dry run).
 */
export function decide(rulebook: Rulebook, event: Event, now: number): Decision[] {
  const rules = rulebook.rulesFor(event.source);
  if (rules.length === 0) return [];
  const given = givenBy(event, now);
  const claims = makeClaims();
  const said = makeSaid();
  let stepsLeft: number = running.eventSteps;
  return rules.flatMap((rule) => {
    const allowance = Math.max(0, Math.min(running.ruleSteps, stepsLeft));
    const meter = makeMeter(allowance, said);
    const decisions = decideRule(rule, given, meter, claims);
    stepsLeft -= allowance - Math.max(0, meter.left);
    return decisions;
  });
}

/** The variables of an event's rules. */
function givenBy(event: Event, now: number): Given {
  const { id, source, type, at, receivedAt, headers, body } = event;
  const moments = { ...(at === undefined ? {} : { at: new Date(at) }), receivedAt: new Date(receivedAt) };
  return { event: { id, source, type, ...moments }, headers, body, now: new Date(now) };
}

function decideRule(rule: CompiledRule, given: Given, meter: Meter, claims: Claims): Decision[] {
  if (rule.each === undefined) return decideOne(rule, given, meter, claims, {}, running.tickets);
  const items = rule.each.evaluate(given, meter);
  if (!items.ok) return [unmatched(rule, {}, `each: ${items.reason}`)];
  if (items.value.length === 0) return [unmatched(rule, {}, `each: ${rule.each.text} is an empty list`)];
  return decideItems(rule, items.value, given, meter, claims);
}

function decideItems(
  rule: CompiledRule,
  items: readonly unknown[],
  given: Given,
  meter: Meter,
  claims: Claims,
): Decision[] {
  const decisions: Decision[] = [];
  let room: number = running.tickets;
  for (const [item, value] of items.slice(0, running.elements).entries()) {
    const made = decideOne(rule, { ...given, item: value }, meter, claims, { item }, room);
    room -= made.filter(({ kind }) => kind !== 'unmatched').length;
    decisions.push(...made);
  }
  const left = items.length - running.elements;
  if (left > 0) {
    const reason = `each: a list of ${items.length} elements, at most ${running.elements} are looked at; the last ${left} are left out`;
    decisions.push(unmatched(rule, {}, reason));
  }
  return decisions;
}

type At = { readonly item?: number };

/** The rule's say on the event, or on one element of it; at most `room` tickets. */
function decideOne(rule: CompiledRule, given: Given, meter: Meter, claims: Claims, at: At, room: number): Decision[] {
  const met = rule.when?.evaluate(given, meter);
  if (met !== undefined && !(met.ok && met.value)) {
    return [unmatched(rule, at, rule.when?.explain(given, meter) ?? 'the condition is not met')];
  }
  const tickets = rule.ticket.evaluate(given, meter);
  if (!tickets.ok) return [unmatched(rule, at, `ticket: ${tickets.reason}`)];
  const status =
    typeof rule.set === 'string' ? { ok: true as const, value: rule.set } : rule.set.evaluate(given, meter);
  if (!status.ok) return [unmatched(rule, at, `set: ${status.reason}`)];
  const reason = rule.when?.holds ?? 'the rule has no condition';
  return namedIn(rule, tickets.value, at, room, (ticket) => {
    const { name, account, dryRun, stop } = rule;
    return claim(claims, { rule: name, ...at, ticket, status: status.value, account, dryRun, stop, reason });
  });
}

/** A decision for each ticket, each once; what is no ticket id gets its own unmatched one. */
function namedIn(
  rule: CompiledRule,
  names: readonly unknown[],
  at: At,
  room: number,
  decideTicket: (ticket: string) => Decision,
): Decision[] {
  const tickets = new Set<string>();
  const invalid: unknown[] = [];
  for (const name of names) {
    const ticket = toTicketId(name);
    if (ticket === undefined) invalid.push(name);
    else tickets.add(ticket);
  }
  const decisions = [...tickets].slice(0, room).map(decideTicket);
  if (tickets.size > room) {
    decisions.push(unmatched(rule, at, `ticket: more than ${running.tickets} tickets, the others are left out`));
  }
  if (invalid.length > 0) decisions.push(unmatched(rule, at, `ticket: ${tellInvalid(invalid, rule.ticket.secret)}`));
  return decisions;
}

function tellInvalid(invalid: readonly unknown[], secret: boolean): string {
  const others = invalid.length > 1 ? ` (and ${invalid.length - 1} more)` : '';
  return `${mention(invalid[0], secret)}${others} is no ticket id, expected letters, digits, - or _, at most 128`;
}

function unmatched(rule: CompiledRule, at: At, reason: string): Decision {
  return { kind: 'unmatched', rule: rule.name, ...at, reason };
}
