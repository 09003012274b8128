// Owns the commands that stay: start, receiver, worker, simulator. They open, wait for a signal, and close in reverse order.
import type { Env } from '../config/env.ts';
import { exampleFile } from '../config/find.ts';
import { makeClosers, untilSignal } from '../lifecycle.ts';
import { makeLog } from '../log.ts';
import { type SimulatorOptions, simulatorClientId, simulatorClientSecret } from '../simulator/options.ts';
import { shippedFile, shown } from './example.ts';
import { complain, say } from './output.ts';
import { makeReload, type Reload } from './reload.ts';
import { openService, type Plan, type Service } from './service.ts';
import { readAgain, readSetup } from './setup.ts';
import { watchFile } from './watch.ts';

/** Longer than the longest call and the answer to it. */
const CLOSE_MS = 75_000;

export interface RunOptions {
  readonly config?: string | undefined;
  /** Receiver processes; the workers stay in this one. */
  readonly processes?: number | undefined;
}

/** Runs the receiver, the workers, or both, until SIGTERM or SIGINT; then exits with 0. */
export async function run(name: string, parts: Plan['parts'], options: RunOptions): Promise<void> {
  const setup = readSetup(options.config);
  const log = makeLog({ level: setup.env.LOG_LEVEL, name });
  const closers = makeClosers(CLOSE_MS);
  // From here on: a signal that comes while the parts are being opened must not leave any of them behind.
  const asked = untilSignal((signal) => log.info({ signal }, 'process.stopping'));
  let reload: Reload | undefined;
  let isAsked = false;
  process.on('SIGHUP', () => {
    if (reload === undefined) isAsked = true;
    else void reload.look(true);
  });
  const open = async () => {
    if (setup.isExample) say(...introduction());
    const standIn: SimulatorOptions | undefined = setup.isExample
      ? { onCall: (call) => log.debug({ call }, 'simulator.called') }
      : undefined;
    const { processes } = options;
    const plan = { setup, parts, processes, standIn, configChecks: () => reload?.checks() ?? [] };
    const service = await openService(plan, { closers, log, progress: complain });
    if (setup.isExample) return say(...nextSteps(service, setup.env));
    const { loaded } = setup;
    const swapping = makeReload({ loaded, read: () => readAgain(setup), swap: service.swap, log });
    reload = { ...swapping, look: (asks) => swapping.look(asks).then(service.recheck) };
    const { look } = reload;
    closers.add('watch', watchFile(loaded.file, () => look(false)).close);
    // Also what was changed, or asked for, while the parts were being opened.
    await look(isAsked);
  };
  try {
    await Promise.race([open(), asked]);
    await asked;
  } finally {
    const unclosed = await closers.close();
    if (unclosed.length > 0) log.warn({ unclosed }, 'process.closed-hard');
  }
}

function introduction(): string[] {
  return [
    'No configuration here: this is the shipped example, against a simulator of Spacebring. Nothing is sent to Spacebring.',
    `To make it yours: cp ${shown(exampleFile())} statuswire.yaml && cp ${shown(shippedFile('.env.example'))} .env, then edit both.`,
  ];
}

function nextSteps({ receiver, simulator }: Service, { PORT }: Pick<Env, 'PORT'>): string[] {
  const seen = `What the simulator was asked: ${simulator?.url}/_simulator/requests`;
  if (receiver === undefined) return [seen];
  const file = shown(shippedFile('examples/github-issue-closed.json'));
  return [
    `Statuswire listens on ${receiver.url}. Send it an event, from another terminal in this folder:`,
    `  npx statuswire send github ${file}${PORT === 0 ? ` --url ${receiver.url}` : ''}`,
    '  npx statuswire explain EVENT    (the id that `send` prints)',
    seen,
  ];
}

/** Runs the stand-in vendor until SIGTERM or SIGINT. */
export async function runSimulator(options: SimulatorOptions): Promise<void> {
  const asked = untilSignal(() => {});
  const { startSimulator } = await import('../simulator/simulator.ts');
  const simulator = await startSimulator(options);
  say(
    `Spacebring's stand-in listens on ${simulator.url}, in memory, with ${options.rate ?? 10} calls in any second.`,
    `Credentials: Basic ${options.clientId ?? simulatorClientId} / ${options.clientSecret ?? simulatorClientSecret}`,
    `What it was asked: ${simulator.url}/_simulator/requests   A ticket: ${simulator.url}/_simulator/tickets/ID`,
  );
  await asked;
  await simulator.close();
}
