// Assembles the core on one connection for whoever needs it (the receiver, the commands of operators): commit point, queue,
// ledger, steering, gates, audit, and what was turned away.
import type { Config } from '../config/schema.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { makeLedger } from '../ledger/redis-ledger.ts';
import { openRejections, type Rejections } from '../ledger/rejections.ts';
import type { Log } from '../log.ts';
import type { RedisClient } from '../redis/connection.ts';
import type { Names } from '../redis/names.ts';
import { type Gate, makeGate } from '../ticket/gate.ts';
import { openPaceScripts } from '../ticket/pace-scripts.ts';
import { type Audit, audit } from './audit.ts';
import { type Accept, makeAccept } from './core.ts';
import { openQueue } from './queue.ts';
import { makeRecords } from './record.ts';
import { openRecordScripts } from './scripts.ts';
import { makeSteering, type Steering } from './steer.ts';
import { jobsAhead, makeWake } from './wake.ts';

export interface Core {
  readonly accept: Accept;
  readonly ledger: Ledger;
  readonly steering: Steering;
  readonly gate: Gate;
  readonly rejections: Rejections;
  /** Audits the changes accepted since a moment (ms). */
  audit(sinceMs: number): Promise<Audit>;
  /** Closes the queues; the connection stays the caller's. */
  close(): Promise<void>;
}

export interface CoreSetting {
  readonly client: RedisClient;
  readonly names: Names;
  readonly accounts: Config['accounts'];
  readonly newId: (prefix: string) => string;
  readonly now: () => number;
  readonly log: Log;
}

export function openCore({ client, names, accounts, newId, now, log }: CoreSetting): Core {
  const queue = openQueue({
    accounts: Object.keys(accounts),
    connection: client,
    prefix: names.tag,
    onError: (error) => log.debug({ error }, 'queue.trouble'),
  });
  const scripts = openRecordScripts(client, names.tag);
  const pace = (account: string) => accounts[account]?.rate ?? 0;
  const wake = makeWake({
    queue,
    pace,
    now,
    onLost: (error, ticket) => log.warn({ error, ticket }, 'visit.kick-lost'),
  });
  const accept = makeAccept({
    records: makeRecords(scripts),
    wake,
    newId,
    deadlineMs: (account) => accounts[account]?.deadline ?? 0,
  });
  const ledger = makeLedger(client, names);
  return {
    accept,
    ledger,
    steering: makeSteering({ client, names, ledger, accept, cancel: scripts.cancel, newId, now }),
    gate: makeGate({
      gate: openPaceScripts(client, names.tag).gate,
      read: (account) => client.hgetall(names.pace(account)),
    }),
    rejections: openRejections(client, names),
    audit: (sinceMs) =>
      audit(
        {
          client,
          names,
          look: { change: scripts.auditChange, ticket: scripts.auditTicket },
          hasJob: queue.has,
          hasBacklog: async (account) => (await queue.waiting(account)) >= jobsAhead(pace(account)),
        },
        sinceMs,
      ),
    close() {
      wake.close();
      return queue.close();
    },
  };
}
