// The life of a private Redis among real processes: started once, kept alive, left and ended, never losing its data.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RedisClient } from '../../src/redis/connection.ts';
import { installFromDistribution } from '../../src/redis/distribution.ts';
import { findProgram } from '../../src/redis/program.ts';
import { ensureServer, type PrivateServer } from '../../src/redis/server.ts';
import { livingServer } from '../../src/redis/server-process.ts';
import { openClient } from '../support/redis.ts';
import { quiet, testPlaces } from '../support/redis-places.ts';

const patient = { timeout: 30_000, interval: 50 };
let root: string;
let dataDir: string;
const servers: PrivateServer[] = [];
const clients: RedisClient[] = [];
const holders: ChildProcess[] = [];
const rmLater: string[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'statuswire-private-'));
  dataDir = join(root, 'data');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  for (const holder of holders.splice(0)) await end(holder, 'SIGKILL');
  for (const server of servers.splice(0)) await server.close();
  for (const pid of serversIn(root)) process.kill(pid, 'SIGKILL');
  for (const path of [root, ...rmLater.splice(0)]) rmSync(path, { recursive: true, force: true });
});

async function use(options: Partial<Parameters<typeof ensureServer>[0]> = {}): Promise<PrivateServer> {
  const server = await ensureServer({ ...testPlaces, dataDir, log: quiet, ...options });
  servers.push(server);
  return server;
}

async function client(url: string): Promise<RedisClient> {
  const opened = await openClient(url);
  clients.push(opened);
  return opened;
}

interface Holder {
  readonly process: ChildProcess;
  /** Joins the server; resolves with the address it was given. */
  join(): Promise<string>;
}

