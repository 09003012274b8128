// Owns which rule is heard when several want something for one ticket of one event: the first in the file. There is
// one wish per ticket and event, so a later rule is shadowed whether it wants another status or the same.
import type { Decision } from './rule.ts';

/** What a rule wants for a ticket. */
export type Want = Extract<Decision, { kind: 'matched' }>;

/** The want that is heard, and whether its rule says `stop`. */
interface Claim {
  readonly want: Want;
  readonly stop: boolean;
}

/**
 * The first want for each ticket. Dry runs have their own column: a rule on trial shows what it would do, and whether
 * an earlier one would keep it from doing it, but it keeps no real rule from acting.
 */
export interface Claims {
  readonly real: Map<string, Claim>;
  readonly tried: Map<string, Claim>;
}

export function makeClaims(): Claims {
  return { real: new Map(), tried: new Map() };
}

/** Hears the want, or tells which earlier rule stands before it. */
export function claim(claims: Claims, want: Want, stop: boolean): Decision {
  const { rule, item, ticket, status, account, dryRun } = want;
  const earlier = earlierFor(claims, ticket, dryRun);
  if (earlier !== undefined) {
    const at = item === undefined ? {} : { item };
    const reason = shadowReason(earlier, want);
    return { kind: 'shadowed', rule, ...at, ticket, status, account, by: earlier.want.rule, reason };
  }
  (dryRun ? claims.tried : claims.real).set(ticket, { want, stop });
  return want;
}

/** Why a rule that wants no status, but something else for this ticket, is not to go on; undefined when it may. */
export function stoppedBy(claims: Claims, ticket: string, dryRun: boolean): string | undefined {
  const earlier = earlierFor(claims, ticket, dryRun);
  return earlier?.stop ? stopReason(earlier.want) : undefined;
}

function earlierFor({ real, tried }: Claims, ticket: string, dryRun: boolean): Claim | undefined {
  return real.get(ticket) ?? (dryRun ? tried.get(ticket) : undefined);
}

function shadowReason({ want: earlier, stop }: Claim, want: Want): string {
  if (earlier.rule !== want.rule && stop) return stopReason(earlier);
  const same = earlier.status === want.status ? 'the same' : earlier.status;
  return `${nameOf(earlier)} comes first and wants ${same} for this ticket`;
}

function stopReason(earlier: Want): string {
  return `${nameOf(earlier)} comes first and says stop`;
}

function nameOf({ rule, item }: Want): string {
  return item === undefined ? rule : `${rule} (element ${item})`;
}
