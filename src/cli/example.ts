// Owns what ships with Statuswire to be shown: the example configuration, an event for it, and the secrets made up for it.
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Env } from '../config/env.ts';
import { exampleEnv } from '../config/example.ts';
import { exampleFile } from '../config/find.ts';
import { simulatorClientId, simulatorClientSecret } from '../simulator/options.ts';
import { openHome } from './home.ts';
import { Refusal } from './output.ts';

/** A file of the package, by its path from the package's folder. */
export function shippedFile(path: string): string {
  return join(dirname(exampleFile()), path);
}

/** A path as a person would type it here. */
export function shown(file: string): string {
  const short = relative('.', file);
  return short.startsWith('..') ? file : short;
}

/**
 * What the names of the example begin with in Redis: real work that lies in the same Redis must never be taken up by
 * workers that call the simulator, nor the example's by those that call Spacebring.
 */
export function examplePrefix(env: Pick<Env, 'STATUSWIRE_PREFIX'>): string {
  return `${env.STATUSWIRE_PREFIX}-example`;
}

/** A value for each name in the example. Made-up secrets are kept in `home`, so that `send` can sign for a running `start`. */
export function exampleVariables(home: string, given: NodeJS.ProcessEnv): Variables {
  return valuesFor({ ...keptSecrets(home), ...withoutEmpty(given) });
}

type Variables = Readonly<Record<string, string | undefined>>;

function keptSecrets(home: string): Variables {
  const kept = readKept(home);
  const values = valuesFor(kept ?? {});
  const isComplete = Object.keys(values).every((name) => kept?.[name] !== undefined);
  if (isComplete) return values;
  // Of an older example, which had fewer names.
  if (kept !== undefined) rmSync(keptIn(home));
  return keep(home, values);
}

function valuesFor(given: Variables): Variables {
  const text = readFileSync(exampleFile(), 'utf8');
  return exampleEnv({
    text,
    clientId: simulatorClientId,
    clientSecret: simulatorClientSecret,
    given,
    random: randomBytes,
  });
}

function readKept(home: string): Variables | undefined {
  const file = keptIn(home);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Variables;
  } catch {
    throw new Refusal(`${file} cannot be read. Remove it: it holds only secrets made up for the example.`);
  }
}

/** Whole or not at all, and the first of several processes wins: all must have the same secrets. */
function keep(home: string, values: Variables): Variables {
  const fresh = join(openHome(home), `example-secrets-${process.pid}-${randomBytes(4).toString('hex')}`);
  writeFileSync(fresh, JSON.stringify(values), { mode: 0o600 });
  try {
    linkSync(fresh, keptIn(home));
    return values;
  } catch (error) {
    const first = readKept(home);
    if (first === undefined) throw error;
    return first;
  } finally {
    rmSync(fresh, { force: true });
  }
}

function keptIn(home: string): string {
  return join(home, 'example-secrets.json');
}

function withoutEmpty(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value));
}
