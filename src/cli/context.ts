// Owns what commands share: the environment, the configuration (or the example), and a Redis to work on.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, formatEnvFault, loadEnv, readEnv } from '../config/env.ts';
import { exampleEnv } from '../config/example.ts';
import { formatFault } from '../config/fault.ts';
import { exampleFile, findConfig } from '../config/find.ts';
import { type Loaded, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../log.ts';
import { installFromDistribution } from '../redis/distribution.ts';
import { findProgram } from '../redis/program.ts';
import { ensureServer } from '../redis/server.ts';
import { checkRules } from '../rule/rulebook.ts';
import { simulatorClientId, simulatorClientSecret } from '../simulator/options.ts';
import { checkSources } from '../source/check.ts';
import { Refusal } from './output.ts';

export interface Surroundings {
  readonly env: Env;
  /** All variables, for `${NAME}` in the configuration. */
  readonly variables: NodeJS.ProcessEnv;
}

/** The environment and `.env`. Throws a Refusal that lists every wrong key. */
export function readSurroundings(): Surroundings {
  const variables = loadEnv({ cwd: process.cwd() });
  const read = readEnv(variables);
  if (!read.ok) throw new Refusal(read.faults.map(formatEnvFault).join('\n'));
  return { env: read.env, variables };
}

export interface Chosen extends Loaded {
  /** Nothing was configured: the shipped example, for the simulator only. */
  readonly isExample: boolean;
}

/** The configuration that applies. Throws a Refusal with one line a fault. */
export function readConfig(surroundings: Surroundings, option: string | undefined): Chosen {
  const { env, variables } = surroundings;
  const found = findConfig({ option, environment: env.STATUSWIRE_CONFIG, cwd: '.' });
  if (found.kind === 'example') return readExample(surroundings, env.STATUSWIRE_HOME);
  return { ...load(found.file, variables), isExample: false };
}

/** The shipped example, with stand-in secrets that are kept in the folder `home`. */
export function readExample({ variables }: Surroundings, home: string): Chosen {
  const file = exampleFile();
  return { ...load(file, exampleValues(file, home, variables)), isExample: true };
}

function load(file: string, env: NodeJS.ProcessEnv): Loaded {
  const check = (config: Config) => [...checkSources(config.sources), ...checkRules(config)];
  const loaded = loadConfig({ file, env, check });
  if (!loaded.ok) throw new Refusal(loaded.faults.map(formatFault).join('\n'));
  return loaded;
}

/** Secrets for the example, the same in every process of this folder, so that `send` can sign for a running `start`. */
function exampleValues(file: string, home: string, variables: NodeJS.ProcessEnv) {
  const kept = join(home, 'example-secrets.json');
  const given = existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as Record<string, string>) : {};
  const values = exampleEnv({
    text: readFileSync(file, 'utf8'),
    clientId: simulatorClientId,
    clientSecret: simulatorClientSecret,
    given: { ...given, ...variables },
    random: randomBytes,
  });
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(kept, JSON.stringify({ ...given, ...values }), { mode: 0o600 });
  return values;
}

export interface Store {
  readonly url: string;
  /** Leaves it; a private server ends with its last user, its data stays. */
  close(): Promise<void>;
}

/**
 * The Redis to work on: REDIS_URL, else a private one in `dataDir` (default: below STATUSWIRE_HOME). Where no server program is
 * installed the distribution's package is unpacked into STATUSWIRE_HOME, with progress.
 */
export async function openStore(
  { env, variables }: Surroundings,
  log: Log,
  progress: (line: string) => void,
  dataDir = join(env.STATUSWIRE_HOME, 'redis'),
): Promise<Store> {
  if (env.REDIS_URL !== undefined) return { url: env.REDIS_URL, close: async () => {} };
  const places = { bin: env.REDIS_SERVER_BIN, path: variables.PATH, stateDir: env.STATUSWIRE_HOME };
  if (findProgram(places) === undefined) await installFromDistribution(env.STATUSWIRE_HOME, progress);
  return ensureServer({ ...places, dataDir, log });
}
