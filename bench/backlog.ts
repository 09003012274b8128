// How much memory 100,000 waiting wishes take, how fast they are accepted by one process, and whether a worker starts any
// slower on top of them. Prints one JSON object. `npx tsx bench/backlog.ts [wishes]`, on a Redis of its own.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type RedisClient, waitReady } from '../src/redis/connection.ts';
import { makeNames } from '../src/redis/names.ts';
import { ensureServer } from '../src/redis/server.ts';
import { makeTestCore, testAccount, wish } from '../test/support/core.ts';
import { quiet, testPlaces } from '../test/support/redis-places.ts';
import { startChanges } from '../workers/visits.ts';

const WISHES = Number(process.argv[2] ?? 100_000);
const AT_ONCE = 64;

const dataDir = mkdtempSync(join(tmpdir(), 'statuswire-bench-'));
const server = await ensureServer({ ...testPlaces, dataDir, log: quiet });
const client = connect({ url: server.url }, 'worker', { log: quiet, random: Math.random });
await waitReady(client, 10_000);

const emptyStartMs = await startMs('empty');
const before = await memory(client);
const names = makeNames('bench');
const core = makeTestCore(client, names);
const startedAt = performance.now();
let accepted = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (accepted < WISHES) {
      accepted += 1;
      await core.say([wish(randomUUID(), 'solved')]);
    }
  }),
);
const acceptMs = performance.now() - startedAt;
// The wake-ups are queued behind the confirmations; wait for the last of them.
while ((await client.llen(`${names.tag}:visits.main:wait`)) < WISHES)
  await new Promise((done) => setTimeout(done, 100));
const after = await memory(client);
const backlogStartMs = await startMs('bench');

console.log(
  JSON.stringify(
    {
      wishes: WISHES,
      acceptedPerSecond: Math.round(WISHES / (acceptMs / 1000)),
      bytesPerWish: Math.round((after - before) / WISHES),
      megabytes: Math.round((after - before) / 1024 / 1024),
      workerStartMs: { empty: Math.round(emptyStartMs), withBacklog: Math.round(backlogStartMs) },
      machine: `${cpus().length} cores, ${cpus()[0]?.model ?? ''}, Node ${process.version}`,
    },
    undefined,
    2,
  ),
);
await core.queue.close();
client.disconnect();
await server.close();
rmSync(dataDir, { recursive: true, force: true });
process.exit(0);

/** Starts a worker whose account is paused, so that it starts and takes nothing away. */
async function startMs(prefix: string): Promise<number> {
  const names = makeNames(prefix);
  await client.hset(names.pace('main'), 'shut', 'operator');
  const at = performance.now();
  const changes = await startChanges({
    accounts: { main: testAccount('http://127.0.0.1:9') },
    redisUrl: server.url,
    prefix,
    log: quiet,
  });
  const ms = performance.now() - at;
  await changes.close();
  return ms;
}

async function memory(redis: RedisClient): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}
