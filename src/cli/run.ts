// Owns the commands that stay: start, receiver, worker, simulator. They open, wait for a signal, and close in reverse order.
import { startChanges } from '../../workers/changes.ts';
import { describeConfig } from '../config/describe.ts';
import { callingOnly } from '../config/example.ts';
import { makeClosers, untilSignal } from '../lifecycle.ts';
import { type Log, makeLog } from '../log.ts';
import { connect, waitReady } from '../redis/connection.ts';
import { readSettings } from '../redis/settings.ts';
import { startReceiver } from '../server.ts';
import type { SimulatorOptions } from '../simulator/options.ts';
import { simulatorClientId, simulatorClientSecret } from '../simulator/options.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { type Chosen, openStore, readConfig, readSurroundings } from './context.ts';
import { complain, say } from './output.ts';

/** Longer than the longest call and the answer to it. */
const CLOSE_MS = 75_000;

export interface Parts {
  readonly receiver: boolean;
  readonly worker: boolean;
}

/** Runs the receiver, the workers, or both, until SIGTERM or SIGINT; then exits with 0. */
export async function run(name: string, parts: Parts, options: { config?: string | undefined }): Promise<void> {
  const surroundings = readSurroundings();
  const { env } = surroundings;
  const chosen = readConfig(surroundings, options.config);
  const log = makeLog({ level: env.LOG_LEVEL, name });
  const closers = makeClosers(CLOSE_MS);
  try {
    const loaded = chosen.isExample ? await withSimulator(chosen, closers, log) : chosen;
    const store = await openStore(surroundings, log, (line) => complain(line));
    closers.add('redis', store.close);
    await tellWeaknesses(store.url, log);
    log.info({ config: describeConfig(loaded.config), file: chosen.file, version: chosen.version }, 'config.loaded');
    if (parts.worker) {
      const { config } = loaded;
      const changes = await startChanges({
        accounts: config.accounts,
        redisUrl: store.url,
        prefix: env.STATUSWIRE_PREFIX,
        log,
      });
      closers.add('workers', changes.close);
    }
    if (parts.receiver) {
      const receiver = await startReceiver({ loaded, env, redisUrl: store.url, log });
      closers.add('receiver', receiver.close);
      if (chosen.isExample) say(...nextSteps(receiver.url));
    }
    await untilSignal((signal) => log.info({ signal }, 'process.stopping'));
  } finally {
    const failed = await closers.close();
    if (failed.length > 0) log.warn({ failed }, 'process.closed-hard');
  }
}

async function withSimulator(chosen: Chosen, closers: ReturnType<typeof makeClosers>, log: Log): Promise<Chosen> {
  say(
    'No statuswire.yaml here: this is the shipped example, against a simulator of Spacebring. Nothing leaves this machine.',
    `To make it yours: cp ${chosen.file} statuswire.yaml && cp .env.example .env, then edit both.`,
  );
  const simulator = await startSimulator({ onCall: (call) => log.debug({ call }, 'simulator.called') });
  closers.add('simulator', () => simulator.close());
  say(`The simulator listens on ${simulator.url} (what it was asked: ${simulator.url}/_simulator/requests).`);
  return { ...chosen, config: callingOnly(chosen.config, simulator.url) };
}

function nextSteps(url: string): string[] {
  return [
    `Statuswire listens on ${url}. Send it an event, from another terminal in this folder:`,
    '  npx statuswire send github examples/github-issue-closed.json',
    '  npx statuswire explain EVENT    (the id that `send` prints)',
  ];
}

async function tellWeaknesses(url: string, log: Log): Promise<void> {
  const client = connect({ url }, 'command', { log, random: Math.random });
  try {
    await waitReady(client, 30_000);
    const { weaknesses, version } = await readSettings(client);
    log.info({ version, weaknesses: weaknesses.length }, 'redis.ready');
    for (const weakness of weaknesses) log.warn(weakness, 'redis.weak');
  } finally {
    client.disconnect();
  }
}

/** Runs the stand-in vendor until SIGTERM or SIGINT. */
export async function runSimulator(options: SimulatorOptions): Promise<void> {
  const simulator = await startSimulator(options);
  say(
    `Spacebring's stand-in listens on ${simulator.url}, in memory, with ${options.rate ?? 10} calls in any second.`,
    `Credentials: Basic ${options.clientId ?? simulatorClientId} / ${options.clientSecret ?? simulatorClientSecret}`,
    `What it was asked: ${simulator.url}/_simulator/requests   A ticket: ${simulator.url}/_simulator/tickets/ID`,
  );
  await untilSignal(() => {});
  await simulator.close();
}
