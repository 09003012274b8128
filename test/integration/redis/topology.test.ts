// Whether clients work through a real Sentinel and in a real cluster (of one node, which has all the slots).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RedisClient } from '../../../src/redis/connection.ts';
import { makeNames } from '../../../src/redis/names.ts';
import { findProgram } from '../../../src/redis/program.ts';
import { defineScript } from '../../../src/redis/script.ts';
import { readSettings } from '../../../src/redis/settings.ts';
import { openClient } from '../../support/redis.ts';
import { testPlaces } from '../../support/redis-places.ts';

let folder: string;
const children: ChildProcess[] = [];
const clients: RedisClient[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'statuswire-topology-'));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  for (const child of children.splice(0)) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** A port that was free a moment ago, low enough for a cluster's second port, 10000 above. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return port > 55_535 ? port - 20_000 : port;
}

function run(args: readonly string[]): void {
  const { file, libraryPath = '' } = findProgram(testPlaces) ?? { file: 'redis-server' };
  // What was unpacked, and not installed, has its libraries beside it.
  children.push(spawn(file, args, { cwd: folder, stdio: 'ignore', env: { LD_LIBRARY_PATH: libraryPath } }));
}

async function client(url: string, role: 'command' | 'worker' = 'command'): Promise<RedisClient> {
  const opened = await openClient(url, role);
  clients.push(opened);
  return opened;
}

it('a client finds the primary through a Sentinel', async () => {
  const [primary, sentinel] = [await freePort(), await freePort()];
  run(['--port', `${primary}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder]);
  const config = join(folder, 'sentinel.conf');
  writeFileSync(config, `port ${sentinel}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${primary} 1\n`);
  run([config, '--sentinel']);
  for (const role of ['command', 'worker'] as const) {
    const through = await client(`redis+sentinel://127.0.0.1:${sentinel}/main/2`, role);
    expect(await through.set('a', role)).toBe('OK');
  }
  const direct = await client(`redis://127.0.0.1:${primary}/2`);
  expect(await direct.get('a')).toBe('worker');
});

it('a client runs scripts and reads settings in a cluster', async () => {
  const port = await freePort();
  run([
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    folder,
    '--cluster-enabled',
    'yes',
    '--cluster-announce-ip',
    '127.0.0.1',
  ]);
  const node = await client(`redis://127.0.0.1:${port}`);
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await vi.waitFor(async () => expect(await node.call('CLUSTER', 'INFO')).toContain('cluster_state:ok'), {
    timeout: 15_000,
  });

  const file = join(folder, 'two.lua');
  writeFileSync(file, "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('INCRBY', KEYS[1], 2)");
  for (const role of ['command', 'worker'] as const) {
    const cluster = await client(`redis+cluster://127.0.0.1:${port}`, role);
    const names = makeNames(role);
    expect(await defineScript(cluster, [pathToFileURL(file)], [names.dirty])(40)).toBe(42);
    const { weaknesses } = await readSettings(cluster);
    expect(weaknesses.map(({ setting }) => setting)).toContain('appendonly');
  }
});
