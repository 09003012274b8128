// Owns what the workers of a process stand on, whatever they call the vendor for: a connection to Redis that waits, the desks
// of the accounts, the pacer in front of them, and the tally of what is done there; and how all of it is let go of.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import { openTally } from '../src/metrics/open-tally.ts';
import type { Tally } from '../src/metrics/tally.ts';
import { connect, type RedisClient, waitReady } from '../src/redis/connection.ts';
import { makeNames, type Names } from '../src/redis/names.ts';
import { openPaceScripts } from '../src/ticket/pace-scripts.ts';
import { makePacer, type Pacer } from '../src/ticket/pacer.ts';
import { countedTurns } from './counted.ts';
import { type OpenDesk, openDesks, sealFor } from './desks.ts';

export interface OfficeSetting {
  readonly accounts: Config['accounts'];
  readonly redisUrl: string;
  readonly prefix: string;
  /** STATUSWIRE_SECRET; needed where an account has oauth, which loading the configuration makes sure of. */
  readonly secret?: string | undefined;
  readonly log: Log;
}

export interface Office {
  readonly client: RedisClient;
  readonly names: Names;
  readonly tally: Tally;
  readonly desks: ReadonlyMap<string, OpenDesk>;
  readonly pacer: Pacer;
  /** Whether what is under way ends within the time of the longest call; false: it was not waited for any longer. */
  drain(work: Promise<unknown>): Promise<boolean>;
  /** Closes the desks, then the tally and the queues that others have on the connection, then the connection. */
  close(closeQueues: () => Promise<void>): Promise<void>;
}

const REDIS_PATIENCE_MS = 30_000;
/** Beyond the longest call, so that the answer of every call under way is written down. */
const DRAIN_MARGIN_MS = 5_000;
/** With Redis away neither a tally nor a queue would come to its end. */
const FAREWELL_MS = 1_000;

/** Rejects when Redis cannot be reached within half a minute, and throws where the secret is needed and missing. */
export async function openOffice({ accounts, redisUrl, prefix, secret, log }: OfficeSetting): Promise<Office> {
  const names = makeNames(prefix);
  // Before anything is opened: it throws where the key is needed and missing.
  const seal = sealFor(accounts, secret);
  const client = connect({ url: redisUrl }, 'worker', { log, random: Math.random });
  await waitReady(client, REDIS_PATIENCE_MS).catch((error: unknown) => {
    client.disconnect();
    throw error;
  });
  const tally = openTally({ client, names, writer: randomUUID(), log });
  const desks = openDesks({ client, names, accounts, seal, tally, log });
  const pacer = makePacer({
    ...openPaceScripts(client, names.tag),
    monotonic: () => performance.now(),
    random: Math.random,
    sleep: (ms, signal) => wait(ms, undefined, { signal }),
  });

  return {
    client,
    names,
    tally,
    desks,
    pacer: countedTurns(pacer, tally),
    async drain(work) {
      const longestCallMs = Math.max(...Object.values(accounts).map((account) => account.callTimeout));
      const ended = work.then(() => true);
      return Promise.race([ended, wait(longestCallMs + DRAIN_MARGIN_MS, false, { ref: false })]);
    },
    async close(closeQueues) {
      await Promise.all([...desks.values()].map((desk) => desk.spacebring.close()));
      await Promise.race([Promise.all([closeQueues(), tally.close()]), wait(FAREWELL_MS, undefined, { ref: false })]);
      client.disconnect();
    },
  };
}
