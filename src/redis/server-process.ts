// Owns one private Redis process: its command line, its files in the data folder, whether it still lives. Whoever
// starts one must hold the turn of the folder (turn.ts): two servers on one append-only file would destroy it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './program.ts';

/** What a private server is made of. `dataDir` is absolute and without symbolic links. */
export interface Setup {
  readonly program: Program;
  readonly dataDir: string;
  readonly socket: string;
}

/**
 * Starts the server and returns at once. It outlives this process and gets none of our environment, which holds secrets.
 * Every confirmed write is on disk; memory is never freed by forgetting keys; a torn last write (power cut) is dropped.
 */
export function startProcess({ program, dataDir, socket }: Setup): ChildProcess {
  const log = openSync(join(dataDir, 'redis.log'), 'a', 0o600);
  const child = spawn(program.file, serverArguments(dataDir, socket), {
    cwd: dataDir,
    detached: true,
    stdio: ['ignore', log, log],
    env: program.libraryPath === undefined ? {} : { LD_LIBRARY_PATH: program.libraryPath },
  });
  closeSync(log);
  child.unref();
  // Redis writes the same a moment later; if we die in between, the next process must still see this one.
  if (child.pid !== undefined) writeFileSync(pidFile(dataDir), `${child.pid}\n`, { mode: 0o600 });
  return child;
}

function serverArguments(dataDir: string, socket: string): string[] {
  const settings: readonly (readonly [name: string, value: string])[] = [
    ['port', '0'],
    ['unixsocket', socket],
    ['unixsocketperm', '700'],
    ['dir', dataDir],
    ['pidfile', pidFile(dataDir)],
    ['logfile', join(dataDir, 'redis.log')],
    ['daemonize', 'no'],
    ['save', ''],
    ['appendonly', 'yes'],
    ['appendfsync', 'always'],
    ['aof-load-truncated', 'yes'],
    ['maxmemory-policy', 'noeviction'],
  ];
  return settings.flatMap(([name, value]) => [`--${name}`, value]);
}

/** The process id of the server living in `dataDir`, or undefined. */
export function livingServer(dataDir: string): number | undefined {
  const pid = Number(readText(pidFile(dataDir)).trim());
  return Number.isInteger(pid) && pid > 1 && isServer(pid, dataDir) ? pid : undefined;
}

/** The end of the server's own log: the reason when it does not start. */
export function lastLogLines(dataDir: string, count = 5): string {
  return readText(join(dataDir, 'redis.log')).trimEnd().split('\n').slice(-count).join('\n');
}

function pidFile(dataDir: string): string {
  return join(dataDir, 'redis.pid');
}

/** Process ids are used again, so look at the process: on Linux its working folder, elsewhere its command line. */
function isServer(pid: number, dataDir: string): boolean {
  try {
    if (process.platform === 'linux') return realpathSync(readlinkSync(`/proc/${pid}/cwd`)) === dataDir;
    return /(?:redis|valkey)-server/.test(
      execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }),
    );
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
