// Owns the way to a running private server: hold on to the one that is there, else start one, and wait for its data.
// Never two on one data folder: everything up to "it listens and knows us" happens in the folder's turn.
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { holdOn, type Lifeline } from './lifeline.ts';
import { lastLogLines, livingServer, type Setup, startProcess } from './server-process.ts';
import { withTurn } from './turn.ts';

const turnMs = 60_000;
const listenMs = 30_000;
/** Loading takes about ten seconds for each gigabyte of append-only file. */
const loadMs = 600_000;

/** Takes the turn of a server's folder, in which alone it may be started or ended. */
export function inTurn<T>(setup: Setup, work: () => Promise<T>): Promise<T> {
  return withTurn(dirname(setup.socket), turnMs, work);
}

/** Asks every 20 ms until there is an answer; undefined if there is none within `timeoutMs`. */
export async function ask<T>(timeoutMs: number, question: () => Promise<T | undefined>): Promise<T | undefined> {
  const expired = AbortSignal.timeout(timeoutMs);
  for (;;) {
    const answer = await question();
    if (answer !== undefined || expired.aborted) return answer;
    await pause(20);
  }
}

/** A lifeline to the server of `setup`, with its data loaded. Rejects with the server's own words, or when `signal` says so. */
export async function joinServer(setup: Setup, log: Pick<Log, 'info'>, signal: AbortSignal): Promise<Lifeline> {
  const id = randomBytes(4).toString('hex');
  const lifeline = await inTurn(setup, async () => {
    return (await holdOn(setup.socket, id)) ?? (await holdOnToLeftover(setup, id)) ?? (await start(setup, id, log));
  });
  try {
    await untilLoaded(lifeline, setup.dataDir, signal);
    return lifeline;
  } catch (error) {
    await lifeline.letGo();
    throw error;
  }
}

async function start(setup: Setup, id: string, log: Pick<Log, 'info'>): Promise<Lifeline> {
  const child = startProcess(setup);
  let ending: string | undefined;
  child.once('error', (error) => {
    ending = error.message;
  });
  child.once('exit', (code, signal) => {
    ending = `exit ${code ?? signal}`;
  });
  const lifeline = await ask(listenMs, async () => {
    const held = await holdOn(setup.socket, id);
    if (held === undefined && ending !== undefined) {
      throw new Error(`The private Redis did not start (${ending}). Its last words:\n${lastLogLines(setup.dataDir)}`);
    }
    return held;
  });
  if (lifeline === undefined) {
    child.kill();
    throw new Error(`The private Redis did not listen within ${listenMs / 1000} s; see redis.log in ${setup.dataDir}`);
  }
  log.info({ server: child.pid, program: setup.program.file, dataDir: setup.dataDir }, 'redis.server.started');
  return lifeline;
}

/**
 * A server may live without a socket: about to listen (whoever started it was killed), about to end, or its socket was
 * deleted. Wait for it, then end it: a second one on its files would destroy them.
 */
async function holdOnToLeftover({ dataDir, socket }: Setup, id: string): Promise<Lifeline | undefined> {
  const goneOrHeld = async (): Promise<Lifeline | 'gone' | undefined> =>
    livingServer(dataDir) === undefined ? 'gone' : await holdOn(socket, id);
  let outcome = await ask(5000, goneOrHeld);
  if (outcome === undefined) {
    terminate(livingServer(dataDir));
    outcome = await ask(15_000, goneOrHeld);
  }
  if (outcome === undefined) {
    const pid = livingServer(dataDir);
    throw new Error(`A Redis without a socket (pid ${pid}) works on ${dataDir} and does not end. End it: kill ${pid}`);
  }
  return outcome === 'gone' ? undefined : outcome;
}

function terminate(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
  } catch {
    // Gone in this moment, which is what was wanted.
  }
}

async function untilLoaded(lifeline: Lifeline, dataDir: string, signal: AbortSignal): Promise<void> {
  const loaded = await ask(loadMs, async () => {
    signal.throwIfAborted();
    return (await lifeline.hasLoaded().catch((cause: unknown) => {
      const pid = livingServer(dataDir);
      if (pid === undefined) throw new Error(`The private Redis ended. Its last words:\n${lastLogLines(dataDir)}`);
      throw new Error(`The private Redis (pid ${pid}) does not answer. If it was stopped: kill -CONT ${pid}`, {
        cause,
      });
    }))
      ? true
      : undefined;
  });
  if (!loaded)
    throw new Error(`The private Redis has not loaded its data within ${loadMs / 60_000} minutes: ${dataDir}`);
}
