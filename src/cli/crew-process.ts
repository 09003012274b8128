// Owns one receiver process as its primary sees it: how it is started, told and ended, and how it ended. Which there shall
// be is crew.ts's. Connections are dealt out in turn by Node's cluster.
import type { ChildProcess } from 'node:child_process';
import cluster, { type Worker } from 'node:cluster';
import type { Brief, Order, Report } from './crew-words.ts';

export interface Member {
  readonly pid: number | undefined;
  /** Where it listens; never settles if it does not come to that. */
  readonly listening: Promise<string>;
  /** Resolves when the process has ended, with the reason in words. */
  readonly gone: Promise<string>;
  tell(order: Order): void;
  /** Gets no new connections from now on, finishes its requests and ends. */
  retire(): void;
  kill(): void;
}

/** The hidden command of this program that is one process of a crew. */
const COMMAND = 'member';

/**
 * Starts a receiver process, which is given what `brief` says when it is ready to hear it. Never throws: one that cannot be
 * started is gone.
 */
export function startMember(brief: () => Brief): Member {
  // In turn: left to the system, fifty connections that stay open have ended up in one process of four.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ args: [COMMAND], serialization: 'advanced' });
  const worker = forked();
  return worker instanceof Error ? neverStarted(worker.message) : memberOf(worker, brief);
}

/** An error where the system has no room for another process. */
function forked(): Worker | Error {
  try {
    return cluster.fork();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function memberOf(worker: Worker, brief: () => Brief): Member {
  const child = worker.process;
  closeWhatItNeverTook(child);
  let isHere = false;
  let isListening = false;
  let isRetired = false;
  let failure: string | undefined;

  const listening = new Promise<string>((resolve) => {
    worker.on('message', (report: Report) => {
      if (report.kind === 'here') open();
      if (report.kind === 'asked') retire();
      if (report.kind === 'failed') failure = report.why;
      if (report.kind !== 'listening') return;
      isListening = true;
      resolve(report.url);
    });
  });
  const gone = new Promise<string>((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) =>
      resolve(failure ?? `it ended with ${signal ?? `exit code ${code}`}`),
    );
    worker.on('error', (error) => {
      // Also of a message that came too late for a process that is ending, which then says so itself.
      if (child.pid === undefined) resolve(`it could not be started (${wordsOf(error)})`);
    });
  });

  function open(): void {
    isHere = true;
    tell({ kind: 'open', brief: brief() });
  }

  function tell(order: Order): void {
    // Who is not here yet learns from its brief how things stand by then; who hears nothing any more is about to be gone.
    if (!isHere || !worker.isConnected()) return;
    try {
      child.send(order, () => {});
    } catch (error) {
      // What cannot be sent at all is a defect of ours; a process that waits for it for ever would hide that.
      failure = wordsOf(error);
      child.kill('SIGKILL');
    }
  }

  function retire(): void {
    if (isRetired) return;
    isRetired = true;
    // Nothing of it is open before it has its brief.
    if (!isHere) child.kill('SIGKILL');
    tell({ kind: 'drain' });
    // After the order, so that it comes first; at once, so that no connection is dealt to a door that closes. One that is
    // still about to listen would wait for ever for the answer of a primary that has let it go.
    if (isListening && worker.isConnected()) worker.disconnect();
  }

  return { pid: child.pid, listening, gone, tell, retire, kill: () => void child.kill('SIGKILL') };
}

/**
 * Node forgets the connection that it has dealt to a process which dies before taking it: nobody would ever read or close it,
 * and its sender would wait. So the last one dealt is closed with the process; of one that was taken this is a spare copy.
 */
function closeWhatItNeverTook(child: ChildProcess): void {
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  let dealt: { close(): void } | undefined;
  child.send = (...args: unknown[]): boolean => {
    if (isClosable(args[1])) dealt = args[1];
    return send(...args);
  };
  child.once('exit', () => dealt?.close());
}

function isClosable(value: unknown): value is { close(): void } {
  return typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function';
}

function neverStarted(why: string): Member {
  const nothing = () => {};
  return {
    pid: undefined,
    listening: new Promise<never>(nothing),
    gone: Promise.resolve(`it could not be started (${why})`),
    tell: nothing,
    retire: nothing,
    kill: nothing,
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
