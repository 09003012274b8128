// Owns looking at the rules together: what can never match, never be heard, never end. Finds only what is certain; a rule
// set without findings may still be wrong, and one with findings is.
import type { Finding, Path } from '../config/fault.ts';
import type { ClockRule, EventRule } from '../config/rule-schema.ts';
import type { Config } from '../config/schema.ts';
import { statuses, ticketTypes } from '../ticket/ticket.ts';
import { canonical } from './canonical.ts';
import { clockEffects } from './clock-effect.ts';
import { checkClockRule } from './clock-rule.ts';
import { checkEventRule } from './compiled-rule.ts';
import type { Universe } from './contradiction.ts';
import { neverMet, neverTrue, treeOf } from './never.ts';
import { type Placed, shadowedRules } from './shadow.ts';

/**
 * What is wrong with rules whose texts compile; others are left out. Errors are rules that cannot do anything or never
 * stop doing it; warnings are those that are probably not meant so.
 */
export function analyse(config: Config): Finding[] {
  const events: Placed<EventRule>[] = [];
  const clocks: Placed<ClockRule>[] = [];
  for (const [index, rule] of config.rules.entries()) {
    const path: Path = ['rules', index];
    if (rule.kind === 'event' && checkEventRule(rule, path).length === 0) events.push({ rule, path });
    if (rule.kind === 'clock' && checkClockRule(rule, path).length === 0) clocks.push({ rule, path });
  }
  const dead = clocks.map(({ rule, path }) => neverTaken(rule, [...path, 'when']));
  return [
    ...events.flatMap(({ rule, path }) => [...neverMet(rule, path), ...nothingLeft(rule, path)]),
    ...shadowedRules(events),
    ...dead.flat(),
    ...clockEffects(clocks.filter((_, index) => dead[index]?.length === 0)),
  ];
}

/** The statuses are fixed; a type that the contract does not know may be new there, so that is a warning. */
function neverTaken({ when }: ClockRule, path: Path): Finding[] {
  const found = neverTrue(when, path, universeOf('ticket.status', statuses));
  if (found.length > 0) return found;
  return neverTrue(when, path, universeOf('ticket.type', ticketTypes)).map((one) => ({ ...one, severity: 'warning' }));
}

function universeOf(text: string, values: readonly string[]): Universe {
  return new Map([[canonical(treeOf(text)), values]]);
}

/** `from` has only the status that the rule sets. */
function nothingLeft({ name, set, from }: EventRule, path: Path): Finding[] {
  if (from === undefined || from.some((status) => status !== set)) return [];
  const what = `${name} acts only on tickets that are ${set} already, so it never does anything`;
  return [{ path: [...path, 'from'], what, expected: `expected a status to come from, which is not ${set}` }];
}
