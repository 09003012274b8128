// How clients behave when Redis dies, freezes, refuses or comes back. Each test has a server of its own to mistreat.
import { createConnection, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, type RedisClient, waitReady } from '../../../src/redis/connection.ts';
import { isUnavailable } from '../../../src/redis/unavailable.ts';
import { socketUrl } from '../../../src/redis/url.ts';
import { type OwnRedis, openClient, spawnRedis } from '../../support/redis.ts';
import { quiet } from '../../support/redis-places.ts';

let redis: OwnRedis;
const clients: RedisClient[] = [];

beforeEach(async () => {
  redis = await spawnRedis();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await redis.close();
});

async function client(role: 'command' | 'worker' = 'command'): Promise<RedisClient> {
  const opened = await openClient(redis.url, role);
  clients.push(opened);
  return opened;
}

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.unreachable('it worked'),
    (error: unknown) => error,
  );
}

describe('a command client', () => {
  it('is known to the server by its process and role', async () => {
    expect(await (await client()).client('GETNAME')).toBe(`statuswire:${process.pid}:command`);
  });

  it('rejects as unavailable when Redis is frozen, and works again when it goes on', async () => {
    const command = await client();
    redis.stop();
    expect(isUnavailable(await refusal(command.set('a', '1')))).toBe(true);
    redis.cont();
    await vi.waitFor(() => command.set('a', '2'), { timeout: 10_000 });
  });

  it('rejects as unavailable when Redis is dead, and comes back by itself', async () => {
    const command = await client();
    await command.set('kept', 'yes');
    await redis.kill();
    await vi.waitFor(() => expect(command.status).not.toBe('ready'));
    expect(isUnavailable(await refusal(command.get('kept')))).toBe(true);
    await redis.restart();
    await waitReady(command, 10_000);
    expect(await command.get('kept')).toBe('yes');
  });

  it('settles every command that was under way when Redis died', async () => {
    const command = await client();
    redis.stop();
    const underWay = Array.from({ length: 20 }, (_, i) => refusal(command.set(`k${i}`, 'x')));
    await redis.kill();
    for (const error of await Promise.all(underWay)) expect(isUnavailable(error)).toBe(true);
  });

  it('sends a command again whose answer was cut off, so that what it does must bear repeating', async () => {
    const line = await cuttableLine(redis.url);
    const command = await openClient(line.url);
    clients.push(command);
    line.cutNextAnswer();
    expect(await command.incr('counter')).toBe(2);
    command.disconnect();
    line.close();
  });

  it('leaves a connection that has gone deaf, as when the host of Redis vanished, for one that works', async () => {
    const line = await cuttableLine(redis.url);
    const command = await openClient(line.url);
    clients.push(command);
    line.deafen();
    expect(isUnavailable(await refusal(command.set('a', '1')))).toBe(true);
    await vi.waitFor(() => command.set('a', '2'), { timeout: 15_000 });
    command.disconnect();
    line.close();
  });

  it('rejects as unavailable when memory is full', async () => {
    const command = await client();
    await command.config('SET', 'maxmemory', '1');
    expect(isUnavailable(await refusal(command.set('big', 'x'.repeat(10_000))))).toBe(true);
    expect(isUnavailable(await refusal(command.eval("return redis.call('SET', KEYS[1], 'x')", 1, 'k')))).toBe(true);
  });

  it('leaves a server that became a replica, and rejects as unavailable', async () => {
    const command = await client();
    const reconnecting = vi.fn();
    command.on('reconnecting', reconnecting);
    await command.replicaof('127.0.0.1', 1);
    expect(isUnavailable(await refusal(command.set('a', '1')))).toBe(true);
    await vi.waitFor(() => expect(reconnecting).toHaveBeenCalled());
  });

  it('tells the log once when Redis goes and once when it is back', async () => {
    const log = { warn: vi.fn(), info: vi.fn() };
    const command = connect({ url: redis.url }, 'command', { log, random: Math.random });
    clients.push(command);
    await waitReady(command, 10_000);
    await redis.kill();
    const attempts = vi.fn();
    command.on('reconnecting', attempts);
    await vi.waitFor(() => expect(attempts.mock.calls.length).toBeGreaterThan(2), { timeout: 10_000 });
    await redis.restart();
    await vi.waitFor(() => expect(log.info).toHaveBeenCalledWith({ role: 'command' }, 'redis.back'), {
      timeout: 10_000,
    });
    expect(log.warn.mock.calls.map(([, message]) => message)).toEqual(['redis.away']);
  });
});

/**
 * A line to Redis that can lose one answer, together with the connection, after Redis has done what was asked; or go deaf:
 * the connections of that moment stay open, and nothing passes them any more.
 */
async function cuttableLine(
  url: string,
): Promise<{ url: string; cutNextAnswer(): void; deafen(): void; close(): void }> {
  let cut = false;
  let deafened = 0;
  const path = fileURLToPath(url.replace('unix:', 'file:'));
  const server = createServer((near) => {
    const bornAt = deafened;
    const far = createConnection(path);
    near.on('data', (asked) => bornAt === deafened && far.write(asked));
    near.on('close', () => far.destroy());
    near.on('error', () => far.destroy());
    far.on('data', (answer) => {
      if (bornAt < deafened) return;
      if (cut) near.destroy();
      else near.write(answer);
      cut = false;
    });
    far.on('close', () => near.destroy());
  });
  const socket = `${path}.line`;
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    url: socketUrl(socket),
    cutNextAnswer: () => {
      cut = true;
    },
    deafen: () => {
      deafened += 1;
    },
    close: () => server.close(),
  };
}

describe('a worker client', () => {
  it('waits for a dead Redis and then gets its answer', async () => {
    const worker = await client('worker');
    await redis.kill();
    await vi.waitFor(() => expect(worker.status).not.toBe('ready'));
    const waiting = worker.set('a', '1');
    await redis.restart();
    expect(await waiting).toBe('OK');
  });

  it('may block for longer than a command may take', async () => {
    const worker = await client('worker');
    expect(await worker.blpop('nothing', 1)).toBeNull();
  });
});

describe('waiting for Redis', () => {
  it('ends with the reason and the next step when nobody listens', async () => {
    await redis.kill();
    const command = connect({ url: redis.url }, 'command', { log: quiet, random: Math.random });
    clients.push(command);
    await expect(waitReady(command, 300)).rejects.toThrow(/not ready within 0.3 s \(.*ECONNREFUSED.*\).*REDIS_URL/);
  });

  it('ends at once when the login is refused, without the password', async () => {
    const admin = await client();
    await admin.config('SET', 'requirepass', 'right');
    const url = redis.url.replace('unix://', 'unix://:wrong-one@');
    const command = connect({ url }, 'command', { log: quiet, random: Math.random });
    clients.push(command);
    const error = await refusal(waitReady(command, 20_000));
    expect(String(error)).toMatch(/refused the login \(WRONGPASS.*REDIS_URL/);
    expect(String(error)).not.toContain('wrong-one');
  });

  it('ends when somebody listens and says nothing', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await vi.waitFor(() => expect(mute.listening).toBe(true));
    const address = mute.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const command = connect({ url: `redis://127.0.0.1:${port}` }, 'command', { log: quiet, random: Math.random });
    clients.push(command);
    await expect(waitReady(command, 300)).rejects.toThrow('not ready within 0.3 s');
    command.disconnect();
    mute.close();
  });
});
