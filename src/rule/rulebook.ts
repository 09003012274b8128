// Owns the expressions of a configuration: finds every mistake in them at once, and compiles those of rules and sources
// once, before there is an event. That names are unique and name something is the loader's to check.
import type { Finding, Path } from '../config/fault.ts';
import type { Config, Source } from '../config/schema.ts';
import { analyse } from './analyse.ts';
import { type CompiledClockRule, checkClockRule, compileClockRule } from './clock-rule.ts';
import { type CompiledRule, checkEventRule, checkText, compiled, compileRule } from './compiled-rule.ts';
import type { Outcome } from './expression.ts';
import type { VariableName } from './language.ts';

export interface Rulebook {
  /** Names the configuration it was made from. */
  readonly version: string;
  /** The rules that listen to a source, in the order of the file. */
  rulesFor(source: string): readonly CompiledRule[];
  /** These, and the rules that wait and have an `unless` for the source; in the order of the file. */
  concernedBy(source: string): readonly Concern[];
  /** The rules on the clock, in the order of the file. */
  readonly clockRules: readonly CompiledClockRule[];
}

/** What events of a source mean to a rule: it listens to them, or they may end its wait, or both. */
export interface Concern {
  readonly rule: CompiledRule;
  readonly listens: boolean;
  readonly unless: CompiledRule['unless'];
}

const requestVariables: readonly VariableName[] = ['headers', 'body'];

/**
 * All mistakes in the expressions of rules and sources, with their offsets; without an error among them the rest here
 * can be called. Also what `analyse` finds in the rules together.
 */
export function checkRules(config: Config): Finding[] {
  const sources = Object.entries(config.sources).flatMap(([name, source]) => checkSource(source, ['sources', name]));
  const rules = config.rules.flatMap((rule, index) => {
    const path: Path = ['rules', index];
    return rule.kind === 'event' ? checkEventRule(rule, path) : checkClockRule(rule, path);
  });
  return [...sources, ...rules, ...analyse(config)];
}

function checkSource({ id, type, at }: Source, path: Path): Finding[] {
  return [
    ...checkText(id, [...path, 'id'], requestVariables, 'string'),
    ...checkText(type, [...path, 'type'], requestVariables, 'string'),
    ...checkText(at, [...path, 'at'], requestVariables, 'timestamp'),
  ];
}

/** Compiles the rules of a configuration in which nothing is wrong. Throws an Error (a defect) for any other. */
export function makeRulebook(config: Config, version: string): Rulebook {
  const concerns = new Map<string, Concern[]>();
  const clockRules: CompiledClockRule[] = [];
  for (const rule of config.rules) {
    if (rule.kind === 'clock') {
      clockRules.push(compileClockRule(rule, config.accounts));
      continue;
    }
    const compiled = compileRule(rule, config.accounts);
    for (const source of new Set([...rule.on, ...compiled.unless.flatMap(({ on }) => on)])) {
      const concern = {
        rule: compiled,
        listens: rule.on.includes(source),
        unless: compiled.unless.filter(({ on }) => on.includes(source)),
      };
      concerns.set(source, [...(concerns.get(source) ?? []), concern]);
    }
  }
  const concernedBy = (source: string) => concerns.get(source) ?? [];
  const rulesFor = (source: string) => concernedBy(source).flatMap(({ rule, listens }) => (listens ? [rule] : []));
  return { version, rulesFor, concernedBy, clockRules };
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
function compileSourceExpressions({ id, type, at }: Pick<Source, 'id' | 'type' | 'at'>): SourceExpressions {
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
