// Owns the moments at which rules on the clock are due, as BullMQ's job schedulers: one queue for all, one scheduler a rule,
// set again at every start. A tick only says that a rule is due; what that means is for src/schedule/clock.ts.
import { type ConnectionOptions, Queue, Worker } from 'bullmq';
import type { CompiledClockRule } from '../src/rule/clock-rule.ts';

export type Planned = Pick<CompiledClockRule, 'name' | 'schedule'>;

export interface TicksParts {
  readonly connection: ConnectionOptions;
  readonly prefix: string;
  /** A rule is due, or was at `dueAt` (ms) while nobody was there. */
  readonly onTick: (rule: string, dueAt: number) => Promise<void>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

export interface Ticks {
  /** From now on these rules tick and no others. Gives the names of those that did until now. */
  arrange(rules: readonly Planned[]): Promise<string[]>;
  close(): Promise<void>;
}

const QUEUE = 'clock';
const ENDED = { removeOnComplete: true, removeOnFail: true };

/** A schedule in BullMQ's words. A cron counts in its own zone, also over the change of summer time. */
export function toRepeat(schedule: Planned['schedule']): { every: number } | { pattern: string; tz: string } {
  switch (schedule.kind) {
    case 'every':
      return { every: schedule.everyMs };
    case 'cron':
      return { pattern: schedule.cron, tz: schedule.timezone };
    default:
      return schedule satisfies never;
  }
}

export function openTicks({ connection, prefix, onTick, now, onError }: TicksParts): Ticks {
  const queue = new Queue(QUEUE, { connection, prefix });
  const worker = new Worker(QUEUE, async (job) => onTick(String(job.data.rule), dueAtOf(job)), {
    connection,
    prefix,
    concurrency: 10,
    // Two crashes would otherwise fail a job for good.
    maxStalledCount: 1_000,
  });
  queue.on('error', onError);
  worker.on('error', onError);
  worker.on('failed', (_job, error) => onError(error));

  return {
    async arrange(rules) {
      const before = await queue.getJobSchedulers(0, -1, true);
      const gone = before.map(({ key }) => key).filter((key) => !rules.some(({ name }) => name === key));
      for (const key of gone) await queue.removeJobScheduler(key);
      for (const { name, schedule } of rules) {
        const repeat = toRepeat(schedule);
        const known = before.find(({ key }) => key === name);
        // To set a cron anew forgets the moment that has passed meanwhile: it is told first.
        if (known?.next !== undefined && known.next <= now() && isSame(known, repeat)) await onTick(name, known.next);
        const template = { name: 'tick', data: { rule: name }, opts: { ...ENDED, attempts: 5, backoff: 1_000 } };
        await queue.upsertJobScheduler(name, repeat, template).catch(onError);
      }
      return gone;
    },
    async close() {
      await worker.close();
      await queue.close();
    },
  };
}

interface Scheduled {
  readonly every?: number | undefined;
  readonly pattern?: string | undefined;
  readonly tz?: string | undefined;
}

function isSame(known: Scheduled, repeat: ReturnType<typeof toRepeat>): boolean {
  if ('every' in repeat) return known.every === repeat.every;
  return known.pattern === repeat.pattern && known.tz === repeat.tz;
}

/** The moment a job was made for; BullMQ keeps it at the end of the job's id. */
function dueAtOf(job: {
  readonly id?: string | undefined;
  readonly timestamp: number;
  readonly delay: number;
}): number {
  const written = Number(/:(\d{13,})$/.exec(job.id ?? '')?.[1]);
  return Number.isNaN(written) ? job.timestamp + job.delay : written;
}
