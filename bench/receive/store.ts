// Owns the Redis of the comparison: a private one as production has it, or the empty one that REDIS_URL names. Empties it
// between turns and tells what it has done.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type RedisClient, waitReady } from '../../src/redis/connection.ts';
import { ensureServer, type PrivateServer } from '../../src/redis/server.ts';
import { quiet, testPlaces } from '../../test/support/redis-places.ts';

export interface Store {
  readonly url: string;
  readonly version: string;
  /** For people: how durable it is. */
  readonly settings: string;
  /** Leaves nothing of the turn before, in memory or in the append-only file. */
  empty(): Promise<void>;
  /** Resolves when nobody asks it for anything any more. */
  quiet(): Promise<void>;
  /** User and system time in µs, and how many scripts it has run for somebody, since its start. */
  used(): Promise<{ readonly cpuMicros: number; readonly scripts: number }>;
  /** How many members the list or sorted set has. */
  size(key: string): Promise<number>;
  close(): Promise<void>;
}

/** Rejects when the Redis of `url` holds anything: it will be emptied. */
export async function openStore(folder: string, url: string | undefined): Promise<Store> {
  const own =
    url === undefined ? await ensureServer({ ...testPlaces, dataDir: join(folder, 'redis'), log: quiet }) : undefined;
  const address = own?.url ?? String(url);
  // `worker`: emptying a large one may take longer than a command of the receiver may.
  const client = connect({ url: address }, 'worker', { log: quiet, random: Math.random });
  try {
    await waitReady(client, 10_000);
    await prepare(client, own);
    return { url: address, ...(await describe(client)), ...makeDeeds(client, own) };
  } catch (error) {
    client.disconnect();
    await own?.close();
    throw error;
  }
}

async function prepare(client: RedisClient, own: PrivateServer | undefined): Promise<void> {
  const keys = await client.dbsize();
  if (keys > 0)
    throw new Error(`The Redis of REDIS_URL holds ${keys} keys, and this would delete them. Name an empty one.`);
  // A rewrite of the append-only file in the middle of somebody's turn would be chance; it is rewritten between turns.
  if (own !== undefined) await client.config('SET', 'auto-aof-rewrite-percentage', '0');
}

async function describe(client: RedisClient): Promise<Pick<Store, 'version' | 'settings'>> {
  const [, version = '?'] = /redis_version:(\S+)/.exec(await client.info('server')) ?? [];
  const settings = await Promise.all(
    ['appendonly', 'appendfsync'].map(async (name) => ((await client.config('GET', name)) as string[]).join(' ')),
  );
  return { version, settings: settings.join(', ') };
}

function makeDeeds(client: RedisClient, own: PrivateServer | undefined): Omit<Store, 'url' | 'version' | 'settings'> {
  return {
    async empty() {
      await client.flushdb('SYNC');
      if (own === undefined) return;
      await client.bgrewriteaof();
      await until(async () => /aof_rewrite_in_progress:0\r/.test(await client.info('persistence')));
    },
    async quiet() {
      let before = -1;
      await until(async () => {
        const commands = numberIn(await client.info('stats'), 'total_commands_processed');
        const rest = commands - before;
        before = commands;
        return rest <= 1; // our own question
      });
    },
    async used() {
      const cpu = await client.info('cpu');
      const calls = /cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1];
      const seconds = numberIn(cpu, 'used_cpu_sys') + numberIn(cpu, 'used_cpu_user');
      return { cpuMicros: seconds * 1e6, scripts: Number(calls ?? 0) };
    },
    async size(key) {
      return (await client.type(key)) === 'zset' ? client.zcard(key) : client.llen(key);
    },
    async close() {
      // Somebody else's was empty when we came; ours goes with its folder.
      if (own === undefined) await client.flushdb('SYNC');
      client.disconnect();
      await own?.close();
    },
  };
}

/** Asks every 50 ms, for 10 s at most. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await holds()) return;
    await pause(50);
  }
  throw new Error('Redis did not come to rest');
}

function numberIn(info: string, name: string): number {
  return Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
}
