// Owns what decisions about one event come to for each ticket, in words that can be compared: two sets of rules differ for
// a ticket when these do. The name of the rule is told and not compared, so a renamed rule makes no difference.
import { tellWanted } from '../ledger/tell.ts';
import type { Decision } from '../rule/rule.ts';

/** What one rule does to one ticket. */
export interface Act {
  readonly rule: string;
  /** The effect alone, without the rule. */
  readonly does: string;
}

/** For each ticket, what is done to it; shadowed decisions come to nothing. */
function actsOf(decisions: readonly Decision[]): Map<string, Act[]> {
  const acts = new Map<string, Act[]>();
  for (const decision of decisions) {
    if (decision.kind === 'unmatched' || decision.kind === 'shadowed') continue;
    const account = decision.kind === 'matched' ? ` (account ${decision.account})` : '';
    const does = `${tellWanted(decision)}${account}`;
    acts.set(decision.ticket, [...(acts.get(decision.ticket) ?? []), { rule: decision.rule, does }]);
  }
  return acts;
}

/** What would be otherwise for one ticket. */
export interface Difference {
  readonly ticket: string;
  readonly before: readonly Act[];
  readonly after: readonly Act[];
}

/** The tickets for which it makes a difference. */
export function differences(before: readonly Decision[], after: readonly Decision[]): Difference[] {
  const [old, fresh] = [actsOf(before), actsOf(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .map((ticket) => ({ ticket, before: old.get(ticket) ?? [], after: fresh.get(ticket) ?? [] }))
    .filter((one) => effects(one.before) !== effects(one.after));
}

function effects(acts: readonly Act[]): string {
  return JSON.stringify(acts.map(({ does }) => does).toSorted());
}
