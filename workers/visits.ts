// Assembles the workers that take visits from the queues and bring tickets to what we want; the life of a visit is in
// src/change/visit.ts. Entries and commands start it through src/cli/service.ts.
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Worker } from 'bullmq';
import { queueName, ticketOf } from '../src/change/job.ts';
import { openQueue } from '../src/change/queue.ts';
import { makeRecords } from '../src/change/record.ts';
import { makeResolve } from '../src/change/resolve.ts';
import { openRecordScripts } from '../src/change/scripts.ts';
import { makeVisit, type VisitParts } from '../src/change/visit.ts';
import { openRetire } from '../src/ledger/retire.ts';
import { readReference } from '../src/rule/reference.ts';
import { makeSweep } from '../src/schedule/sweep.ts';
import { makeGate } from '../src/ticket/gate.ts';
import { openPaceScripts } from '../src/ticket/pace-scripts.ts';
import { type OfficeSetting, openOffice } from './office.ts';

export interface ChangesParts extends OfficeSetting {
  /** Whether a rule on the clock still wants it; without, as where there is none, it does. */
  readonly stillHolds?: VisitParts['stillHolds'];
}

/** Running workers: `close` takes no new visits, lets the calls under way end, and gives waiting tickets back. */
export interface Changes {
  close(): Promise<void>;
}

/** Starts a worker for every account. Rejects when Redis cannot be reached within half a minute. */
export async function startChanges(setting: ChangesParts): Promise<Changes> {
  const { accounts, stillHolds = () => ({ holds: true, reason: 'no rule on the clock' }), log } = setting;
  const office = await openOffice(setting);
  const { client, names, desks, pacer } = office;
  const onError = (error: unknown) => log.warn({ error }, 'worker.trouble');
  const queue = openQueue({ accounts: Object.keys(accounts), connection: client, prefix: names.tag, onError });
  const records = makeRecords(openRecordScripts(client, names.tag));
  const parts = {
    records,
    client,
    names,
    stillHolds,
    pacer,
    gate: makeGate({
      gate: openPaceScripts(client, names.tag).gate,
      read: (account) => client.hgetall(names.pace(account)),
    }),
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
    stopping.abort();
    const drained = await office.drain(Promise.all([sweep.stop(), ...workers.map((worker) => worker.close())]));
    if (!drained) log.warn('worker.cut-short');
    await office.close(queue.close);
    log.info('worker.stopped');
  }
  return { close };
}
