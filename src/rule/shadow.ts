// Owns finding rules that are never heard, because an earlier one always is: for the same tickets, whenever the later one
// matches.
import type { Finding, Path } from '../config/fault.ts';
import type { EventRule, TicketExpression } from '../config/rule-schema.ts';
import { canonical } from './canonical.ts';
import { type Clause, clausesOf } from './clause.ts';
import { implies } from './contradiction.ts';
import { treeOf } from './never.ts';

/** A rule about events that is sound by itself, with its place in the file. */
export interface Placed<R> {
  readonly rule: R;
  readonly path: Path;
}

interface Sketch extends Placed<EventRule> {
  readonly clauses: readonly Clause[];
  /** The status, where nothing can keep the rule from having one; else the text that computes it. */
  readonly set: string | undefined;
}

/** Each rule that an earlier one shadows for good, told at the rule's name. */
export function shadowedRules(rules: readonly Placed<EventRule>[]): Finding[] {
  const findings: Finding[] = [];
  const earlier = new Map<string, Sketch[]>();
  for (const { rule, path } of rules) {
    const key = `${rule.each === undefined ? '' : canonical(treeOf(rule.each))} ${ticketKey(rule.ticket)}`;
    const sketch = {
      rule,
      path,
      clauses: rule.when === undefined ? [] : clausesOf(treeOf(rule.when)),
      set: setKey(rule),
    };
    const same = earlier.get(key) ?? [];
    const by = same.find((one) => shadows(one, sketch));
    if (by !== undefined) findings.push(tell(by, sketch));
    earlier.set(key, [...same, sketch]);
  }
  return findings;
}

function ticketKey(ticket: TicketExpression): string {
  if (typeof ticket === 'string') return canonical(treeOf(ticket));
  if ('link' in ticket) return `link ${canonical(treeOf(ticket.link))}`;
  return `number ${canonical(treeOf(ticket.number))} ${ticket.location}`;
}

function setKey({ set }: EventRule): string | undefined {
  return typeof set === 'object' ? canonical(treeOf(set.cel)) : set;
}

/** Whenever `later` matches, `first` has matched for the same tickets. */
function shadows(first: Sketch, later: Sketch): boolean {
  if (first.rule.set === undefined || (first.rule.dryRun && !later.rule.dryRun)) return false;
  // Without a status a later rule is only stopped by one that says so.
  if (later.rule.set === undefined && !first.rule.stop) return false;
  // A computed status may be none, and then the later rule is heard; unless it computes the same.
  if (typeof first.rule.set === 'object' && first.set !== later.set) return false;
  return (
    later.rule.on.every((source) => first.rule.on.includes(source)) &&
    first.clauses.every((clause) => implies(later.clauses, clause))
  );
}

function tell(by: Sketch, { rule, path }: Sketch): Finding {
  return {
    path: [...path, 'name'],
    what: `${rule.name} is never heard: ${by.rule.name} comes first, and matches whenever this one does`,
    expected: `expected it before ${by.rule.name}, or a condition in ${by.rule.name} that leaves something for it`,
    severity: 'warning',
  };
}
