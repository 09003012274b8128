// Owns reading statuswire.yaml: text, YAML, environment, shape, names, and the CEL check that is passed in. Tells
// every mistake at once, each at its place; what it gives is complete, consistent and frozen. Prints nothing.
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { crossCheck, defaultAccount } from './cross-check.ts';
import { type Document, type Place, readDocument } from './document.ts';
import { explainIssues, isSecret, valueAt } from './explain.ts';
import { type Fault, type Finding, isError, type Path, pathText, withoutUser } from './fault.ts';
import { freezeConfig } from './freeze.ts';
import { mend } from './mend.ts';
import { decode, readText } from './read-text.ts';
import { RuleSchema } from './rule-schema.ts';
import { AccountSchema, type Config, ConfigSchema, SourceSchema } from './schema.ts';
import type { Environment } from './substitute.ts';
import { keyOf, type Trouble } from './walk.ts';

/**
 * The meaning of the CEL texts (the rulebook's `checkRules`). When the file has other mistakes too, it is given the
 * accounts, sources and rules that are sound; a rule may then name a source that is not among them.
 */
export type Check = (config: Config) => readonly Finding[];

export interface Loaded {
  readonly ok: true;
  /** Deeply frozen. Each rule has its `account`, chosen where the file names none. */
  readonly config: Config;
  readonly file: string;
  /** The first 12 hex digits of the SHA-256 of the text: which file made a decision. */
  readonly version: string;
  /** What is likely a mistake and does not stop the start, sorted by place. */
  readonly warnings: readonly Fault[];
  /** Where a value stands in the file, `offset` characters into it. */
  locate(path: Path, offset?: number): Place;
}

/** Where there are errors, the faults are these and the warnings. */
export type LoadResult = Loaded | { readonly ok: false; readonly faults: readonly Fault[] };

export interface LoadInput {
  readonly file: string;
  /** Stands in for the content of `file`, which then is only a name. */
  readonly text?: string;
  /** The text of a configuration without faults that gives the accounts and the sources, where `file` has none. */
  readonly base?: string | undefined;
  /** The values for `${NAME}`. */
  readonly env: Environment;
  readonly check: Check;
}

/** Reads and checks a configuration. Mistakes are answers, sorted by place; it throws only what `check` throws. */
export function loadConfig(input: LoadInput): LoadResult {
  const { file } = input;
  const read = input.text === undefined ? readText(file) : decode(Buffer.from(input.text));
  if (!read.ok) return { ok: false, faults: [{ file, line: 1, column: 1, what: read.what, expected: read.expected }] };
  const parsed = readDocument(read.text, input.env);
  if (!parsed.ok) return { ok: false, faults: sorted(parsed.faults.map((fault) => ({ file, ...fault }))) };
  const document = completed(parsed.document, input);
  const { config, troubles } = judge(document, input);
  const faults = sorted(troubles.map((each) => toFault(file, document, each)));
  if (faults.some(isError)) return { ok: false, faults };
  const locate: Loaded['locate'] = (path, offset) => document.locate(path, offset);
  return { ok: true, config, file, version: versionOf(read.text), warnings: faults, locate };
}

/** The document, with the accounts and sources of the base where it has none of its own. */
function completed(document: Document, { base, env }: Pick<LoadInput, 'base' | 'env'>): Document {
  const read = base === undefined ? undefined : readDocument(base, env);
  if (!read?.ok || typeof document.data !== 'object' || document.data === null) return document;
  const [accounts, sources] = [valueAt(read.document.data, ['accounts']), valueAt(read.document.data, ['sources'])];
  return { ...document, data: { accounts, sources, ...document.data } };
}

function judge(
  document: Document,
  { check, env }: { check: Check; env: Environment },
): { config: Config; troubles: readonly Trouble[] } {
  const shape = ConfigSchema.safeParse(document.data);
  const sound = shape.success ? { config: shape.data, rules: undefined } : salvage(document.data);
  const config = freezeConfig(withAccounts(sound.config));
  const found = [
    ...(shape.success ? [] : explainIssues(document, ConfigSchema, shape.error.issues)),
    ...crossCheck(document, env),
    ...check(config).map((finding) => toTrouble(document, inFile(finding, sound.rules))),
    ...checkUnsound(document, config, check, sound.rules).map((finding) => toTrouble(document, finding)),
  ];
  const causes = new Set(document.troubles.map(({ path }) => keyOf(path)));
  return { config, troubles: [...document.troubles, ...found.filter((each) => !isConsequence(each, causes))] };
}

