// Owns how the parts of one process are put together, for the commands that stay and for the demo: Redis, workers, receiver,
// and a simulator where it stands in for the vendor.
import { startChanges } from '../../workers/changes.ts';
import { describeConfig } from '../config/describe.ts';
import { callingOnly } from '../config/example.ts';
import type { Closers } from '../lifecycle.ts';
import type { Log } from '../log.ts';
import { connect, waitReady } from '../redis/connection.ts';
import { readSettings } from '../redis/settings.ts';
import { type Receiver, startReceiver } from '../server.ts';
import type { SimulatorOptions } from '../simulator/options.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import type { Setup } from './setup.ts';
import { openStore } from './store.ts';

/**
 * How long a command waits for Redis before it gives up: whoever runs it (compose, systemd, a person) is told and may start
 * it again. Once it runs it waits for ever.
 */
export const REDIS_PATIENCE_MS = 10_000;

export interface Plan {
  readonly setup: Setup;
  readonly parts: { readonly receiver: boolean; readonly worker: boolean };
  /** The private Redis' data, if not in STATUSWIRE_HOME. */
  readonly dataDir?: string;
  /** A simulator that every account calls, whatever address it has. */
  readonly standIn?: SimulatorOptions | undefined;
}

export interface Tools {
  readonly closers: Closers;
  readonly log: Log;
  /** Hears what takes long. */
  readonly progress: (line: string) => void;
}

export interface Service {
  readonly receiver: Receiver | undefined;
  readonly simulator: Simulator | undefined;
}

/** Opens the parts in order, each told in the log. Rejects with the next step; `closers` then closes what was opened. */
export async function openService({ setup, parts, dataDir, standIn }: Plan, tools: Tools): Promise<Service> {
  const { closers, log } = tools;
  const { env, loaded } = setup;
  const store = await closers.open('redis', () => openStore(setup, tools, dataDir));
  await greetRedis(store.url, tools);
  const simulator = standIn && (await closers.open('simulator', () => startSimulator(standIn)));
  if (simulator !== undefined) log.info({ url: simulator.url }, 'simulator.listening');
  const config = simulator === undefined ? loaded.config : callingOnly(loaded.config, simulator.url);
  log.info({ config: describeConfig(config), file: loaded.file, version: loaded.version }, 'config.loaded');
  if (parts.worker) {
    const { accounts } = config;
    await closers.open('workers', () =>
      startChanges({
        accounts,
        redisUrl: store.url,
        prefix: env.STATUSWIRE_PREFIX,
        secret: env.STATUSWIRE_SECRET,
        log,
      }),
    );
  }
  if (!parts.receiver) return { simulator, receiver: undefined };
  const { version } = loaded;
  const receiver = await closers.open('receiver', () =>
    startReceiver({ loaded: { config, version }, env, redisUrl: store.url, log }),
  );
  return { simulator, receiver };
}

/** Waits for Redis and tells which promises its settings bend. */
async function greetRedis(url: string, { closers, log }: Tools): Promise<void> {
  const client = connect({ url }, 'command', { log, random: Math.random });
  // Once only: to disconnect what has ended keeps ioredis, and with it the process, for two seconds.
  const leave = () => {
    if (client.status !== 'end') client.disconnect();
  };
  // Also among the closers: a signal must not have to wait for a Redis that is away.
  closers.add('greeting', leave);
  try {
    await waitReady(client, REDIS_PATIENCE_MS);
    const { weaknesses, version } = await readSettings(client);
    log.info({ version, weaknesses: weaknesses.length }, 'redis.ready');
    for (const weakness of weaknesses) log.warn(weakness, 'redis.weak');
  } finally {
    leave();
  }
}
