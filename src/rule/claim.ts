// Owns which rule is heard when several want something for one ticket of one event: the first in the file. There is
// one wish per ticket and event, so a later rule is shadowed whether it wants another status or the same.
import type { Status } from '../ticket/ticket.ts';
import type { Decision } from './rule.ts';

/** What a rule wants for a ticket. */
export interface Want {
  readonly rule: string;
  readonly item?: number;
  readonly ticket: string;
  readonly status: Status;
  readonly account: string;
  readonly dryRun: boolean;
  readonly stop: boolean;
  readonly reason: string;
}

/**
 * The first want for each ticket. Dry runs have their own column: a rule on trial shows what it would do, and whether
 * an earlier one would keep it from doing it, but it keeps no real rule from acting.
 */
export interface Claims {
  readonly real: Map<string, Want>;
  readonly tried: Map<string, Want>;
}

export function makeClaims(): Claims {
  return { real: new Map(), tried: new Map() };
}

/** Hears the want, or tells which earlier rule stands before it. */
export function claim(claims: Claims, want: Want): Decision {
  const { rule, ticket, status, account, dryRun } = want;
  const at = want.item === undefined ? {} : { item: want.item };
  const earlier = claims.real.get(ticket) ?? (dryRun ? claims.tried.get(ticket) : undefined);
  if (earlier !== undefined) {
    return {
      kind: 'shadowed',
      rule,
      ...at,
      ticket,
      status,
      account,
      by: earlier.rule,
      reason: shadowReason(earlier, want),
    };
  }
  (dryRun ? claims.tried : claims.real).set(ticket, want);
  return { kind: 'matched', rule, ...at, ticket, status, account, dryRun, reason: want.reason };
}

function shadowReason(earlier: Want, want: Want): string {
  const which = earlier.item === undefined ? '' : ` (element ${earlier.item})`;
  if (earlier.rule !== want.rule && earlier.stop) return `${earlier.rule}${which} comes first and says stop`;
  const same = earlier.status === want.status ? 'the same' : earlier.status;
  return `${earlier.rule}${which} comes first and wants ${same} for this ticket`;
}
