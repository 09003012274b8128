// Owns a rule about events in the form that decides: its texts compiled, its account settled. Which texts a rule has, and
// what each may read and has to answer, is said once here, for checking and for compiling.
import { defaultAccount } from '../config/cross-check.ts';
import type { Finding, Path } from '../config/fault.ts';
import type { EventRule, TicketExpression } from '../config/rule-schema.ts';
import type { Config } from '../config/schema.ts';
import { type Status, toTicketId } from '../ticket/ticket.ts';
import type { Answers, Expects } from './answer.ts';
import { compile, type Expression } from './expression.ts';
import type { VariableName } from './language.ts';
import {
  linkKeyExpected,
  linkReference,
  numberReference,
  ticketNumberExpected,
  toLinkKey,
  toTicketNumber,
} from './reference.ts';

/** How tickets are named: an expression, and what makes a ticket id or a reference of what it gives. */
export interface CompiledTicket {
  readonly names: Expression<readonly unknown[]>;
  /** Undefined for what names no ticket. */
  toTicket(name: unknown): string | undefined;
  /** What such a name is, for the reason: `no ticket id, expected …`. */
  readonly wanted: string;
}

/** Where to look in an event, and for which tickets. */
export interface Search {
  readonly each?: Expression<readonly unknown[]>;
  readonly when?: Expression<boolean>;
  readonly ticket: CompiledTicket;
}

/** What a rule does for the tickets it finds. */
export type Deed =
  | {
      readonly kind: 'set';
      readonly status: Status | Expression<Status>;
      /** As it stands: a Date, a text or a number. */
      readonly at?: Expression<unknown>;
      readonly from?: readonly Status[];
      readonly afterMs?: number;
      readonly stop: boolean;
    }
  | { readonly kind: 'link'; readonly key: Expression<unknown> };

/** A rule whose texts are compiled and whose account is settled. */
export interface CompiledRule extends Search {
  readonly name: string;
  readonly deed: Deed;
  /** The events that end its wait, each with the sources it listens to. */
  readonly unless: readonly (Search & { readonly on: readonly string[] })[];
  readonly account: string;
  readonly dryRun: boolean;
}

export const eventVariables: readonly VariableName[] = ['event', 'headers', 'body', 'now'];
const itemVariables: readonly VariableName[] = [...eventVariables, 'item'];

/** `item` exists only where there is `each`. */
function variablesOf(each: string | undefined): readonly VariableName[] {
  return each === undefined ? eventVariables : itemVariables;
}

/** The `each` that an `unless` goes by: the rule's, as long as it names no ticket of its own. */
function eachOf(rule: EventRule, unless: { readonly ticket?: unknown }): string | undefined {
  return unless.ticket === undefined ? rule.each : undefined;
}

/** All mistakes in the texts of a rule that stands at `path`. */
export function checkEventRule(rule: EventRule, path: Path): Finding[] {
  const variables = variablesOf(rule.each);
  return [
    ...checkText(rule.each, [...path, 'each'], eventVariables, 'list'),
    ...checkText(rule.when, [...path, 'when'], variables, 'bool'),
    ...checkTicket(rule.ticket, [...path, 'ticket'], variables),
    ...checkSet(rule.set, [...path, 'set'], variables),
    ...checkText(rule.link, [...path, 'link'], variables, 'string'),
    ...checkText(rule.at, [...path, 'at'], variables, 'timestamp'),
    ...(rule.unless ?? []).flatMap((unless, index) => {
      const at = [...path, 'unless', index];
      const known = variablesOf(eachOf(rule, unless));
      return [
        ...checkText(unless.when, [...at, 'when'], known, 'bool'),
        ...checkTicket(unless.ticket, [...at, 'ticket'], known),
      ];
    }),
  ];
}

function checkTicket(ticket: TicketExpression | undefined, path: Path, variables: readonly VariableName[]): Finding[] {
  if (ticket === undefined) return [];
  if (typeof ticket === 'string') return checkText(ticket, path, variables, 'string|list<string>');
  if ('link' in ticket) return checkText(ticket.link, [...path, 'link'], variables, 'name|list<name>');
  return checkText(ticket.number, [...path, 'number'], variables, 'name|list<name>');
}

