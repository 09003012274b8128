// How much memory history takes: changes that were accepted and applied, one call each, an event with an empty body each, on
// a thousand tickets. Prints one JSON object. `npx tsx bench/history.ts [changes]`, on a Redis of its own.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRecords } from '../src/change/record.ts';
import { openRecordScripts } from '../src/change/scripts.ts';
import { connect, waitReady } from '../src/redis/connection.ts';
import { makeNames } from '../src/redis/names.ts';
import { ensureServer } from '../src/redis/server.ts';
import { makeTestCore, wish } from '../test/support/core.ts';
import { quiet, testPlaces } from '../test/support/redis-places.ts';

const CHANGES = Number(process.argv[2] ?? 10_000);
const TICKETS = 1_000;
const AT_ONCE = 32;
const LEASE_MS = 12_000;
const settleMs = 60_000;

const dataDir = mkdtempSync(join(tmpdir(), 'statuswire-bench-'));
const server = await ensureServer({ ...testPlaces, dataDir, log: quiet });
const client = connect({ url: server.url }, 'worker', { log: quiet, random: Math.random });
await waitReady(client, 10_000);
const names = makeNames('bench');
const core = makeTestCore(client, names);
const records = makeRecords(openRecordScripts(client, names.tag));
const tickets = Array.from({ length: TICKETS }, () => randomUUID());

const before = await memory();
await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => fill(lane)));
await core.queue.close();
// Jobs are no history; a worker would have removed them.
const jobs = await client.keys(`${names.tag}:visits.main*`);
for (const job of jobs) await client.del(job);
const entries = await client.xlen(names.ledger);
const bytes = (await memory()) - before;

console.log(
  JSON.stringify(
    {
      changes: CHANGES,
      entries,
      bytesPerEntry: Math.round(bytes / entries),
      bytesPerChange: Math.round(bytes / CHANGES),
      megabytesPerMillionEntries: Math.round((bytes / entries) * (1_000_000 / 1024 / 1024)),
      machine: `${cpus().length} cores, ${cpus()[0]?.model ?? ''}, Node ${process.version}`,
    },
    undefined,
    2,
  ),
);
client.disconnect();
await server.close();
rmSync(dataDir, { recursive: true, force: true });
process.exit(0);

/** Every so many changes, one after the other; each lane has tickets of its own, so nobody finds one taken. */
async function fill(lane: number): Promise<void> {
  for (let i = lane; i < CHANGES; i += AT_ONCE) {
    const own = Math.floor(TICKETS / AT_ONCE);
    await apply(tickets[(Math.floor(i / AT_ONCE) % own) * AT_ONCE + lane] ?? '');
  }
}

/** A wish from its event to its verdict, as a visit would bring it there. */
async function apply(ticket: string): Promise<void> {
  await core.say([wish(ticket, 'solved')]);
  const token = randomUUID();
  const begun = await records.begin(ticket, token, LEASE_MS, settleMs);
  if (begun.kind !== 'taken') throw new Error(`ticket ${ticket} is ${begun.kind}`);
  const { record, redisNow } = begun;
  await records.look(ticket, token, LEASE_MS, false, record.version);
  const [id, actor, date] = [randomUUID(), randomUUID(), new Date(redisNow).toISOString()];
  const activity = { id, type: 'statusUpdated', date, previousStatus: 'new', status: 'solved', actor } as const;
  const call = { call: 'PUT', status: 'solved', why: 'the newest wish', attempt: 1, activity };
  const answer = { answer: 'done', httpStatus: 200, durationMs: 137, waitedMs: 1, share: 1 };
  const sent = { status: record.want, at: redisNow };
  await records.finish(ticket, token, record, {
    outcome: 'applied',
    settleMs,
    sent,
    activity,
    attempts: [{ ...call, ...answer }],
  });
}

async function memory(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}
