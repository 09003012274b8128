// Owns one receiver process of a crew (crew.ts): opens the receiver that its primary describes, and ends when it is told to,
// or by itself when the primary is gone. Whatever ends it, requests in flight are answered first.
import cluster from 'node:cluster';
import { freezeConfig } from '../config/freeze.ts';
import { makeClosers, untilSignal } from '../lifecycle.ts';
import { type Log, makeLog } from '../log.ts';
import { type Receiver, type ReceiverParts, startReceiver } from '../server.ts';
import type { Brief, Order, Report } from './crew-words.ts';
import { Refusal } from './output.ts';

/** Above what a receiver takes at most to drain. */
const CLOSE_MS = 10_000;

/** Runs until the primary says `drain` or is gone; exit code 1 when the receiver could not be opened, which is reported. */
export async function runMember(): Promise<void> {
  const { worker } = cluster;
  if (worker === undefined) throw new Refusal('`statuswire receiver --processes N` starts this by itself.');
  // Node ends the worker of a dead primary at once, in the middle of its requests, unless it takes the end for its own wish.
  worker.exitedAfterDisconnect = true;
  // Only the primary reads the configuration again, for all.
  process.on('SIGHUP', () => {});
  void untilSignal(() => void report({ kind: 'asked' }));
  const closers = makeClosers(CLOSE_MS);
  let log: Log | undefined;
  let loaded: ReceiverParts['loaded'] | undefined;
  let checks: Brief['checks'] = [];
  let receiver: Receiver | undefined;
  let isEnding = false;

  async function open({ logLevel, ...brief }: Brief): Promise<void> {
    log = makeLog({ level: logLevel, name: 'receiver' });
    const begun = frozen(brief.loaded);
    const parts = { ...brief, log, loaded: begun, configChecks: () => checks };
    loaded = begun;
    checks = brief.checks;
    receiver = await closers.open('receiver', () => startReceiver(parts));
    // What was put in force while it was being opened.
    if (loaded !== begun) use(loaded);
    log.info({ url: receiver.url }, 'receiver.process.listening');
    await report({ kind: 'listening', url: receiver.url });
  }

  function use(next: ReceiverParts['loaded']): void {
    loaded = next;
    try {
      receiver?.swap(next);
    } catch (error) {
      log?.error({ error }, 'config.swap-failed');
    }
  }

  const over = new Promise<void>((resolve, reject) => {
    process.on('message', (order: Order) => {
      if (order.kind === 'open') open(order.brief).catch(reject);
      if (order.kind === 'use') use(frozen(order.loaded));
      if (order.kind === 'say') checks = order.checks;
      if (order.kind !== 'drain') return;
      isEnding = true;
      resolve();
    });
    process.once('disconnect', () => {
      if (!isEnding) log?.warn('receiver.process.alone');
      resolve();
    });
  });
  try {
    await report({ kind: 'here' });
    await over;
  } catch (error) {
    await report({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  } finally {
    isEnding = true;
    const unclosed = await closers.close();
    if (unclosed.length > 0) log?.warn({ unclosed }, 'process.closed-hard');
    // The channel would keep the process.
    if (process.connected) process.disconnect();
  }
}

/** What came over the channel has lost what protects a configuration. */
function frozen({ config, version }: ReceiverParts['loaded']): ReceiverParts['loaded'] {
  return { config: freezeConfig(config), version };
}

/** Resolves when it was sent, or nobody is there to hear it. */
function report(what: Report): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(what, undefined, undefined, () => resolve());
  });
}
