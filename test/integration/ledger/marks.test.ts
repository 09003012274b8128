// A real Redis that loses what it had confirmed is noticed; one that only restarts, rewrites its file or lets go of old
// history is not.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRecords } from '../../../src/change/record.ts';
import { openRecordScripts } from '../../../src/change/scripts.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { makeNewId } from '../../../src/id.ts';
import { openRetire } from '../../../src/ledger/retire.ts';
import { type MarkWatch, openMarkWatch } from '../../../src/ledger/watch-marks.ts';
import { makeLog } from '../../../src/log.ts';
import type { RedisClient } from '../../../src/redis/connection.ts';
import { makeNames } from '../../../src/redis/names.ts';
import { startReceiver } from '../../../src/server.ts';
import { backUp, cutTo, sizeNow } from '../../support/append-only-file.ts';
import { wish } from '../../support/core.ts';
import { type OwnRedis, openClient, spawnRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const names = makeNames('marks');
const newId = makeNewId(Date.now, randomBytes);
const lines: Record<string, unknown>[] = [];
const log = makeLog({ level: 'debug', name: 't' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
const told = () => lines.filter(({ msg }) => msg === 'redis.rolled-back');

let home: string;
let redis: OwnRedis;
let client: RedisClient;
let watch: MarkWatch;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'statuswire-marks-'));
  redis = await spawnRedis();
  client = await openClient(redis.url);
  watch = await openWatch();
});
afterEach(async () => {
  await watch.close();
  client.disconnect();
  await redis.close();
  rmSync(home, { recursive: true });
  lines.length = 0;
});

function openWatch(): Promise<MarkWatch> {
  const parts = { sources: () => ['github'], log, now: Date.now, everyMs: 20 };
  return openMarkWatch({ client, names, redisUrl: redis.url, home, ...parts });
}

/** One event, wanted by a rule or not. Gives the moment of its entry (ms, by Redis). */
async function accept(isWanted = true): Promise<number> {
  const id = newId('ev');
  const silent = { kind: 'unmatched', rule: 'a', reason: 'it is not' } as const;
  const { accepted } = await makeRecords(openRecordScripts(client, names.tag)).accept(
    {
      event: { id, source: 'github', type: 'said', receivedAt: 0, headers: {}, body: {} },
      rawBody: Buffer.from('{}'),
      keepMs: 60_000,
      delivery: { key: id, windowMs: 60_000 },
      decisions: [isWanted ? wish(`t-${id}`, 'solved') : silent],
    },
    { newId, deadlineMs: () => 60_000 },
  );
  if (accepted.entry === undefined) throw new Error('the commit point tells no entry');
  watch.saw(accepted.entry);
  return Number(accepted.entry.id.split('-')[0]);
}

/** What happens between the end of a server and the next start of it. */
async function restart(meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
  await redis.kill();
  await meanwhile();
  await redis.restart();
  await until('the client is back', 10_000, () => client.status === 'ready');
}

/** The process ends in good order, and another one starts. */
async function startAgain(): Promise<void> {
  await watch.close();
  watch = await openWatch();
}

/** What a process that goes on has said by the end of it, and the next two at their start. */
async function toldInThreeLives(): Promise<number[]> {
  const counts: number[] = [];
  for (let life = 0; life < 3; life += 1) {
    await startAgain();
    counts.push(told().length);
  }
  return counts;
}

async function lastEntryAt(): Promise<number> {
  const [last] = await client.xrevrange(names.ledger, '+', '-', 'COUNT', 1);
  return Number(last?.[0].split('-')[0]);
}

async function canTellEmptied(): Promise<boolean> {
  const about = await client.call('XINFO', 'STREAM', names.ledger);
  return Array.isArray(about) && about.includes('entries-added');
}

async function rewritten(): Promise<void> {
  await client.bgrewriteaof();
  await until(
    'the file is rewritten',
    10_000,
    async () => /aof_rewrite_(?:in_progress|scheduled):1/.test(await client.info('persistence')) === false,
  );
}

const retire = (keptMs: number, most: number) => openRetire(client, names.tag)(keptMs, most, most, 1_000);

describe('nothing is said', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['of a Redis in which there is nothing yet', () => restart()],
    [
      'of a Redis that was killed and has its whole file',
      async () => {
        for (const isWanted of [true, false, true]) await accept(isWanted);
        await restart();
      },
    ],
    [
      'of one whose file was rewritten',
      async () => {
        for (const isWanted of [true, false]) await accept(isWanted);
        await rewritten();
        await restart();
      },
    ],
    [
      'when history was let go of, a part of it',
      async () => {
        for (const isWanted of [true, false, true, false]) await accept(isWanted);
        await retire(60_000, 1);
        await restart();
      },
    ],
    [
      'when all history was let go of, and the file was rewritten',
      async () => {
        for (const isWanted of [true, false]) await accept(isWanted);
        await retire(0, 0);
        expect(await client.xlen(names.ledger)).toBe(0);
        await rewritten();
        await restart();
      },
    ],
    [
      'when all that we knew was let go of and others have written since',
      async () => {
        for (const isWanted of [true, false]) await accept(isWanted);
        await retire(0, 0);
        await rewritten();
        await restart();
        await startAgain();
        for (const stream of [names.ledger, names.unmatched]) await client.xadd(stream, '*', 'kind', 'event');
      },
    ],
    [
      'when an operator trimmed the history',
      async () => {
        for (const isWanted of [true, false]) await accept(isWanted);
        for (const stream of [names.ledger, names.unmatched]) {
          await client.xadd(stream, '*', 'kind', 'event');
          await client.xtrim(stream, 'MAXLEN', 1);
        }
        await restart();
      },
    ],
  ])('%s', async (_name, happens) => {
    await happens();
    await startAgain();
    await startAgain();
    expect(lines).toEqual([]);
    expect(watch.checks()).toEqual([]);
  });
});

