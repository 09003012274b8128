// Owns how the accounts of a configuration are opened for whoever calls the vendor: connections, credentials (tokens rest in
// Redis, encrypted) and calls.
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Account, Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { Tally } from '../src/metrics/tally.ts';
import type { RedisClient } from '../src/redis/connection.ts';
import type { Names } from '../src/redis/names.ts';
import { type Credentials, makeBasic } from '../src/ticket/credentials.ts';
import { exchangeForm, type Line, makeSpacebring, openLine, type Spacebring } from '../src/ticket/spacebring.ts';
import { makeSeal, type Seal } from '../src/ticket/token-seal.ts';
import { makeTokenStore, openTokenScripts } from '../src/ticket/token-store.ts';
import { makeTokens } from '../src/ticket/tokens.ts';
import { countedCalls } from './counted.ts';

/** An account with all that it takes to call the vendor. */
export interface OpenDesk {
  readonly settings: Account;
  readonly credentials: Credentials;
  readonly spacebring: Spacebring;
}

export interface DesksParts {
  readonly client: RedisClient;
  readonly names: Names;
  readonly accounts: Config['accounts'];
  readonly seal: Seal | undefined;
  readonly tally: Tally;
  readonly log: Log;
}

/** Opens nothing before the first call; whoever opens them closes each desk's `spacebring`. */
export function openDesks({ client, names, accounts, seal, tally, log }: DesksParts): ReadonlyMap<string, OpenDesk> {
  const openCredentials = credentialsOpener({ client, names, seal, log });
  return new Map(
    Object.entries(accounts).map(([name, settings]) => {
      const line = openLine(settings);
      const credentials = openCredentials(name, settings, line);
      const { networkId } = settings;
      const spacebring = makeSpacebring({ line, credentials, networkId, now: Date.now });
      const counting = { account: name, tally, monotonic: () => performance.now() };
      return [name, { settings, credentials, spacebring: countedCalls(spacebring, counting) }];
    }),
  );
}

/** What tokens rest under; undefined where no account has one. Throws where the secret is needed and missing. */
export function sealFor(accounts: Config['accounts'], secret = ''): Seal | undefined {
  const isNeeded = Object.values(accounts).some(({ auth }) => 'oauth' in auth);
  return isNeeded ? makeSeal(secret, randomBytes) : undefined;
}

/** Makes the credentials of each account; tokens of those with oauth rest in Redis. */
function credentialsOpener({ client, names, seal, log }: Omit<DesksParts, 'accounts' | 'tally'>) {
  const scripts = openTokenScripts(client, names.tag);
  return (account: string, { auth, callTimeout }: Account, line: Line): Credentials => {
    if ('basic' in auth) return makeBasic(auth.basic);
    if (seal === undefined) throw new Error(`account ${account} has oauth and no key for its tokens`);
    return makeTokens({
      account,
      oauth: auth.oauth,
      callTimeoutMs: callTimeout,
      exchange: (form) => exchangeForm(line, form),
      store: makeTokenStore(scripts, account),
      seal,
      tag: names.tag,
      newAttempt: randomUUID,
      log,
      now: Date.now,
      monotonic: () => performance.now(),
      sleep: (ms) => wait(ms),
    });
  };
}
