// Owns the expressions of a configuration: finds every mistake in them at once, and compiles those of rules and sources
// once, before there is an event. That names are unique and name something is the loader's to check.
import { defaultAccount } from '../config/cross-check.ts';
import type { Finding, Path } from '../config/fault.ts';
import type { Config, Rule, Source } from '../config/schema.ts';
import type { Status } from '../ticket/ticket.ts';
import type { Answers, Expects } from './answer.ts';
import { compile, type Expression, type Outcome } from './expression.ts';
import type { VariableName } from './language.ts';

/** A rule whose texts are compiled and whose account is settled. */
export interface CompiledRule {
  readonly name: string;
  readonly when?: Expression<boolean>;
  readonly each?: Expression<readonly unknown[]>;
  readonly ticket: Expression<readonly unknown[]>;
  readonly set: Status | Expression<Status>;
  readonly account: string;
  readonly dryRun: boolean;
  readonly stop: boolean;
}

export interface Rulebook {
  /** Names the configuration it was made from. */
  readonly version: string;
  /** The rules that listen to a source, in the order of the file. */
  rulesFor(source: string): readonly CompiledRule[];
}

const eventVariables: readonly VariableName[] = ['event', 'headers', 'body', 'now'];
const itemVariables: readonly VariableName[] = [...eventVariables, 'item'];
const requestVariables: readonly VariableName[] = ['headers', 'body'];

/** `item` exists only where there is `each`. */
function variablesOf(rule: Rule): readonly VariableName[] {
  return rule.each === undefined ? eventVariables : itemVariables;
}

/** All mistakes in the expressions of rules and sources, with their offsets; none when the rest here can be called. */
export function checkRules(config: Config): Finding[] {
  const sources = Object.entries(config.sources).flatMap(([name, source]) => checkSource(source, ['sources', name]));
  return [...sources, ...config.rules.flatMap((rule, index) => checkRule(rule, ['rules', index]))];
}

function checkSource({ id, type, at }: Source, path: Path): Finding[] {
  return [
    ...checkText(id, [...path, 'id'], requestVariables, 'string'),
    ...checkText(type, [...path, 'type'], requestVariables, 'string'),
    ...checkText(at, [...path, 'at'], requestVariables, 'timestamp'),
  ];
}

function checkRule(rule: Rule, path: Path): Finding[] {
  const variables = variablesOf(rule);
  return [
    ...checkText(rule.each, [...path, 'each'], eventVariables, 'list'),
    ...checkText(rule.when, [...path, 'when'], variables, 'bool'),
    ...checkText(rule.ticket, [...path, 'ticket'], variables, 'string|list<string>'),
    ...checkText(celOf(rule.set), [...path, 'set', 'cel'], variables, 'status'),
  ];
}

function celOf(set: Rule['set']): string | undefined {
  return typeof set === 'string' ? undefined : set.cel;
}

function checkText(
  text: string | undefined,
  path: Path,
  variables: readonly VariableName[],
  expects: Expects,
): Finding[] {
  if (text === undefined) return [];
  const found = compile(text, { variables, expects });
  return found.ok ? [] : [{ path, offset: found.offset, what: found.what, expected: found.expected }];
}

/** Compiles the rules of a configuration in which nothing is wrong. Throws an Error (a defect) for any other. */
export function makeRulebook(config: Config, version: string): Rulebook {
  const bySource = new Map<string, CompiledRule[]>();
  for (const rule of config.rules) {
    const compiled = compileRule(rule, config);
    for (const source of new Set(rule.on)) bySource.set(source, [...(bySource.get(source) ?? []), compiled]);
  }
  return { version, rulesFor: (source) => bySource.get(source) ?? [] };
}

function compileRule(rule: Rule, config: Config): CompiledRule {
  const account = rule.account ?? defaultAccount(config.accounts);
  if (account === undefined) throw new Error(`rule ${rule.name} has no account; was the configuration checked?`);
  const variables = variablesOf(rule);
  const { name, dryRun, stop, when, each, set } = rule;
  return {
    name,
    account,
    dryRun,
    stop,
    ...(each === undefined ? {} : { each: compiled(each, eventVariables, 'list') }),
    ...(when === undefined ? {} : { when: compiled(when, variables, 'bool') }),
    ticket: compiled(rule.ticket, variables, 'string|list<string>'),
    set: typeof set === 'string' ? set : compiled(set.cel, variables, 'status'),
  };
}

/** Reads one thing off a request. Never throws; work is bounded as for a rule. */
export type Read = (headers: Readonly<Record<string, string>>, body: unknown) => Outcome<unknown>;

/** The expressions with which a source names its events, those that its configuration has. */
export interface SourceExpressions {
  readonly id?: Read;
  readonly type?: Read;
  readonly at?: Read;
}

/** The compiled expressions of every source, by its name. Throws as `makeRulebook` does. */
export function compileSources(config: Pick<Config, 'sources'>): ReadonlyMap<string, SourceExpressions> {
  return new Map(Object.entries(config.sources).map(([name, source]) => [name, compileSourceExpressions(source)]));
}

/** The compiled expressions of one source, as plain functions: sources know nothing of rules. */
export function compileSourceExpressions({ id, type, at }: Pick<Source, 'id' | 'type' | 'at'>): SourceExpressions {
  return {
    ...(id === undefined ? {} : { id: reader(id, 'string') }),
    ...(type === undefined ? {} : { type: reader(type, 'string') }),
    ...(at === undefined ? {} : { at: reader(at, 'timestamp') }),
  };
}

function reader(text: string, expects: 'string' | 'timestamp'): Read {
  const expression = compiled(text, requestVariables, expects);
  return (headers, body) => expression.evaluate({ headers, body });
}

function compiled<E extends Expects>(
  text: string,
  variables: readonly VariableName[],
  expects: E,
): Expression<Answers[E]> {
  const expression = compile(text, { variables, expects });
  if (expression.ok) return expression;
  throw new Error(`${expression.what}, ${expression.expected}; was the configuration checked?`);
}
