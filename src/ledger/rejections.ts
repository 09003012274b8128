// Owns how deliveries that were turned away are kept in Redis and read again: for each source the last 100 of the last
// seven days, and exact counts by source and reason. A batch counts once, however often it is sent (redis/batches.ts).
import type { Batch } from '../redis/batches.ts';
import type { Names } from '../redis/names.ts';
import { defineScript, type RedisClient } from '../redis/script.ts';
import type { Reason, Rejection } from './rejection.ts';

/** How many are kept for one source; all unknown ones share one list. */
export const MOST_KEPT = 100;
const DAY_MS = 24 * 60 * 60 * 1000;
const KEPT_MS = 7 * DAY_MS;

/** What one process has turned away in a while: all of it counted, the latest in full. */
export interface Gathered {
  readonly counts: readonly Count[];
  readonly latest: readonly Rejection[];
}

export interface Count {
  /** In UTC, as YYYY-MM-DD. */
  readonly day: string;
  readonly source: string;
  readonly reason: Reason;
  readonly number: number;
}

export interface RejectionQuery {
  readonly source?: string | undefined;
  readonly reason?: Reason | undefined;
  readonly limit: number;
}

/** As it is told: moments are ISO 8601. */
export type ToldRejection = Omit<Rejection, 'at'> & { readonly at: string };

export interface Counted {
  /** Since the first one was ever counted. */
  readonly total: number;
  /** Of this day, in UTC. */
  readonly today: number;
  /** Of this day and the six before. */
  readonly week: number;
}

export interface TurnedAway {
  /** Newest first. */
  readonly rejections: readonly ToldRejection[];
  /** By source (`(unknown)` for those that are not configured), then by reason. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, Counted>>>>;
}

export interface Rejections {
  /** Resolves when Redis has confirmed; the same batch again changes nothing. */
  keep(batch: Batch<Gathered>): Promise<void>;
  /** Rejects while Redis is away. */
  ping(): Promise<unknown>;
  /** What is kept at `nowMs`, as far as it is asked for. */
  read(query: RejectionQuery, nowMs: number): Promise<TurnedAway>;
}

export function openRejections(client: RedisClient, names: Names): Rejections {
  const files = ['../redis/once.lua', './rejections.lua'].map((file) => new URL(file, import.meta.url));
  const takeIn = defineScript(client, files, [names.tag]);

  async function keep({ writer, number, load }: Batch<Gathered>): Promise<void> {
    const counts = load.counts.flatMap((one) => [one.day, `${one.source} ${one.reason}`, one.number]);
    const latest = bySource(load.latest).flatMap(([source, some]) => [
      source,
      some.length,
      ...some.flatMap((one) => [one.at, JSON.stringify(one)]),
    ]);
    await takeIn(writer, number, KEPT_MS, MOST_KEPT, load.counts.length, ...counts, ...latest);
  }

  async function read({ source, reason, limit }: RejectionQuery, nowMs: number): Promise<TurnedAway> {
    const isWanted = (one: { source: string; reason: string }) =>
      (source === undefined || one.source === source) && (reason === undefined || one.reason === reason);
    const counts = await readCounts(isWanted, nowMs);
    const lists = await Promise.all(Object.keys(counts).map((name) => readLatest(name, nowMs)));
    const newestFirst = lists
      .flat()
      .filter(isWanted)
      .sort((a, b) => b.at - a.at);
    return { rejections: newestFirst.slice(0, limit).map(told), counts };
  }

  async function readLatest(source: string, nowMs: number): Promise<Rejection[]> {
    const kept = await client.zrevrangebyscore(names.rejectedLast(source), '+inf', nowMs - KEPT_MS);
    return kept.map((text) => JSON.parse(text) as Rejection);
  }

  async function readCounts(
    isWanted: (one: { source: string; reason: string }) => boolean,
    nowMs: number,
  ): Promise<TurnedAway['counts']> {
    const days = Array.from({ length: KEPT_MS / DAY_MS }, (_, ago) => names.rejectedOn(dayOf(nowMs - ago * DAY_MS)));
    const [totals = {}, ...perDay] = await Promise.all([names.rejected, ...days].map((key) => client.hgetall(key)));
    const counts: Record<string, Record<string, Counted>> = {};
    for (const [field, total] of Object.entries(totals)) {
      const [source = '', reason = ''] = field.split(' ');
      if (!isWanted({ source, reason })) continue;
      const [today = 0, ...before] = perDay.map((day) => Number(day[field] ?? 0));
      const week = before.reduce((sum, number) => sum + number, today);
      counts[source] = { ...counts[source], [reason]: { total: Number(total), today, week } };
    }
    return counts;
  }

  return { keep, read, ping: () => client.ping() };
}

/** The day of a moment in UTC, as YYYY-MM-DD. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

function bySource(rejections: readonly Rejection[]): (readonly [string, readonly Rejection[]])[] {
  const sources = [...new Set(rejections.map(({ source }) => source))];
  return sources.map((source) => [source, rejections.filter((one) => one.source === source)]);
}

function told({ at, ...rest }: Rejection): ToldRejection {
  return { at: new Date(at).toISOString(), ...rest };
}