/** Another process that will use the server: all its code is loaded, so that several can join at the same moment. */
async function prepare(): Promise<Holder> {
  const program = fileURLToPath(new URL('../support/hold-private-redis.ts', import.meta.url));
  const holder = spawn(process.execPath, ['--import', 'tsx', program, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
  holders.push(holder);
  const lines = createInterface(holder.stdout);
  const said = async (): Promise<string> => String((await once(lines, 'line'))[0]);
  await said();
  const join = () => {
    const url = said();
    holder.stdin.write('join\n');
    return url;
  };
  return { process: holder, join };
}

async function hold(): Promise<{ holder: ChildProcess; url: string }> {
  const prepared = await prepare();
  return { holder: prepared.process, url: await prepared.join() };
}

async function end(holder: ChildProcess, signal?: NodeJS.Signals): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  const gone = once(holder, 'exit');
  if (signal === undefined) holder.stdin?.write('\n');
  else holder.kill(signal);
  await gone;
}

/** Every Redis process that works under this folder, whatever its files say. */
function serversIn(folder: string): number[] {
  if (process.platform !== 'linux') return [livingServer(dataDir)].flatMap((pid) => pid ?? []);
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && commandLine(pid).includes(folder) && /(?:redis|valkey)-server/.test(commandLine(pid)));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function kill9(): void {
  const [pid] = serversIn(root);
  expect(pid).toBeGreaterThan(1);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

describe('a private Redis', () => {
  it('is one, however many processes start it at once, and ends with the last of them', async () => {
    const prepared = await Promise.all(Array.from({ length: 8 }, prepare));
    const urls = await Promise.all(prepared.map((holder) => holder.join()));
    expect(new Set(urls).size).toBe(1);
    expect(serversIn(root)).toHaveLength(1);
    expect(startsLogged()).toBe(1);

    const [last, ...others] = prepared.map((holder) => holder.process);
    await Promise.all(others.map((holder) => end(holder)));
    expect(serversIn(root)).toHaveLength(1);
    if (last !== undefined) await end(last);
    expect(serversIn(root)).toHaveLength(0);
    expect(holders.map(({ exitCode }) => exitCode)).toEqual(holders.map(() => 0));
  });

  it('keeps its data between runs, and is closed to other users', async () => {
    const first = await use();
    const before = await client(first.url);
    await before.set('kept', 'yes');
    expect(await before.config('GET', 'save')).toEqual(['save', '']);
    before.disconnect();
    await first.close();
    expect(serversIn(root)).toHaveLength(0);

    const second = await use();
    expect(await (await client(second.url)).get('kept')).toBe('yes');
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, 'redis.sock')).mode & 0o777).toBe(0o700);
  });

  it('that is killed is started again with every confirmed write, once for all who use it', async () => {
    const server = await use();
    await Promise.all([hold(), hold()]);
    const writer = await client(server.url);
    for (let round = 0; round < 3; round++) {
      await vi.waitFor(() => writer.rpush('list', String(round)), patient);
      kill9();
      await vi.waitFor(async () => expect(await writer.llen('list')).toBe(round + 1), patient);
      expect(serversIn(root)).toHaveLength(1);
      expect(startsLogged()).toBe(round + 2);
    }
    expect(await writer.lrange('list', 0, -1)).toEqual(['0', '1', '2']);
  });

  it('is left alone by a process that goes while another uses it', async () => {
    const { holder, url } = await hold();
    const server = await use();
    await server.close();
    expect(serversIn(root)).toHaveLength(1);
    expect(await (await client(url)).ping()).toBe('PONG');
    clients.splice(0).forEach((one) => {
      one.disconnect();
    });
    await end(holder);
    expect(serversIn(root)).toHaveLength(0);
  });

  it('used twice in one process ends with the second', async () => {
    const [first, second] = [await use(), await use()];
    await first.close();
    expect(serversIn(root)).toHaveLength(1);
    await Promise.all([second.close(), second.close()]);
    expect(serversIn(root)).toHaveLength(0);
  });

  it('outlives the process that started it, and the next one finds it', async () => {
    const { holder, url } = await hold();
    const [before] = serversIn(root);
    await end(holder, 'SIGKILL');
    const server = await use();
    expect(server.url).toBe(url);
    expect(serversIn(root)).toEqual([before]);
  });

  it('starts after a power cut tore the last write, with everything before it', async () => {
    const server = await use();
    const writer = await client(server.url);
    await writer.set('whole', 'yes');
    await writer.set('torn', 'x'.repeat(100));
    writer.disconnect();
    await server.close();
    const file = join(dataDir, 'appendonlydir', newestAof());
    truncateSync(file, statSync(file).size - 20);

    const reader = await client((await use()).url);
    expect([await reader.get('whole'), await reader.get('torn')]).toEqual(['yes', null]);
  });

  it('that cannot read its data says so in its own words, and is not started in its place', async () => {
    await (await use()).close();
    appendFileSync(join(dataDir, 'appendonlydir', newestAof()), '*1\r\n$4\r\nnonsense, not a command\r\n');
    await expect(use()).rejects.toThrow(/(?:did not start|ended)[\s\S]*append only file/);
    expect(serversIn(root)).toHaveLength(0);
  });

  it('works in a folder whose path is too long for a socket', async () => {
    const deep = join(root, 'a-rather-long-name-of-a-folder'.repeat(3), 'and-another-one-below-it');
    mkdirSync(deep, { recursive: true });
    const server = await use({ dataDir: deep });
    expect(await (await client(server.url)).ping()).toBe('PONG');
    expect(server.url.length).toBeLessThan(110);
    expect((await use({ dataDir: deep })).url).toBe(server.url);
    rmLater.push(dirname(fileURLToPath(server.url.replace('unix:', 'file:'))));
  });

  it('that is frozen is neither replaced nor waited for in vain: who comes is told how to wake it', async () => {
    const { holder } = await hold();
    const [pid] = serversIn(root);
    if (pid === undefined) throw new Error('no server');
    process.kill(pid, 'SIGSTOP');
    await expect(use()).rejects.toThrow(`kill -CONT ${pid}`);
    expect(serversIn(root)).toEqual([pid]);
    process.kill(pid, 'SIGCONT');
    await use();
    await end(holder);
    expect(serversIn(root)).toEqual([pid]);
  });

  it('whose socket was deleted is ended before another one touches its data', async () => {
    const { holder } = await hold();
    const [before] = serversIn(root);
    await end(holder, 'SIGKILL');
    rmSync(join(dataDir, 'redis.sock'));
    const server = await use();
    expect(await (await client(server.url)).ping()).toBe('PONG');
    expect(serversIn(root)).toHaveLength(1);
    expect(serversIn(root)).not.toEqual([before]);
  });
});

describe('where no Redis is installed', () => {
  it('starting one says what to type', async () => {
    await expect(use({ bin: undefined, path: '', folders: [], stateDir: root })).rejects.toThrow(
      /Install one: .*REDIS_URL/,
    );
  });

  it('the distribution’s own package is unpacked and serves', { timeout: 400_000 }, async () => {
    const hidden = { bin: undefined, path: '', folders: [], stateDir: join(root, 'state') };
    const said: string[] = [];
    const [program, same] = await Promise.all([
      installFromDistribution(hidden.stateDir, (line) => said.push(line)),
      installFromDistribution(hidden.stateDir, () => {}),
    ]);
    expect(program).toEqual(same);
    expect(findProgram(hidden)).toEqual(program);
    expect(said.join('\n')).toContain('Unpacked');
    expect(readdirSync(hidden.stateDir)).toEqual(['redis-package']);
    const server = await use(hidden);
    const served = await client(server.url);
    expect(await served.info('server')).toContain(`executable:${program.file}`);
  });
});

function startsLogged(): number {
  return readFileSync(join(dataDir, 'redis.log'), 'utf8').match(/(?:Redis|Valkey) is starting/g)?.length ?? 0;
}

function newestAof(): string {
  const [file] = readdirSync(join(dataDir, 'appendonlydir')).filter((name) => name.endsWith('.incr.aof'));
  if (file === undefined) throw new Error('no append-only file');
  return file;
}
