// Real Redis for tests: a fresh prefix on the shared one of the run, or a server of the test's own to kill and freeze.
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { connect, type RedisClient, waitReady } from '../../src/redis/connection.ts';
import { makeNames, type Names } from '../../src/redis/names.ts';
import { findProgram } from '../../src/redis/program.ts';
import { startProcess } from '../../src/redis/server-process.ts';
import { socketUrl } from '../../src/redis/url.ts';
import { quiet, testPlaces } from './redis-places.ts';

export interface TestRedis {
  readonly client: RedisClient;
  /** Under a prefix that no other test has. */
  readonly names: Names;
  readonly url: string;
  close(): Promise<void>;
}

/** A ready `command` client on the run's Redis. */
export async function openTestRedis(): Promise<TestRedis> {
  const url = inject('redisUrl');
  const client = await openClient(url);
  const names = makeNames(`test-${randomBytes(6).toString('hex')}`);
  return { client, names, url, close: async () => client.disconnect() };
}

/** A ready client; the caller disconnects it. */
export async function openClient(url: string, role: 'command' | 'worker' = 'command'): Promise<RedisClient> {
  const client = connect({ url }, role, { log: quiet, random: Math.random });
  await waitReady(client, 10_000).catch((error: unknown) => {
    client.disconnect();
    throw error;
  });
  return client;
}

export interface OwnRedis {
  readonly url: string;
  readonly dataDir: string;
  /** Ends the process by `signal` (default SIGKILL) and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. */
  stop(): void;
  cont(): void;
  /** Starts it again on the same data, after `kill` or in place of the living one; resolves when it is ready. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A server for one test, with the settings of a private one (append-only file, fsync always), watched by nobody. */
export async function spawnRedis(): Promise<OwnRedis> {
  const program = findProgram(testPlaces);
  if (program === undefined) throw new Error('no Redis server: test/support/redis-setup.ts should have seen to it');
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), 'statuswire-own-')));
  const socket = join(dataDir, 'redis.sock');
  const url = socketUrl(socket);
  let child: ChildProcess;
  const start = async () => {
    child = startProcess({ program, dataDir, socket });
    (await openClient(url)).disconnect();
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  await start();
  return {
    url,
    dataDir,
    kill,
    stop: () => void child.kill('SIGSTOP'),
    cont: () => void child.kill('SIGCONT'),
    restart: async () => {
      await kill();
      await start();
    },
    close: async () => {
      await kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
