// Owns every connection to Redis: how it waits, fails and comes back. Two roles, because one client cannot be both:
// a command must fail fast (the receive path answers 503), a worker must wait for Redis however long it is away.
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { Log } from '../log.ts';
import { leaveSilence } from './silence.ts';
import { type HostPort, parseRedisUrl, type RedisAddress } from './url.ts';

export type RedisClient = Redis | Cluster;

/** `command`: fails within a second. `worker`: for BullMQ's blocking reads, waits for ever. */
export type Role = 'command' | 'worker';

interface Collaborators {
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Chance, from 0 to below 1; spreads the reconnects of many clients. */
  readonly random: () => number;
}

/** Above the slowest answer of a healthy Redis with fsync on every write, below the sender's patience. */
const commandTimeoutMs = 800;

/**
 * A Redis that says nothing for so long is left for a new connection. A worker has time, and its commands are sent again
 * then; BullMQ's blocking reads have connections of their own, with an end of their own.
 */
const patienceMs: Readonly<Record<Role, number>> = { command: 5_000, worker: 20_000 };

/** Pause before reconnect `times` (from 1): 50 ms doubled each time up to 2 s, plus up to half of it by chance. */
export function reconnectDelayMs(times: number, random: () => number): number {
  const delayMs = Math.min(50 * 2 ** Math.min(times - 1, 10), 2000);
  return Math.round(delayMs * (1 + random() / 2));
}

/**
 * Opens a client that connects by itself and reconnects for ever; whoever opens it calls `disconnect()`.
 * Wait with `waitReady` before first use: until then a `command` client rejects everything.
 * Throws at once if `url` is not understood. The server sees it as `statuswire:<pid>:<role>`.
 */
export function connect(target: { readonly url: string }, role: Role, { log, random }: Collaborators): RedisClient {
  const address = parseRedisUrl(target.url);
  const delay = (times: number) => reconnectDelayMs(times, random);
  const client =
    address.kind === 'cluster'
      ? new Cluster(address.nodes.map(copyOf), clusterOptions(address, role, delay))
      : new Redis({
          ...place(address, delay),
          ...behaviour(address, role),
          enableOfflineQueue: role === 'worker',
          retryStrategy: delay,
        });
  tellOnce(client, role, log);
  if (client instanceof Redis) {
    leaveSilence(client, { patienceMs: patienceMs[role] });
  }
  return client;
}

/** Resolves when the client can be used; rejects with the next step to take after `timeoutMs`, or as soon as Redis refuses the login. */
export function waitReady(client: RedisClient, timeoutMs: number): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  if (client.status === 'end') return Promise.reject(new Error('The connection to Redis is already closed'));
  return new Promise((resolve, reject) => {
    let last = 'no answer';
    const settle = (end: () => void) => {
      clearTimeout(timer);
      client.off('ready', onReady).off('error', onError).off('end', onEnd);
      end();
    };
    const onReady = () => settle(resolve);
    const onEnd = () => settle(() => reject(new Error('The connection to Redis was closed before it was ready')));
    const onError = (error: unknown) => {
      last = reasonOf(error);
      if (/\b(?:NOAUTH|WRONGPASS)\b/.test(last))
        settle(() => reject(new Error(`Redis refused the login (${last}). Correct user and password in REDIS_URL.`)));
    };
    const onTimeout = () => settle(() => reject(new Error(unreachable(timeoutMs, last))));
    const timer = setTimeout(onTimeout, timeoutMs);
    client.on('ready', onReady).on('error', onError).on('end', onEnd);
  });
}

function unreachable(timeoutMs: number, last: string): string {
  return `Redis was not ready within ${timeoutMs / 1000} s (${last}). Start it, correct REDIS_URL, or unset REDIS_URL to run a private one.`;
}

function behaviour(address: RedisAddress, role: Role) {
  return {
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    connectionName: `statuswire:${process.pid}:${role}`,
    connectTimeout: 5000,
    keepAlive: 10_000,
    enableReadyCheck: true,
    // After a failover the old primary answers READONLY: leave it. 1, not 2: the caller decides whether to repeat.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 1 : false),
    // A command cut off by a lost connection is sent again after the first reconnect (our scripts may be repeated) and
    // given up with the second. A blocking read must wait; a timeout there would break the worker.
    ...(role === 'command'
      ? { maxRetriesPerRequest: 1, commandTimeout: commandTimeoutMs }
      : { maxRetriesPerRequest: null }),
  } satisfies RedisOptions;
}

function place(address: Exclude<RedisAddress, { kind: 'cluster' }>, delay: (times: number) => number): RedisOptions {
  switch (address.kind) {
    case 'single':
      return { host: address.host, port: address.port, db: address.db, ...(address.tls ? { tls: {} } : {}) };
    case 'socket':
      return { path: address.path, db: address.db };
    case 'sentinel':
      return {
        sentinels: address.sentinels.map(copyOf),
        name: address.master,
        db: address.db,
        sentinelRetryStrategy: delay,
        failoverDetector: true,
        ...(address.sentinelLogin.username === undefined ? {} : { sentinelUsername: address.sentinelLogin.username }),
        ...(address.sentinelLogin.password === undefined ? {} : { sentinelPassword: address.sentinelLogin.password }),
        ...(address.tls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
      };
    default:
      return address satisfies never;
  }
}

function clusterOptions(
  address: Extract<RedisAddress, { kind: 'cluster' }>,
  role: Role,
  delay: (times: number) => number,
): ClusterOptions {
  return {
    redisOptions: { ...behaviour(address, role), ...(address.tls ? { tls: {} } : {}) },
    enableOfflineQueue: role === 'worker',
    clusterRetryStrategy: delay,
    // Nodes announce themselves by name under TLS; looking the name up here would break the certificate's check.
    ...(address.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  };
}

/** One line when Redis goes and one when it is back: a retry every two seconds is no news. Also keeps 'error' heard. */
function tellOnce(client: RedisClient, role: Role, log: Collaborators['log']): void {
  let away = false;
  client.on('error', (error: unknown) => {
    if (!away) log.warn({ role, why: reasonOf(error) }, 'redis.away');
    away = true;
  });
  client.on('ready', () => {
    if (away) log.info({ role }, 'redis.back');
    away = false;
  });
}

/** The innermost reason: a name with several addresses and a cluster wrap theirs and say nothing themselves. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { lastNodeError, errors } = error as { lastNodeError?: unknown; errors?: readonly unknown[] };
  const inner = lastNodeError ?? errors?.[0];
  return inner instanceof Error
    ? reasonOf(inner)
    : error.message || ((error as NodeJS.ErrnoException).code ?? error.name);
}

function copyOf({ host, port }: HostPort): { host: string; port: number } {
  return { host, port };
}
