// Assembles the workers that take visits from the queues and bring tickets to what we want; the life of a visit is in
// src/change/visit.ts. Entries and commands start it through src/cli/service.ts.
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { queueName, ticketOf } from '../src/change/job.ts';
import { openQueue } from '../src/change/queue.ts';
import { makeRecords } from '../src/change/record.ts';
import { makeResolve } from '../src/change/resolve.ts';
import { openRecordScripts } from '../src/change/scripts.ts';
import { makeVisit, type VisitParts } from '../src/change/visit.ts';
import type { Config } from '../src/config/schema.ts';
import { openRetire } from '../src/ledger/retire.ts';
import type { Log } from '../src/log.ts';
import { openTally } from '../src/metrics/open-tally.ts';
import { connect, waitReady } from '../src/redis/connection.ts';
import { makeNames } from '../src/redis/names.ts';
import { readReference } from '../src/rule/reference.ts';
import { makeSweep } from '../src/schedule/sweep.ts';
import { makeGate } from '../src/ticket/gate.ts';
import { openPaceScripts } from '../src/ticket/pace-scripts.ts';
import { makePacer } from '../src/ticket/pacer.ts';
import { countedTurns } from './counted.ts';
import { openDesks, sealFor } from './desks.ts';

export interface ChangesParts {
  readonly accounts: Config['accounts'];
  readonly redisUrl: string;
  readonly prefix: string;
  /** STATUSWIRE_SECRET; needed where an account has oauth, which loading the configuration makes sure of. */
  readonly secret?: string | undefined;
  /** Whether a rule on the clock still wants it; without, as where there is none, it does. */
  readonly stillHolds?: VisitParts['stillHolds'];
  readonly log: Log;
}

/** Running workers: `close` takes no new visits, lets the calls under way end, and gives waiting tickets back. */
export interface Changes {
  close(): Promise<void>;
}

/** Beyond the longest call, so that the answer of every call under way is written down. */
const CLOSE_MARGIN_MS = 5_000;

/** Starts a worker for every account. Rejects when Redis cannot be reached within half a minute. */
export async function startChanges({
  accounts,
  redisUrl,
  prefix,
  secret,
  stillHolds = () => ({ holds: true, reason: 'no rule on the clock' }),
  log,
}: ChangesParts): Promise<Changes> {
  const names = makeNames(prefix);
  // Before anything is opened: it throws where the key is needed and missing.
  const seal = sealFor(accounts, secret);
  const client = connect({ url: redisUrl }, 'worker', { log, random: Math.random });
  await waitReady(client, 30_000).catch((error: unknown) => {
    client.disconnect();
    throw error;
  });
  const onError = (error: unknown) => log.warn({ error }, 'worker.trouble');
  const queue = openQueue({ accounts: Object.keys(accounts), connection: client, prefix: names.tag, onError });
  const tally = openTally({ client, names, writer: randomUUID(), log });
  const desks = openDesks({ client, names, accounts, seal, tally, log });
  const paceScripts = openPaceScripts(client, names.tag);
  const ownPacer = makePacer({
    ...paceScripts,
    monotonic: () => performance.now(),
    random: Math.random,
    sleep: (ms, signal) => wait(ms, undefined, { signal }),
  });
  const pacer = countedTurns(ownPacer, tally);
  const records = makeRecords(openRecordScripts(client, names.tag));
  const parts = {
    records,
    client,
    names,
    stillHolds,
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
  // Every visit that waits listens to it; Node warns of a leak from the eleventh on.
  setMaxListeners(0, stopping.signal);

  const workers = Object.entries(accounts).map(([account, { rate }]) => {
    const visit = makeVisit(parts, account);
    const resolve = makeResolve(parts, account);
    const worker = new Worker(
      queueName(account),
      async (job) => {
        // Only this one signal: one joined to it for each job would never be let go of by Node 20 (55 bytes a visit, measured).
        const ticket = ticketOf(job);
        const isNamed = readReference(ticket)?.kind === 'number';
        const next = await (isNamed ? resolve : visit)(ticket, stopping.signal);
        for (const appointment of next) await queue.add(appointment);
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
  const sweep = makeSweep({
    client,
    names,
    queue,
    ripen: records.ripen,
    retire: openRetire(client, names.tag),
    random: Math.random,
    onError,
  });
  sweep.start();
  log.info({ accounts: Object.keys(accounts) }, 'worker.started');

  async function close(): Promise<void> {
    const longestCallMs = Math.max(...Object.values(accounts).map((account) => account.callTimeout));
    stopping.abort();
    const drained = Promise.all([sweep.stop(), ...workers.map((worker) => worker.close())]).then(() => true);
    const isDrained = await Promise.race([drained, wait(longestCallMs + CLOSE_MARGIN_MS, false, { ref: false })]);
    if (!isDrained) log.warn('worker.cut-short');
    await Promise.all([...desks.values()].map((desk) => desk.spacebring.close()));
    await Promise.race([Promise.all([queue.close(), tally.close()]), wait(1_000, undefined, { ref: false })]);
    client.disconnect();
    log.info('worker.stopped');
  }
  return { close };
}
