// What gathering does to a real client and a real Redis: fewer writes, the same answers, and no command without an end when
// the connection is cut, closed or given back in the very turn in which something is held.
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isUnavailable } from '../../../src/redis/unavailable.ts';
import { openProxy, type TcpProxy } from '../../support/chaos/proxy.ts';
import { type OwnRedis, openClient, spawnRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

let redis: OwnRedis;
let proxy: TcpProxy;
const clients: Redis[] = [];

beforeEach(async () => {
  redis = await spawnRedis();
  proxy = await openProxy({ path: join(redis.dataDir, 'redis.sock') });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await proxy.close();
  await redis.close();
});

/** A ready client through the proxy. `login` is what stands before the host, `db` after it. */
async function client(role: 'command' | 'worker' = 'command', { login = '', db = 0 } = {}): Promise<Redis> {
  const opened = await openClient(`redis://${login}${proxy.host}:${proxy.port}/${db}`, role);
  if (!(opened instanceof Redis)) throw new Error('one server makes no cluster');
  clients.push(opened);
  return opened;
}

/** How often a client's present connection has been written to, from now on. What a proxy sees says less: the kernel joins. */
function countWrites({ stream }: Redis): { writes(): number } {
  const one = vi.spyOn(stream, '_write');
  const several = vi.spyOn(stream as Required<typeof stream>, '_writev');
  return { writes: () => one.mock.calls.length + several.mock.calls.length };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('what arises in one turn', () => {
  it('leaves in one write, in order, and each command gets its answer', async () => {
    const command = await client();
    const { writes } = countWrites(command);
    const lengths = await Promise.all(numbers(100).map((i) => command.rpush('list', i)));
    expect(lengths).toEqual(numbers(100));
    expect(writes()).toBe(1);
    expect(await command.lrange('list', 0, -1)).toEqual(numbers(100).map(String));
  });

  it('may be pipelines, transactions, scripts, bytes and large texts', async () => {
    const command = await client();
    const { writes } = countWrites(command);
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    const long = 'ü'.repeat(200_000);
    const answers = await Promise.all([
      command.set('before', '1'),
      command.pipeline().set('bytes', bytes).getBuffer('bytes').incr('before').exec(),
      command.set('long', long),
      command.multi().incr('before').get('before').exec(),
      command.eval("return {KEYS[1], redis.call('GET', KEYS[1])}", 1, 'before'),
      command.set(bytes, bytes),
      command.getBuffer(bytes),
      command.get('long'),
      command.lpush('before', 'x').catch((error: Error) => error.message.slice(0, 9)),
      command.incr('before'),
    ]);
    expect(answers.map((answer) => (answer === long ? 'long' : answer))).toEqual([
      'OK',
      [
        [null, 'OK'],
        [null, bytes],
        [null, 2],
      ],
      'OK',
      [
        [null, 3],
        [null, '3'],
      ],
      ['before', '3'],
      'OK',
      bytes,
      'long',
      'WRONGTYPE',
      4,
    ]);
    expect(writes()).toBeLessThanOrEqual(2);
  });

  it('leaves also when it is one command alone, wherever it arises', async () => {
    const command = await client();
    const said: Promise<string>[] = [];
    const say = (done: () => void) => {
      said.push(command.ping());
      done();
    };
    for (const later of [setImmediate, process.nextTick, setTimeout, queueMicrotask]) {
      await new Promise<void>((resolve) => later(() => say(resolve)));
    }
    expect(await Promise.all(said)).toEqual(['PONG', 'PONG', 'PONG', 'PONG']);
  });

  it('is not gathered by a duplicate, as the blocking clients of the queue are', async () => {
    const blocking = (await client('worker')).duplicate();
    clients.push(blocking);
    await until('the duplicate is ready', 10_000, () => blocking.status === 'ready');
    const { writes } = countWrites(blocking);
    await Promise.all(numbers(10).map(() => blocking.ping()));
    expect(writes()).toBe(10);
  });
});

describe('a blocking read', () => {
  it('leaves at once, and what came before it in the turn with it', async () => {
    const [worker, other] = [await client('worker'), await client()];
    const before = worker.set('before', 'yes');
    const blocked = worker.blpop('jobs', 0);
    const behind = worker.get('before');
    await before;
    await other.rpush('jobs', 'one');
    expect([await blocked, await behind]).toEqual([['jobs', 'one'], 'yes']);
  });
});

describe('the greeting', () => {
  it('with a password and a database of its own is gone through again after each cut', async () => {
    const admin = await openClient(redis.url);
    await admin.config('SET', 'requirepass', 'right');
    const worker = await client('worker', { login: ':right@', db: 3 });
    for (const round of numbers(3)) {
      const kept = worker.set('round', round);
      proxy.reset();
      expect(await kept).toBe('OK');
    }
    await admin.select(3);
    expect(await admin.get('round')).toBe('3');
    admin.disconnect();
  });
});

/** How each command ended; a rejection that is no unavailable Redis is a fault. */
async function ends(commands: readonly Promise<unknown>[]): Promise<('done' | 'away')[]> {
  const results = await Promise.allSettled(commands);
  return results.map((result) => {
    if (result.status === 'rejected' && !isUnavailable(result.reason)) throw result.reason;
    return result.status === 'fulfilled' ? 'done' : 'away';
  });
}

describe('a connection that is lost while something is held', () => {
  const cuts: [string, (client: Redis) => void][] = [
    ['reset by the other end', () => proxy.reset()],
    ['destroyed at this end', ({ stream }) => void stream.destroy()],
    ['given up for a new one', (client) => client.disconnect(true)],
  ];

  it.each(cuts)('%s: the commands of a worker wait for the next one, and all are done', async (_, cut) => {
    const worker = await client('worker');
    for (const round of numbers(5)) {
      const commands = numbers(20).map((i) => {
        if (i === round * 4) cut(worker);
        return worker.sadd(`round${round}`, i);
      });
      expect(await ends(commands)).toEqual(numbers(20).map(() => 'done'));
      expect(await worker.scard(`round${round}`)).toBe(20);
    }
  });

  it.each(cuts)('%s: the others end, done or away, what is done is there, and the client works on', async (_, cut) => {
    const command = await client();
    for (const round of numbers(5)) {
      const commands = numbers(20).map((i) => {
        if (i === round * 4) cut(command);
        return command.sadd(`round${round}`, i);
      });
      const ended = await ends(commands);
      await until('the client is ready again', 10_000, () => command.status === 'ready');
      const kept = new Set(await command.smembers(`round${round}`));
      for (const i of numbers(20)) if (ended[i - 1] === 'done') expect(kept).toContain(String(i));
    }
  });

  it('frozen and then cut: what is held and what was sent before it end all the same', async () => {
    const command = await client();
    proxy.behave('freeze');
    const sent = numbers(5).map((i) => command.set(`a${i}`, i));
    await nextTurn();
    const held = numbers(5).map((i) => command.set(`b${i}`, i));
    proxy.reset();
    expect(await ends([...sent, ...held])).toHaveLength(10);
    proxy.behave('pass');
    await until('the client works again', 10_000, () => command.ping().catch(() => false));
  });
});

describe('a client that is closed in the turn in which it was asked', () => {
  it('by quit answers everything before it', async () => {
    const command = await client();
    const asked = [command.set('a', '1'), command.incr('a'), command.quit()];
    expect(await Promise.all(asked)).toEqual(['OK', 2, 'OK']);
    await until('it has ended', 10_000, () => command.status === 'end');
  });

  it('by disconnect leaves nothing without an end', async () => {
    const command = await client();
    const asked = numbers(20).map((i) => command.set(`k${i}`, i));
    command.disconnect();
    const late = command.get('k1');
    expect(await ends([...asked, late])).toHaveLength(21);
    await until('it has ended', 10_000, () => command.status === 'end');
    expect(await ends([command.ping()])).toEqual(['away']);
  });

  it('while it connects leaves nothing without an end either', async () => {
    const command = await client();
    proxy.reset();
    await new Promise<void>((resolve) => void command.once('connect', resolve));
    const asked = [command.set('a', '1'), command.info()];
    command.disconnect();
    expect(await ends(asked)).toHaveLength(2);
    await until('it has ended', 10_000, () => command.status === 'end');
  });
});
