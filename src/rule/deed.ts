// Owns what a rule does for the tickets it found: it wants a status, or remembers a name.
import { toMoment } from '../moment.ts';
import { type Claims, claim, stoppedBy } from './claim.ts';
import type { CompiledRule, Deed } from './compiled-rule.ts';
import type { Given } from './frame.ts';
import type { Meter } from './meter.ts';
import { linkKeyExpected, toLinkKey } from './reference.ts';
import { type Prepare, unmatched } from './search.ts';
import { mention } from './show.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The deed of a rule, to be prepared for each event or element. */
export function deedOf(rule: CompiledRule, claims: Claims): Prepare {
  const { deed } = rule;
  switch (deed.kind) {
    case 'set':
      return prepareSet(rule, deed, claims);
    case 'link':
      return prepareLink(rule, deed, claims);
    default:
      return deed satisfies never;
  }
}

function prepareSet(rule: CompiledRule, deed: Extract<Deed, { kind: 'set' }>, claims: Claims): Prepare {
  const { name, account, dryRun } = rule;
  const { status: set, at: when, stop, kind: _, ...terms } = deed;
  return (given, meter) => {
    const status = typeof set === 'string' ? { ok: true as const, value: set } : set.evaluate(given, meter);
    if (!status.ok) return { ok: false, reason: `set: ${status.reason}` };
    const { why, ...own } = when === undefined ? {} : readAt(when, given, meter);
    return {
      ok: true,
      decide(at, ticket, met) {
        const reason = why === undefined ? met : `${met}; at ${why}, so the event's own order is kept`;
        const want = { rule: name, ...at, ticket, status: status.value, account, dryRun, ...terms, ...own, reason };
        return claim(claims, { kind: 'matched', ...want }, stop);
      },
    };
  };
}

/** The rule's own moment, by the measures of a source's `at`: one that cannot be used is told, and does without. */
function readAt(
  expression: NonNullable<Extract<Deed, { kind: 'set' }>['at']>,
  given: Given,
  meter: Meter,
): { readonly at?: number; readonly why?: string } {
  const found = expression.evaluate(given, meter);
  if (!found.ok) return { why: `gave nothing (${found.reason})` };
  const at = toMoment(found.value);
  if (at === undefined) return { why: 'is not a time with its zone' };
  const now = given.now instanceof Date ? given.now.getTime() : 0;
  // A clock that runs ahead would make its wish the newest for as long as it is ahead, against every later one.
  return at > now + DAY_MS ? { why: 'is more than a day ahead' } : { at };
}

function prepareLink(rule: CompiledRule, deed: Extract<Deed, { kind: 'link' }>, claims: Claims): Prepare {
  const { name, dryRun } = rule;
  return (given, meter) => {
    const found = deed.key.evaluate(given, meter);
    if (!found.ok) return { ok: false, reason: `link: ${found.reason}` };
    const key = toLinkKey(found.value);
    if (key === undefined) {
      const what = mention(found.value, deed.key.secret);
      return { ok: false, reason: `link: ${what} is no name for a ticket, ${linkKeyExpected}` };
    }
    return {
      ok: true,
      decide(at, ticket, reason) {
        const stopped = stoppedBy(claims, ticket, dryRun);
        if (stopped !== undefined) return unmatched(name, at, stopped);
        return { kind: 'links', rule: name, ...at, key, ticket, dryRun, reason };
      },
    };
  };
}
