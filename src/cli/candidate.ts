// Owns which rules are tried, and makes them ready to be asked: a file of rules or a whole configuration. Nothing is called
// or proven with it, so whatever the environment does not have gets a stand-in: a CI needs no secrets to test rules.
import { readFileSync } from 'node:fs';
import { loadEnv } from '../config/env.ts';
import { findConfig } from '../config/find.ts';
import { type Loaded, type LoadResult, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type Environment, namesIn } from '../config/substitute.ts';
import type { Event } from '../event.ts';
import { decide } from '../rule/decide.ts';
import type { Decision } from '../rule/rule.ts';
import { checkRules, compileSources, makeRulebook } from '../rule/rulebook.ts';
import { makeSources, type Source } from '../source/source.ts';
import { Mistakes } from './setup.ts';

export interface CandidateOptions {
  readonly config?: string | undefined;
  /** Rules alone, or a whole configuration; what it lacks of accounts and sources is the configuration's. */
  readonly rules?: string | undefined;
}

/** Rules that can be asked, and the sources whose events they are about. */
export interface Candidate {
  readonly loaded: Loaded;
  readonly sources: ReadonlyMap<string, Source>;
  decide(event: Event): readonly Decision[];
}

/** The rules of `--rules`, else of the configuration that applies here. Throws Mistakes. */
export function readCandidate(options: CandidateOptions): Candidate {
  const file = configFileOf(options);
  const variables = loadEnv({ cwd: process.cwd() });
  const main = loadTried(file, variables);
  const loaded = options.rules === undefined ? main : loadTried(options.rules, variables, main.ok ? file : undefined);
  if (!loaded.ok) throw new Mistakes([...loaded.faults, ...(loaded === main || main.ok ? [] : main.faults)]);
  const rulebook = makeRulebook(loaded.config, loaded.version);
  return {
    loaded,
    sources: makeSources(loaded.config.sources, compileSources(loaded.config)),
    // As the receiver does it: the moment of the decision is the moment of arrival.
    decide: (event) => decide(rulebook, event, event.receivedAt),
  };
}

/** The configuration that applies here: --config, STATUSWIRE_CONFIG, statuswire.yaml, else the example. */
export function configFileOf({ config }: CandidateOptions): string {
  const { STATUSWIRE_CONFIG } = loadEnv({ cwd: process.cwd() });
  return findConfig({ option: config, environment: STATUSWIRE_CONFIG, cwd: '.' }).file;
}

function loadTried(file: string, variables: Environment, base?: string): LoadResult {
  const baseText = base === undefined ? undefined : textOf(base);
  const env = withStandIns(variables, `${textOf(file)}\n${baseText ?? ''}`);
  const check = (config: Config) => checkRules(config);
  return loadConfig({ file, env, check, base: baseText });
}

/** What cannot be read has no names; why it cannot be read is told by the loader. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The variables, and a stand-in for each name in the text that has no value: an id, an address, or a secret. */
function withStandIns(variables: Environment, text: string): Environment {
  const unset = namesIn(text).filter((name) => !variables[name]);
  const standIns = Object.fromEntries(unset.map((name) => [name, standInFor(name)]));
  return { ...variables, ...standIns, STATUSWIRE_SECRET: variables.STATUSWIRE_SECRET || '0'.repeat(64) };
}

function standInFor(name: string): string {
  if (/_IDS?$/.test(name)) return '00000000-0000-4000-8000-000000000000';
  if (/UR[LI]/.test(name)) return 'https://stand-in.invalid';
  return 'whsec_c3RhbmQtaW4gb2YgYSBzZWNyZXQ=';
}