/** The mistakes in a computed status. */
export function checkSet(set: EventRule['set'], path: Path, variables: readonly VariableName[]): Finding[] {
  return typeof set === 'object' ? checkText(set.cel, [...path, 'cel'], variables, 'status') : [];
}

/** The mistake in one text, where there is a text and a mistake. */
export function checkText(
  text: string | undefined,
  path: Path,
  variables: readonly VariableName[],
  expects: Expects,
): Finding[] {
  if (text === undefined) return [];
  const found = compile(text, { variables, expects });
  return found.ok ? [] : [{ path, offset: found.offset, what: found.what, expected: found.expected }];
}

/** Throws an Error (a defect) for a rule with mistakes. */
export function compileRule(rule: EventRule, accounts: Config['accounts']): CompiledRule {
  const { name, dryRun, each } = rule;
  return {
    name,
    account: settleAccount(rule, accounts),
    dryRun,
    ...compileSearch(each, rule.when, rule.ticket),
    deed: compileDeed(rule),
    unless: (rule.unless ?? []).map((unless) => ({
      on: unless.on,
      ...compileSearch(eachOf(rule, unless), unless.when, unless.ticket ?? rule.ticket),
    })),
  };
}

/** The account of a rule: its own, else the default. Throws an Error where neither is there. */
export function settleAccount(
  rule: { readonly name: string; readonly account?: string | undefined },
  accounts: Config['accounts'],
): string {
  const account = rule.account ?? defaultAccount(accounts);
  if (account === undefined) throw new Error(`rule ${rule.name} has no account; was the configuration checked?`);
  return account;
}

function compileSearch(each: string | undefined, when: string | undefined, ticket: TicketExpression): Search {
  const variables = variablesOf(each);
  return {
    ...(each === undefined ? {} : { each: compiled(each, eventVariables, 'list') }),
    ...(when === undefined ? {} : { when: compiled(when, variables, 'bool') }),
    ticket: compileTicket(ticket, variables),
  };
}

function compileTicket(ticket: TicketExpression, variables: readonly VariableName[]): CompiledTicket {
  if (typeof ticket === 'string') {
    const names = compiled(ticket, variables, 'string|list<string>');
    return { names, toTicket: toTicketId, wanted: 'no ticket id, expected letters, digits, - or _, at most 128' };
  }
  if ('link' in ticket) {
    const toTicket = (name: unknown) => referTo(toLinkKey(name), linkReference);
    const names = compiled(ticket.link, variables, 'name|list<name>');
    return { names, toTicket, wanted: `no name to find a ticket by, ${linkKeyExpected}` };
  }
  const toTicket = (name: unknown) =>
    referTo(toTicketNumber(name), (number) => numberReference(number, ticket.location));
  const names = compiled(ticket.number, variables, 'name|list<name>');
  return { names, toTicket, wanted: `no ticket number, ${ticketNumberExpected}` };
}

function referTo<T>(value: T | undefined, refer: (value: T) => string): string | undefined {
  return value === undefined ? undefined : refer(value);
}

function compileDeed({ name, each, set, link, at, from, after, stop }: EventRule): Deed {
  const variables = variablesOf(each);
  if (link !== undefined) return { kind: 'link', key: compiled(link, variables, 'string') };
  if (set === undefined) throw new Error(`rule ${name} sets nothing and links nothing; was the configuration checked?`);
  return {
    kind: 'set',
    status: compileSet(set, variables),
    stop,
    ...(at === undefined ? {} : { at: compiled(at, variables, 'timestamp') }),
    ...(from === undefined ? {} : { from }),
    ...(after === undefined ? {} : { afterMs: after }),
  };
}

/** A status as it is written, or the expression that computes it. */
export function compileSet(
  set: NonNullable<EventRule['set']>,
  variables: readonly VariableName[],
): Status | Expression<Status> {
  return typeof set === 'string' ? set : compiled(set.cel, variables, 'status');
}

/** Compiles a text in which nothing is wrong. Throws an Error (a defect) for any other. */
export function compiled<E extends Expects>(
  text: string,
  variables: readonly VariableName[],
  expects: E,
): Expression<Answers[E]> {
  const expression = compile(text, { variables, expects });
  if (expression.ok) return expression;
  throw new Error(`${expression.what}, ${expression.expected}; was the configuration checked?`);
}
