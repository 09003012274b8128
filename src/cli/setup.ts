// Owns what a command works with before anything is opened: the environment and the configuration that apply here. Tells
// every mistake in both at once.
import { type Env, type EnvFault, formatEnvFault, loadEnv, readEnv } from '../config/env.ts';
import { type Fault, formatFault } from '../config/fault.ts';
import { exampleFile, findConfig } from '../config/find.ts';
import { type Loaded, type LoadResult, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Environment } from '../config/substitute.ts';
import { checkRules } from '../rule/rulebook.ts';
import { checkSources } from '../source/check.ts';
import { examplePrefix, exampleVariables } from './example.ts';
import { Refusal } from './output.ts';

export interface Surroundings {
  readonly env: Env;
  /** All variables, for `${NAME}` in the configuration. */
  readonly variables: NodeJS.ProcessEnv;
}

export interface Setup extends Surroundings {
  readonly loaded: Loaded;
  /** Nothing was configured: the shipped example, for the simulator only and under a prefix of its own. */
  readonly isExample: boolean;
}

/** Every mistake in the environment (which has a key and no place) and in the configuration. */
export class Mistakes extends Refusal {
  readonly faults: readonly (EnvFault | Fault)[];

  constructor(faults: readonly (EnvFault | Fault)[]) {
    super(faults.map((fault) => ('key' in fault ? formatEnvFault(fault) : formatFault(fault))).join('\n'));
    this.faults = faults;
  }
}

/** The environment and `.env`. Throws Mistakes. */
export function readSurroundings(): Surroundings {
  const variables = loadEnv({ cwd: process.cwd() });
  const read = readEnv(variables);
  if (!read.ok) throw new Mistakes(read.faults);
  return { env: read.env, variables };
}

/**
 * Environment and configuration: `option` (--config), else STATUSWIRE_CONFIG, else statuswire.yaml here, else the example
 * unless a file of their own is `required`. Throws Mistakes.
 */
export function readSetup(option: string | undefined, required = false): Setup {
  const variables = loadEnv({ cwd: process.cwd() });
  const read = readEnv(variables);
  const found = findConfig({ option, environment: variables.STATUSWIRE_CONFIG, cwd: '.' });
  if (found.kind === 'example' && !required) return exampleSetup();
  const loaded = load(found.kind === 'example' ? 'statuswire.yaml' : found.file, variables);
  if (!read.ok || !loaded.ok)
    throw new Mistakes([...(read.ok ? [] : read.faults), ...(loaded.ok ? [] : loaded.faults)]);
  return { env: read.env, variables, loaded, isExample: false };
}

/** The configuration of `setup` as it stands in its file now, with the variables that hold now. */
export function readAgain({ loaded }: Pick<Setup, 'loaded'>): LoadResult {
  return load(loaded.file, loadEnv({ cwd: process.cwd() }));
}

function exampleSetup(): Setup {
  const { env, variables } = readSurroundings();
  const loaded = loadExample(env.STATUSWIRE_HOME, variables);
  return { env: { ...env, STATUSWIRE_PREFIX: examplePrefix(env) }, variables, loaded, isExample: true };
}

/** The shipped example. Its secrets are taken from `given`, else from the folder `home`, where missing ones are kept. */
export function loadExample(home: string, given: NodeJS.ProcessEnv): Loaded {
  const loaded = load(exampleFile(), exampleVariables(home, given));
  if (!loaded.ok) throw new Mistakes(loaded.faults);
  return loaded;
}

/** The configuration in `file`, with everything checked that `check` checks. */
function load(file: string, env: Environment): LoadResult {
  const check = (config: Config) => [...checkSources(config.sources, Date.now()), ...checkRules(config)];
  return loadConfig({ file, env, check });
}