/** What is said of a value that could not be read, or of what is inside it, follows only from that. */
function isConsequence({ path }: Trouble, causes: ReadonlySet<string>): boolean {
  return [path, ...path.map((_, length) => path.slice(0, length))].some((prefix) => causes.has(keyOf(prefix)));
}

/** The sound parts of a file that has mistakes, and which rule of the file each of the remaining rules is. */
function salvage(data: unknown): { config: Config; rules: readonly number[] } {
  const sound = [...Object.entries(valueAt(data, ['rules']) ?? {})].flatMap(([index, raw]) => {
    const rule = RuleSchema.safeParse(raw);
    return rule.success ? [{ index: Number(index), rule: rule.data }] : [];
  });
  const config = {
    accounts: soundEntries(AccountSchema, valueAt(data, ['accounts'])),
    sources: soundEntries(SourceSchema, valueAt(data, ['sources'])),
    rules: sound.map(({ rule }) => rule),
  };
  return { config, rules: sound.map(({ index }) => index) };
}

/** Mistakes in the CEL texts of rules whose shape is wrong: one run tells every mistake. */
function checkUnsound(
  document: Document,
  config: Config,
  check: Check,
  sound: readonly number[] | undefined,
): Finding[] {
  const rules = valueAt(document.data, ['rules']);
  if (sound === undefined || !Array.isArray(rules)) return [];
  return rules.flatMap((raw: unknown, index) => {
    const rule = sound.includes(index) ? undefined : mend(raw);
    if (rule === undefined) return [];
    const findings = check({ ...config, rules: [rule] }).filter(isError);
    return findings
      .map((finding) => inFile(finding, [index]))
      .filter(({ path }) => path[0] === 'rules' && typeof valueAt(document.data, path) === 'string');
  });
}

function soundEntries<Value>(schema: z.ZodType<Value>, data: unknown): Record<string, Value> {
  const entries = Object.entries(data ?? {}).map(([name, raw]) => [name, schema.safeParse(raw)] as const);
  return Object.fromEntries(entries.flatMap(([name, parsed]) => (parsed.success ? [[name, parsed.data]] : [])));
}

function inFile(finding: Finding, rules: readonly number[] | undefined): Finding {
  const [section, index, ...rest] = finding.path;
  if (rules === undefined || section !== 'rules' || typeof index !== 'number') return finding;
  return { ...finding, path: [section, rules[index] ?? index, ...rest] };
}

/** Shorter secrets stand in a sentence by chance, an `a` in each; that they are too short is worth telling. */
const TELLING = 8;

/**
 * With the path in front, as all faults have it. A finding may quote its text; where a part of that text is not to be
 * shown, only the fact is told. Findings about secrets tell their form and not their words, which is made sure of.
 */
function toTrouble(document: Document, { path, offset, what, expected, severity = 'error' }: Finding): Trouble {
  const value = valueAt(document.data, path);
  const isQuoted = typeof value === 'string' && value.length >= TELLING && `${what} ${expected}`.includes(value);
  const names = document.namesAt(path).map((name) => `\${${name}}`);
  if (isSecret(path) ? !isQuoted : names.length === 0) {
    return {
      path,
      what: `${pathText(path)}: ${what}`,
      expected,
      severity,
      ...(offset === undefined ? {} : { offset }),
    };
  }
  return {
    path,
    what: `${pathText(path)} is not right${names.length === 0 ? '' : ` with the value of ${names.join(', ')}`}`,
    expected: 'expected another value; details are not shown, because they would show a part of it',
    severity,
  };
}

function withAccounts(config: Config): Config {
  const account = defaultAccount(config.accounts);
  if (account === undefined) return config;
  return { ...config, rules: config.rules.map((rule) => ({ account, ...rule })) };
}

function toFault(file: string, document: Document, trouble: Trouble): Fault {
  const { path, offset, at, what, expected } = trouble;
  const severity = isError(trouble) ? {} : { severity: 'warning' as const };
  const words = { what: withoutUser(what), expected: withoutUser(expected) };
  return { file, ...document.locate(path, offset, at), ...words, ...severity };
}

function sorted(faults: readonly Fault[]): readonly Fault[] {
  return faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
