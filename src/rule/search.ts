// Owns going through an event: each element, its condition, the tickets it names; and a decision for each of these. What
// is decided about a ticket is the caller's.
import type { CompiledTicket, Search } from './compiled-rule.ts';
import type { Given } from './frame.ts';
import { running } from './limits.ts';
import { type Meter, spend } from './meter.ts';
import type { Decision } from './rule.ts';
import { mention } from './show.ts';
import { overworked } from './value.ts';

/** The element, where there is `each`. */
export type At = { readonly item?: number };

/** What to decide about each ticket of an event or element, once it is known that the condition is met. */
export type Prepare = (
  given: Given,
  meter: Meter,
) =>
  | { readonly ok: true; decide(at: At, ticket: string, reason: string): Decision }
  | { readonly ok: false; readonly reason: string };

/** At most `running.tickets` decisions about tickets, and an unmatched one for whatever named none. */
export function search(rule: string, where: Search, given: Given, meter: Meter, prepare: Prepare): Decision[] {
  const look = { rule, where, prepare };
  if (where.each === undefined) return searchOne(look, given, meter, {}, running.tickets);
  const items = where.each.evaluate(given, meter);
  if (!items.ok) return [unmatched(rule, {}, `each: ${items.reason}`)];
  if (items.value.length === 0) return [unmatched(rule, {}, 'each: it is an empty list')];
  return searchItems(look, items.value, given, meter);
}

interface Look {
  readonly rule: string;
  readonly where: Search;
  readonly prepare: Prepare;
}

function searchItems(look: Look, items: readonly unknown[], given: Given, meter: Meter): Decision[] {
  const decisions: Decision[] = [];
  let room: number = running.tickets;
  for (const [item, value] of items.slice(0, running.elements).entries()) {
    if (!spend(meter, running.decisionSteps)) {
      decisions.push(unmatched(look.rule, {}, `each: from element ${item} on, ${overworked.reason()}`));
      return decisions;
    }
    const made = searchOne(look, { ...given, item: value }, meter, { item }, room);
    room -= made.filter(({ kind }) => kind !== 'unmatched').length;
    decisions.push(...made);
  }
  const left = items.length - running.elements;
  if (left > 0) {
    const reason = `each: a list of ${items.length} elements, at most ${running.elements} are looked at; the last ${left} are left out`;
    decisions.push(unmatched(look.rule, {}, reason));
  }
  return decisions;
}

/** The event, or one element of it; at most `room` tickets. */
function searchOne({ rule, where, prepare }: Look, given: Given, meter: Meter, at: At, room: number): Decision[] {
  const met = where.when?.evaluate(given, meter);
  if (met !== undefined && !(met.ok && met.value)) {
    return [unmatched(rule, at, where.when?.explain(given, meter) ?? 'the condition is not met')];
  }
  const names = where.ticket.names.evaluate(given, meter);
  if (!names.ok) return [unmatched(rule, at, `ticket: ${names.reason}`)];
  const prepared = prepare(given, meter);
  if (!prepared.ok) return [unmatched(rule, at, prepared.reason)];
  const { tickets, invalid } = sort(where.ticket, names.value);
  const reason = where.when?.holds ?? 'the rule has no condition';
  const decisions = tickets.slice(0, room).map((ticket) => prepared.decide(at, ticket, reason));
  const left = `ticket: more than ${running.tickets} tickets, the others are left out`;
  if (tickets.length > room) decisions.push(unmatched(rule, at, left));
  if (invalid.length > 0) decisions.push(unmatched(rule, at, `ticket: ${tellInvalid(where.ticket, invalid)}`));
  return decisions;
}

/** The tickets that are named, each once, and what names none. */
function sort(ticket: CompiledTicket, names: readonly unknown[]) {
  const tickets = new Set<string>();
  const invalid: unknown[] = [];
  for (const name of names) {
    const found = ticket.toTicket(name);
    if (found === undefined) invalid.push(name);
    else tickets.add(found);
  }
  return { tickets: [...tickets], invalid };
}

function tellInvalid({ names, wanted }: CompiledTicket, invalid: readonly unknown[]): string {
  const others = invalid.length > 1 ? ` (and ${invalid.length - 1} more)` : '';
  return `${mention(invalid[0], names.secret)}${others} is ${wanted}`;
}

export function unmatched(rule: string, at: At, reason: string): Decision {
  return { kind: 'unmatched', rule, ...at, reason };
}
