// Entry of the worker process: takes visits from the queues and brings tickets to what we want. Only assembles; the life of
// a visit is in src/change/visit.ts. `statuswire worker` runs this file, `statuswire start` runs it beside the receiver.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { queueName, ticketOf } from '../src/change/job.ts';
import { openQueue } from '../src/change/queue.ts';
import { makeRecords } from '../src/change/record.ts';
import { openRecordScripts } from '../src/change/scripts.ts';
import { type Desk, makeVisit } from '../src/change/visit.ts';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import { connect, waitReady } from '../src/redis/connection.ts';
import { makeNames } from '../src/redis/names.ts';
import { makeSweep } from '../src/schedule/sweep.ts';
import { makeGate } from '../src/ticket/gate.ts';
import { openPaceScripts } from '../src/ticket/pace-scripts.ts';
import { makePacer } from '../src/ticket/pacer.ts';
import { makeSpacebring } from '../src/ticket/spacebring.ts';

export interface ChangesParts {
  readonly accounts: Config['accounts'];
  readonly redisUrl: string;
  readonly prefix: string;
  readonly log: Log;
}

/** Running workers: `close` takes no new visits, lets the calls under way end, and gives waiting tickets back. */
export interface Changes {
  close(): Promise<void>;
}

/** Beyond the longest call, so that the answer of every call under way is written down. */
const CLOSE_MARGIN_MS = 5_000;

/** Starts a worker for every account. Rejects when Redis cannot be reached within half a minute. */
export async function startChanges({ accounts, redisUrl, prefix, log }: ChangesParts): Promise<Changes> {
  const names = makeNames(prefix);
  const client = connect({ url: redisUrl }, 'worker', { log, random: Math.random });
  await waitReady(client, 30_000);
  const onError = (error: unknown) => log.warn({ error }, 'worker.trouble');
  const queue = openQueue({ accounts: Object.keys(accounts), connection: client, prefix: names.tag, onError });
  const desks = new Map<string, Desk & { spacebring: ReturnType<typeof makeSpacebring> }>(
    Object.entries(accounts).map(([name, settings]) => [
      name,
      { settings, spacebring: makeSpacebring(settings, Date.now) },
    ]),
  );
  const paceScripts = openPaceScripts(client, names.tag);
  const pacer = makePacer({
    ...paceScripts,
    monotonic: () => performance.now(),
    random: Math.random,
    sleep: (ms, signal) => wait(ms, undefined, { signal }),
  });
  const parts = {
    records: makeRecords(openRecordScripts(client, names.tag)),
    pacer,
    gate: makeGate({ gate: paceScripts.gate, read: (account) => client.hgetall(names.pace(account)) }),
    desks,
    log,
    newToken: randomUUID,
    now: Date.now,
    monotonic: () => performance.now(),
    random: Math.random,
  };
  const stopping = new AbortController();

  const workers = Object.entries(accounts).map(([account, { rate }]) => {
    const visit = makeVisit(parts, account);
    const worker = new Worker(
      queueName(account),
      async (job, _token, signal) => {
        const next = await visit(ticketOf(job), AbortSignal.any([stopping.signal, ...(signal ? [signal] : [])]));
        if (next !== undefined) await queue.add(next);
      },
      {
        connection: client,
        prefix: names.tag,
        // Most visits wait for the pace; two seconds' worth of them keep it used when the vendor takes its time.
        concurrency: Math.max(10, rate * 2),
        // A lost worker's job comes back after this; the ticket itself is guarded by its own lease.
        lockDuration: 30_000,
        stalledInterval: 10_000,
        // Two crashes would otherwise fail a job for good, whatever its attempts (measured, delivery.md section 3).
        maxStalledCount: 1_000,
        runRetryDelay: 1_000,
      },
    );
    worker.on('error', onError);
    worker.on('failed', (job, error) => log.error({ ticket: job?.data?.ticket, error }, 'visit.broke'));
    worker.on('stalled', (job) => log.warn({ job }, 'visit.stalled'));
    return worker;
  });
  const sweep = makeSweep({ client, names, queue, random: Math.random, onError });
  sweep.start();
  log.info({ accounts: Object.keys(accounts) }, 'worker.started');

  async function close(): Promise<void> {
    const longestCallMs = Math.max(...Object.values(accounts).map((account) => account.callTimeout));
    stopping.abort();
    const drained = Promise.all([sweep.stop(), ...workers.map((worker) => worker.close())]).then(() => true);
    const isDrained = await Promise.race([drained, wait(longestCallMs + CLOSE_MARGIN_MS, false, { ref: false })]);
    if (!isDrained) log.warn('worker.cut-short');
    await Promise.all([...desks.values()].map((desk) => desk.spacebring.close()));
    await Promise.race([queue.close(), wait(1_000, undefined, { ref: false })]);
    client.disconnect();
    log.info('worker.stopped');
  }
  return { close };
}
