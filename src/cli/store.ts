// Owns which Redis a command works on: the one of REDIS_URL, else a private one, for which a program is unpacked if need be.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Env } from '../config/env.ts';
import type { Log } from '../log.ts';
import { installFromDistribution } from '../redis/distribution.ts';
import { findProgram, type Places } from '../redis/program.ts';
import { ensureServer } from '../redis/server.ts';
import { openHome } from './home.ts';
import type { Surroundings } from './setup.ts';

export interface Store {
  readonly url: string;
  /** Leaves it; a private server ends with its last user, its data stays. */
  close(): Promise<void>;
}

/** Where the data of the private Redis lies, unless the command has a folder of its own for it. */
function privateData(env: Pick<Env, 'STATUSWIRE_HOME'>): string {
  return resolve(env.STATUSWIRE_HOME, 'redis');
}

/** Whether there is anything to read in the Redis of this folder, without starting one. */
export function hasStore(env: Pick<Env, 'REDIS_URL' | 'STATUSWIRE_HOME'>): boolean {
  return env.REDIS_URL !== undefined || existsSync(privateData(env));
}

/** True when the distribution's package will be fetched before a private Redis can start. */
export function isProgramMissing(surroundings: Surroundings): boolean {
  return findProgram(placesOf(surroundings)) === undefined;
}

/**
 * The Redis to work on: REDIS_URL, else a private one in `dataDir`. Where no server program is installed, the distribution's
 * package is unpacked into STATUSWIRE_HOME, with progress.
 */
export async function openStore(
  surroundings: Surroundings,
  { log, progress }: { readonly log: Log; readonly progress: (line: string) => void },
  dataDir?: string,
): Promise<Store> {
  const { env } = surroundings;
  if (env.REDIS_URL !== undefined) return { url: env.REDIS_URL, close: async () => {} };
  const places = placesOf(surroundings);
  if (findProgram(places) === undefined) await installFromDistribution(openHome(env.STATUSWIRE_HOME), progress);
  return ensureServer({ ...places, dataDir: dataDir ?? join(openHome(env.STATUSWIRE_HOME), 'redis'), log });
}

/** Full paths: the server is started in its data folder, where a short one would lead elsewhere. */
function placesOf({ env, variables }: Surroundings): Places {
  return {
    bin: env.REDIS_SERVER_BIN && resolve(env.REDIS_SERVER_BIN),
    path: variables.PATH,
    stateDir: resolve(env.STATUSWIRE_HOME),
  };
}
