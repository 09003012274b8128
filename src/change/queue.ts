// Owns the queue of visits: one BullMQ queue an account, so that an account that has to wait keeps nobody else waiting.
// A job carries the ticket's id only, never a status. Losing one costs latency, not data: the sweep brings it back.
import { type ConnectionOptions, Queue } from 'bullmq';
import type { Appointment } from './change.ts';
import { jobId, queueName, toJob } from './job.ts';

export interface VisitQueue {
  /** Queues a visit. The same appointment told twice makes one job. */
  add(appointment: Appointment): Promise<void>;
  /** Whether the job of an appointment is there: waiting, delayed or running. */
  has(account: string, ticket: string, number: number): Promise<boolean>;
  /** How many jobs of an account wait for a worker. */
  waiting(account: string): Promise<number>;
  close(): Promise<void>;
}

/** Opens the queues of the given accounts on `connection`; `onError` hears what goes wrong between calls. */
export function openQueue(parts: {
  readonly accounts: readonly string[];
  readonly connection: ConnectionOptions;
  readonly prefix: string;
  readonly onError: (error: Error) => void;
}): VisitQueue {
  const { accounts, connection, prefix, onError } = parts;
  const queues = new Map(
    accounts.map((account) => [account, new Queue(queueName(account), { connection, prefix })] as const),
  );
  for (const queue of queues.values()) queue.on('error', onError);
  return {
    async add(appointment) {
      const { name, data, options } = toJob(appointment);
      // An account that is no longer in the configuration has no queue; its wishes stay open and `audit` names them.
      await queues.get(appointment.account)?.add(name, data, options);
    },
    async has(account, ticket, number) {
      const ids = [false, true].map((isLate) => jobId({ ticket, number, isLate }));
      const jobs = await Promise.all(ids.map((id) => queues.get(account)?.getJob(id)));
      return jobs.some((job) => job !== undefined);
    },
    async waiting(account) {
      return (await queues.get(account)?.getJobCountByTypes('wait', 'prioritized')) ?? 0;
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
