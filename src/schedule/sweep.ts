// Owns what brings back lost wake-ups: from time to time, every ticket that is due gets a visit, whether or not one is
// queued already (the number in the appointment makes one job of both). Also trims by age what grows: the ledger, and the
// list of what has failed.
import type { Appointment } from '../change/change.ts';
import type { Names } from '../redis/names.ts';

/** The commands that sweeping needs, as ioredis has them. */
export interface SweepClient {
  time(): Promise<(string | number)[]>;
  zrangebyscore(
    key: string,
    min: string,
    max: string,
    withScores: 'WITHSCORES',
    limit: 'LIMIT',
    offset: number,
    count: number,
  ): Promise<string[]>;
  zremrangebyscore(key: string, min: string, max: string): Promise<number>;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
}

export interface SweepParts {
  readonly client: SweepClient;
  readonly names: Names;
  readonly queue: { add(appointment: Appointment): Promise<void> };
  /** Lets wishes whose wait is over enter their records; gives the visits they want. */
  readonly ripen: (limit: number) => Promise<Appointment[]>;
  /** Lets go of history that is older or more than this; at most `atOnce` entries. Gives how many went. */
  readonly retire: (keptMs: number, mostEntries: number, mostUnmatched: number, atOnce: number) => Promise<unknown>;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
}

const EVERY_MS = 1_000;
/** Tickets looked at in one round, and those that are due at the same moment as the last; the next round goes on behind it. */
const BATCH = 200;
/** As Redis says it. */
const ALL = -1;
const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;
/** Some 980 MB of history at the most, bodies not counted (bench/README.md). */
const MOST_ENTRIES = 1_000_000;
/** Events that no rule wanted: enough to ask why nothing happened, whatever floods in. */
const MOST_UNMATCHED = 50_000;
/** A step takes about a millisecond of Redis; five hundred a second is more than one process of ours can write. */
const RETIRED_AT_ONCE = 500;
/**
 * Overdue by this much, a visit is queued beside its job: that may sleep on by the clock of a machine that was ahead, or be
 * in the hands of a worker that was lost. In a long backlog it costs each ticket one job more, which finds nothing to do.
 */
const LATE_MS = 15_000;

export interface Sweep {
  /** One round. Gives how many visits it has queued or found queued. */
  round(): Promise<number>;
  /** Rounds from now on, about one a second, until `stop`. */
  start(): void;
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>;
}

export function makeSweep({ client, names, queue, ripen, retire, random, onError }: SweepParts): Sweep {
  // How far the walk has come: the due time, as Redis writes it, of the last ticket that was looked at.
  let passed: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  async function round(): Promise<number> {
    const [seconds = 0, micros = 0] = (await client.time()).map(Number);
    const now = seconds * 1000 + Math.floor(micros / 1000);
    await retire(KEPT_MS, MOST_ENTRIES, MOST_UNMATCHED, RETIRED_AT_ONCE);
    for (const list of [names.failed, names.held]) await client.zremrangebyscore(list, '-inf', String(now - KEPT_MS));
    for (const appointment of await ripen(BATCH)) await queue.add(appointment);
    const due = await nextDue(now);
    await Promise.all([...due].map(([ticket, dueAt]) => revisit(ticket, now - dueAt > LATE_MS).catch(onError)));
    return due.size;
  }

  /**
   * The next step of the walk: some tickets and when each is due. A long backlog is walked by time and not by place, or what is
   * worked off meanwhile would move others past the walker; so all that are due at the same moment go together.
   */
  async function nextDue(now: number): Promise<Map<string, number>> {
    const due = (from: string, to: string, most: number) =>
      client.zrangebyscore(names.dirty, from, to, 'WITHSCORES', 'LIMIT', 0, most);
    const flat = await due(passed === undefined ? '-inf' : `(${passed}`, String(now), BATCH);
    passed = flat.length < 2 * BATCH ? undefined : flat.at(-1);
    if (passed !== undefined) flat.push(...(await due(passed, passed, ALL)));
    return new Map(flat.flatMap((ticket, i) => (i % 2 === 0 ? [[ticket, Number(flat[i + 1])] as const] : [])));
  }

  async function revisit(ticket: string, isLate: boolean): Promise<void> {
    const [account, number, kind] = await client.hmget(names.ticket(ticket), 'account', 'visit', 'class');
    if (!account || !number) return;
    await queue.add({
      ticket,
      account,
      number: Number(number),
      delayMs: 0,
      isLate,
      class: kind === 'clock' ? 'clock' : 'live',
    });
  }

  function schedule(): void {
    if (isStopped) return;
    timer = setTimeout(
      () => {
        running = round().catch(onError).finally(schedule);
      },
      EVERY_MS * (0.75 + random() / 2),
    );
  }

  return {
    round,
    start: schedule,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
