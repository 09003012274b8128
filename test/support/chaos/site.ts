// An installation to be mistreated: the built program as real processes on a fixed port, so that a receiver that was
// killed comes back where its senders look for it.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RedisClient } from '../../../src/redis/connection.ts';
import { makeNames, type Names } from '../../../src/redis/names.ts';
import { type Running, runProgram, workFolder } from '../process.ts';
import { openClient } from '../redis.ts';
import { apiToken } from '../service.ts';

export const chaosSecret = 'a secret of chaos';

/** Where the built program is, unless a negative control has one with a guard taken out. */
export const builtProgram = resolve(import.meta.dirname, '../../../dist');

export interface SiteOptions {
  /** As the program gets it, perhaps by way of a proxy. */
  readonly redisUrl: string;
  /** As the test looks at it, past any proxy. */
  readonly directUrl: string;
  readonly vendorUrl: string;
  /** YAML keys of the account: rate, margin, callTimeout, settle. */
  readonly account?: Readonly<Record<string, string>>;
  readonly dist?: string;
}

export interface Site {
  /** The build that runs. */
  readonly dist: string;
  readonly url: string;
  readonly names: Names;
  /** A connection of the test's own. */
  readonly client: RedisClient;
  /** `clockMs` shifts the wall clock of that process; `account` and `redisUrl` are its own. */
  run(command: 'receiver' | 'worker' | 'start', options?: RunOptions): Running;
  /** Starts it and waits until it does its work. */
  up(command: 'receiver' | 'worker', options?: RunOptions): Promise<Running>;
  close(): void;
}

export interface RunOptions {
  readonly clockMs?: number;
  readonly account?: Readonly<Record<string, string>>;
  readonly redisUrl?: string;
}

const quick = { rate: '100/s', margin: '20%', callTimeout: '1s', settle: '1s' };

export async function openSite(options: SiteOptions): Promise<Site> {
  const { redisUrl, directUrl, vendorUrl, account = {}, dist = builtProgram } = options;
  const prefix = `chaos-${randomBytes(6).toString('hex')}`;
  const port = await freePort();
  const client = await openClient(directUrl, 'worker');
  const started = { receiver: 'receiver.listening', worker: 'worker.started' } as const;

  function run(command: string, { clockMs = 0, account: own = {}, redisUrl: ownUrl = redisUrl }: RunOptions = {}) {
    const cwd = workFolder({ 'statuswire.yaml': configText(vendorUrl, { ...quick, ...account, ...own }) });
    const env = {
      REDIS_URL: ownUrl,
      STATUSWIRE_PREFIX: prefix,
      STATUSWIRE_API_TOKEN: apiToken,
      PORT: String(port),
      CHAOS_SECRET: chaosSecret,
      SHIFT_CLOCK_MS: String(clockMs),
    };
    const preload = pathToFileURL(join(import.meta.dirname, 'shift-clock.mjs')).href;
    const shift = clockMs === 0 ? [] : ['--import', preload];
    return runProgram(process.execPath, [...shift, join(dist, 'src/cli.js'), command], { cwd, env });
  }

  return {
    dist,
    url: `http://127.0.0.1:${port}`,
    names: makeNames(prefix),
    client,
    run,
    async up(command, more) {
      const running = run(command, more);
      await running.line(started[command], 30_000);
      return running;
    },
    close: () => client.disconnect(),
  };
}

function configText(vendorUrl: string, account: Readonly<Record<string, string>>): string {
  const settings = Object.entries(account).map(([key, value]) => `    ${key}: ${value}`);
  return `
accounts:
  main:
    auth: { basic: { clientId: simulator-id, clientSecret: simulator-secret } }
    baseUrl: ${vendorUrl}
${settings.join('\n')}
sources:
  chaos:
    verify: bearer
    secrets: ["\${CHAOS_SECRET}"]
    id: headers["x-delivery"]
    at: body.at
rules:
  - name: as-told
    on: chaos
    ticket: body.ticket
    set: { cel: body.status }
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
