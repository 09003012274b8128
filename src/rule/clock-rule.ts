// Owns a rule on the clock: its texts compiled, and what it says about one ticket. Pure and total. When it runs, which
// tickets it is given, and how many changes it may make is the clock's.
import type { Finding, Path } from '../config/fault.ts';
import type { ClockRule } from '../config/rule-schema.ts';
import type { Config } from '../config/schema.ts';
import type { Status } from '../ticket/ticket.ts';
import { checkSet, checkText, compiled, compileSet, settleAccount } from './compiled-rule.ts';
import type { Expression } from './expression.ts';
import type { Given } from './frame.ts';
import type { VariableName } from './language.ts';
import { running } from './limits.ts';
import { makeMeter } from './meter.ts';
import { parseMoment } from './time.ts';

/** When a clock rule runs. */
export type Schedule =
  | { readonly kind: 'every'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly cron: string; readonly timezone: string };

export interface CompiledClockRule {
  readonly name: string;
  readonly schedule: Schedule;
  /** UUIDs in lower case. */
  readonly locations: readonly string[];
  readonly when: Expression<boolean>;
  readonly set: Status | Expression<Status>;
  /** Milliseconds since the epoch. */
  readonly since: number | 'always';
  readonly except: ReadonlySet<string>;
  /** Changes a run may make. */
  readonly limit: number;
  /** Changes it may make in a time, over all runs. */
  readonly cap: { readonly count: number; readonly perMs: number };
  readonly account: string;
  readonly dryRun: boolean;
}

/** A ticket as the vendor tells of it; `null` counts as missing. */
export interface ClockTicket {
  readonly id: string;
  readonly number: number;
  readonly status: Status;
  readonly type: string;
  readonly description: string;
  readonly locationRef: string;
  readonly createDate: string;
  readonly updateDate: string;
  readonly statusUpdateDate?: string | null | undefined;
}

/** What a clock rule says about one ticket. */
export type ClockDecision =
  | { readonly kind: 'matched'; readonly status: Status; readonly reason: string }
  | { readonly kind: 'unmatched'; readonly reason: string };

export const clockVariables: readonly VariableName[] = ['ticket', 'now'];

/** All mistakes in the texts of a clock rule that stands at `path`. */
export function checkClockRule(rule: ClockRule, path: Path): Finding[] {
  return [
    ...checkText(rule.when, [...path, 'when'], clockVariables, 'bool'),
    ...checkSet(rule.set, [...path, 'set'], clockVariables),
  ];
}

/** Throws an Error (a defect) for a rule with mistakes. */
export function compileClockRule(rule: ClockRule, accounts: Config['accounts']): CompiledClockRule {
  const { name, locations, since, limit, cap, dryRun } = rule;
  return {
    ...{ name, locations, since, limit, cap, dryRun },
    schedule: scheduleOf(rule),
    when: compiled(rule.when, clockVariables, 'bool'),
    set: compileSet(rule.set, clockVariables),
    except: new Set(rule.except),
    account: settleAccount(rule, accounts),
  };
}

function scheduleOf({ name, every, cron, timezone = 'UTC' }: ClockRule): Schedule {
  if (every !== undefined) return { kind: 'every', everyMs: every };
  if (cron !== undefined) return { kind: 'cron', cron, timezone };
  throw new Error(`rule ${name} has no time to run at; was the configuration checked?`);
}

/** What the rule says about the ticket at `now` (ms since the epoch). The work is bounded as for an event. */
export function decideClock(rule: CompiledClockRule, ticket: ClockTicket, now: number): ClockDecision {
  const apart = setApart(rule, ticket);
  if (apart !== undefined) return unmatched(apart);
  const given = givenBy(ticket, now);
  const meter = makeMeter(running.ruleSteps);
  const met = rule.when.evaluate(given, meter);
  if (!met.ok || !met.value) return unmatched(rule.when.explain(given, meter));
  const status =
    typeof rule.set === 'string' ? { ok: true as const, value: rule.set } : rule.set.evaluate(given, meter);
  if (!status.ok) return unmatched(`set: ${status.reason}`);
  if (status.value === ticket.status) return unmatched(`the ticket is ${ticket.status} already`);
  return { kind: 'matched', status: status.value, reason: rule.when.holds };
}

/** Why the rule does not look at this ticket at all. */
function setApart(rule: CompiledClockRule, ticket: ClockTicket): string | undefined {
  if (rule.except.has(ticket.id.toLowerCase()) || rule.except.has(ticket.id)) return 'the ticket is in `except`';
  if (!rule.locations.includes(ticket.locationRef.toLowerCase())) return 'the ticket is in another location';
  if (rule.since === 'always') return undefined;
  const date = ticket.statusUpdateDate ?? ticket.createDate;
  const at = parseMoment(date)?.getTime();
  if (at === undefined) return 'since: when the status was last set cannot be read';
  if (at >= rule.since) return undefined;
  return `since: the status was last set ${new Date(at).toISOString()}, before ${new Date(rule.since).toISOString()}`;
}

function givenBy(ticket: ClockTicket, now: number): Given {
  const { id, number, status, type, description, locationRef, createDate, updateDate, statusUpdateDate } = ticket;
  const fields = { id, number: whole(number), status, type, description, locationRef, createDate, updateDate };
  // What the vendor leaves out or sends as null is a missing field.
  const there = Object.entries({ ...fields, statusUpdateDate }).filter(
    ([, value]) => (value ?? undefined) !== undefined,
  );
  return { ticket: Object.fromEntries(there), now: new Date(now) };
}

/** As the type says, an int, so that `7 / 2` is what CEL has for it. */
function whole(number: number): bigint | number {
  return Number.isSafeInteger(number) ? BigInt(number) : number;
}

function unmatched(reason: string): ClockDecision {
  return { kind: 'unmatched', reason };
}
