// Owns how the parts of one process are put together, for the commands that stay and for the demo: Redis, workers, receiver,
// and a simulator where it stands in for the vendor. Each is read when it is opened, so that none waits
// for the code of the others.
import { resolve } from 'node:path';
import type { ClockSetting, RunningClock } from '../../workers/runs.ts';
import { describeConfig } from '../config/describe.ts';
import { callingOnly } from '../config/example.ts';
import { formatFault } from '../config/fault.ts';
import type { Loaded } from '../config/load.ts';
import type { Closers } from '../lifecycle.ts';
import type { Log } from '../log.ts';
import type { Readiness } from '../receiver/health.ts';
import { connect, waitReady } from '../redis/connection.ts';
import { readSettings } from '../redis/settings.ts';
import { makeRulebook } from '../rule/rulebook.ts';
import { makeStillHolds } from '../schedule/still-holds.ts';
import type { Receiver, ReceiverParts } from '../server.ts';
import type { SimulatorOptions } from '../simulator/options.ts';
import type { Simulator } from '../simulator/simulator.ts';
import type { Crew } from './crew.ts';
import type { Setup } from './setup.ts';
import { openStore } from './store.ts';

/**
 * How long a command waits for Redis before it gives up: whoever runs it (compose, systemd, a person) is told and may start
 * it again. Once it runs it waits for ever.
 */
export const REDIS_PATIENCE_MS = 10_000;

export interface Plan {
  readonly setup: Setup;
  readonly parts: { readonly receiver: boolean; readonly visits: boolean; readonly clock: boolean };
  /** The private Redis' data, if not in STATUSWIRE_HOME. */
  readonly dataDir?: string;
  /** Receiver processes behind the one port; 1, which is the default, is this process itself. */
  readonly processes?: number | undefined;
  /** What /readyz says of the configuration. */
  readonly configChecks?: () => Readiness['checks'];
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
  /** Puts other sources and rules in force, in all parts; accounts stay those of the start. */
  swap(loaded: Loaded): Promise<void>;
  /** `configChecks` may say something else now. */
  recheck(): void;
}

/** Opens the parts in order, each told in the log. Rejects with the next step; `closers` then closes what was opened. */
export async function openService(plan: Plan, tools: Tools): Promise<Service> {
  const { setup, parts, dataDir, standIn, configChecks, processes = 1 } = plan;
  const { closers, log } = tools;
  const { env, loaded } = setup;
  const store = await closers.open('redis', () => openStore(setup, tools, dataDir));
  await greetRedis(store.url, tools);
  const simulator = standIn && (await closers.open('simulator', () => openSimulator(standIn)));
  if (simulator !== undefined) log.info({ url: simulator.url }, 'simulator.listening');
  const config = simulator === undefined ? loaded.config : callingOnly(loaded.config, simulator.url);
  log.info({ config: describeConfig(config), file: loaded.file, version: loaded.version }, 'config.loaded');
  for (const warning of loaded.warnings) log.warn({ warning: formatFault(warning) }, 'config.doubtful');
  let rules = makeRulebook(config, loaded.version);
  const setting = {
    accounts: config.accounts,
    redisUrl: store.url,
    prefix: env.STATUSWIRE_PREFIX,
    secret: env.STATUSWIRE_SECRET,
    log,
  };
  if (parts.visits) {
    const { startChanges } = await import('../../workers/visits.ts');
    const stillHolds = makeStillHolds(() => rules.clockRules);
    await closers.open('workers', () => startChanges({ ...setting, stillHolds }));
  }
  const clock = parts.clock ? await closers.open('clock', () => openClock({ ...setting, rules })) : undefined;
  const receiverParts = {
    loaded: { config, version: loaded.version },
    env,
    redisUrl: store.url,
    // Beside the data that it is about: whoever removes that folder removes both.
    home: dataDir ?? resolve(env.STATUSWIRE_HOME),
    log,
    ...(configChecks === undefined ? {} : { configChecks }),
  };
  const receiver = parts.receiver
    ? await closers.open('receiver', () => openReceiver(receiverParts, processes))
    : undefined;
  if (receiver !== undefined) {
    const facts = { url: receiver.url, sources: Object.keys(config.sources), config: loaded.version };
    log.info({ ...facts, ...(processes > 1 ? { processes } : {}) }, 'receiver.listening');
  }
  return {
    simulator,
    receiver,
    async swap(next) {
      rules = makeRulebook(next.config, next.version);
      receiver?.swap(next);
      await clock?.use(rules);
    },
    recheck: () => receiver?.recheck(),
  };
}

async function openSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { startSimulator } = await import('../simulator/simulator.ts');
  return startSimulator(options);
}

async function openClock(setting: ClockSetting): Promise<RunningClock> {
  const { startClock } = await import('../../workers/runs.ts');
  return startClock(setting);
}

/** The receiver in this process, or a crew of them. */
async function openReceiver(parts: ReceiverParts, processes: number): Promise<Crew> {
  if (processes > 1) {
    const { startCrew } = await import('./crew.ts');
    return startCrew(parts, processes);
  }
  const { startReceiver } = await import('../server.ts');
  // It asks `configChecks` by itself.
  return { ...(await startReceiver(parts)), recheck: () => {} };
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
