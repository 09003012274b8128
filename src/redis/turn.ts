// Owns mutual exclusion between processes of one machine: who holds a turn in a folder is alone there. Each contender
// raises a flag (listens on a unix socket of its own), looks for the others' flags, and goes in only if it is alone. The
// kernel lowers the flag of whoever dies, so there are no stale locks, no process ids to mistake, no timeouts to guess.
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const flagName = /^turn-(\d+)-[0-9a-f]{8}$/;

/** Bytes that a flag's file name needs after the folder's path: paths of unix sockets are short. */
export const flagNameBytes = '/turn-4194304-00000000'.length;

interface Seen {
  readonly name: string;
  /** Resolves when that flag may be down. */
  readonly lowered: Promise<void>;
  forget(): void;
}

/**
 * Runs `work` while no other process (nor another call here) does so in `dir`, a folder that only its user may enter.
 * Rejects if the turn does not come within `timeoutMs`; `work` itself is not timed.
 */
export async function withTurn<T>(dir: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const expired = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true }));
  const name = `turn-${process.pid}-${randomBytes(4).toString('hex')}`;
  let flag: Flag | undefined;
  try {
    for (;;) {
      flag ??= await raise(join(dir, name));
      const others = await look(dir, name);
      if (others.length === 0) return await work();
      // The first by name keeps its flag up and so is next; the others step back, else all would wait for all.
      if (others.some((other) => other.name < name)) flag = await flag.lower();
      await Promise.race([Promise.all(others.map((other) => other.lowered)), expired]);
      for (const other of others) other.forget();
      if (deadline.aborted) throw new Error(tooLong(others, timeoutMs));
    }
  } finally {
    await flag?.lower();
  }
}

interface Flag {
  lower(): Promise<undefined>;
}

async function raise(path: string): Promise<Flag> {
  const watchers = new Set<Socket>();
  const server: Server = createServer((socket) => {
    watchers.add(socket.on('error', () => {}).on('close', () => watchers.delete(socket)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  return {
    lower: () =>
      new Promise((resolve) => {
        server.close(() => resolve(undefined));
        for (const socket of watchers) socket.destroy();
      }),
  };
}

async function look(dir: string, own: string): Promise<Seen[]> {
  const names = (await readdir(dir)).filter((name) => flagName.test(name) && name !== own);
  const seen = await Promise.all(names.map((name) => visit(dir, name)));
  return seen.filter((flag) => flag !== undefined);
}

/** Undefined when nobody holds this flag. A flag of the dead is cleared away: its name is never used again. */
function visit(dir: string, name: string): Promise<Seen | undefined> {
  const path = join(dir, name);
  return new Promise((resolve) => {
    const socket = connect(path);
    const lowered = new Promise<void>((down) => socket.once('close', () => down()));
    socket.once('connect', () => resolve({ name, lowered, forget: () => socket.destroy() }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined);
      else if (error.code === 'ECONNREFUSED') void rm(path, { force: true }).then(() => resolve(undefined));
      else resolve({ name, lowered: pause(50), forget: () => {} });
    });
  });
}

function tooLong(others: readonly Seen[], timeoutMs: number): string {
  const pids = others.map((other) => flagName.exec(other.name)?.[1]).join(', ');
  return `Another process (pid ${pids}) has been starting or stopping the private Redis for ${timeoutMs / 1000} s. See what it waits for, or end it.`;
}