describe('it is said once', () => {
  it('by who is connected, when the end of the file was cut: from the last entry there is to the last confirmed', async () => {
    await accept();
    const lastThereAt = await lastEntryAt();
    const bytes = await sizeNow(redis.dataDir);
    await accept(false);
    const untilAt = await accept();
    await restart(() => cutTo(redis.dataDir, bytes));
    expect(await toldInThreeLives()).toEqual([1, 1, 1]);
    expect(told()).toMatchObject([
      {
        level: 'error',
        streams: ['ledger', 'unmatched'],
        since: new Date(lastThereAt).toISOString(),
        until: new Date(untilAt).toISOString(),
        sources: ['github'],
      },
    ]);
  });

  it('by who starts, when the end was cut in between and others have written since', async () => {
    await accept();
    const lastThereAt = await lastEntryAt();
    const bytes = await sizeNow(redis.dataDir);
    await accept();
    await watch.close();
    await restart(() => cutTo(redis.dataDir, bytes));
    await client.xadd(names.ledger, '*', 'kind', 'attempt');
    watch = await openWatch();
    expect(told()).toMatchObject([{ streams: ['ledger'], since: new Date(lastThereAt).toISOString() }]);
    expect(watch.checks()).toMatchObject([{ name: 'redis rolled back', ok: false }]);
    expect(await toldInThreeLives()).toEqual([1, 1, 1]);
  });

  it('of a Redis that was restored from an old copy', async () => {
    await accept();
    const restore = await backUp(redis.dataDir);
    await accept();
    await restart(restore);
    expect(await toldInThreeLives()).toEqual([1, 1, 1]);
  });

  it('of a Redis that was emptied while nobody ran', async () => {
    const untilAt = await accept();
    await watch.close();
    await client.flushall();
    expect(await toldInThreeLives()).toEqual([1, 1, 1]);
    expect(told()).toMatchObject([{ until: new Date(untilAt).toISOString() }]);
    expect(told()[0]).not.toHaveProperty('since');
  });

  it('of a Redis that was emptied and has new entries by now (Redis 7 and later can tell)', async () => {
    await accept();
    await watch.close();
    await client.flushall();
    await client.xadd(names.ledger, '*', 'kind', 'event');
    const expected = (await canTellEmptied()) ? 1 : 0;
    expect(await toldInThreeLives()).toEqual([expected, expected, expected]);
  });

  it('of a Redis that was emptied under a connection that stayed, with the next event', async () => {
    const untilAt = await accept();
    await until('it is written down', 10_000, () => readdirSync(home).length > 0);
    await client.flushall();
    await accept();
    const expected = (await canTellEmptied()) ? 1 : 0;
    expect(await toldInThreeLives()).toEqual([expected, expected, expected]);
    if (expected > 0) expect(told()).toMatchObject([{ until: new Date(untilAt).toISOString() }]);
  });

  it('after each loss anew', async () => {
    for (let loss = 1; loss <= 3; loss += 1) {
      await accept();
      const bytes = await sizeNow(redis.dataDir);
      await accept();
      await restart(() => cutTo(redis.dataDir, bytes));
      await until(`loss ${loss} is told`, 10_000, () => told().length === loss);
    }
  });
});

it('a receiver tells it at its start, goes on accepting, and readiness names it', async () => {
  await accept();
  await watch.close();
  await client.flushall();
  const text = `accounts: { main: { auth: { basic: { clientId: a, clientSecret: b } } } }
sources: { open: { verify: none } }
rules: [{ name: a, on: open, ticket: body.ticket, set: solved }]`;
  const loaded = loadConfig({ file: 'f.yaml', text, env: {}, check: () => [] });
  if (!loaded.ok) throw new Error('it has faults');
  const env = { HOST: '127.0.0.1', PORT: 0, STATUSWIRE_PREFIX: 'marks', STATUSWIRE_API_TOKEN: undefined };
  const start = () => startReceiver({ loaded, env, redisUrl: redis.url, home, log });
  const first = await start();
  try {
    expect(told()).toMatchObject([{ sources: ['open'] }]);
    const ready = await fetch(`${first.url}/readyz`);
    const { checks } = (await ready.json()) as { checks: unknown[] };
    expect(ready.status).toBe(200);
    expect(checks).toContainEqual(expect.objectContaining({ name: 'redis rolled back', ok: false }));
    const answer = await fetch(`${first.url}/hooks/open`, { method: 'POST', body: JSON.stringify({ ticket: 't-1' }) });
    expect(answer.status).toBe(202);
  } finally {
    await first.close();
  }
  // What the receiver has accepted is remembered as well.
  await client.flushall();
  const second = await start();
  await second.close();
  expect(told()).toHaveLength(2);
});
