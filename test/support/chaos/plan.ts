// What a run sends and what goes wrong when: pure, and the same for the same chance.
import { type Status, statuses } from '../../../src/ticket/ticket.ts';
import type { Chance } from './scale.ts';

/** One event as its sender knows it. `at` orders the wishes of a ticket, whatever order they arrive in. */
export interface Told {
  readonly delivery: string;
  readonly ticket: string;
  readonly status: Status;
  readonly at: number;
}

export interface PlanOptions {
  readonly events: number;
  readonly tickets: number;
  /** Share of events that are sent up to twenty places later than they happened. */
  readonly reordered?: number;
  /** Share of events that are sent twice. */
  readonly duplicated?: number;
}

/** Events in the order in which they are sent. All of them happened within the last hour. */
export function planEvents(chance: Chance, { events, tickets, reordered = 0, duplicated = 0 }: PlanOptions): Told[] {
  const salt = chance.below(1e9).toString(36);
  const startAt = Date.now() - 3_600_000;
  const names = Array.from({ length: tickets }, (_, i) => `t-${salt}-${i}`);
  const placed = Array.from({ length: events }, (_, i) => {
    const told = {
      delivery: `d-${salt}-${i}`,
      ticket: chance.pick(names),
      status: chance.pick(statuses),
      at: startAt + i,
    };
    const place = i + (chance.random() < reordered ? chance.below(20) : 0);
    const again = chance.random() < duplicated ? [{ told, place: place + chance.below(40) }] : [];
    return [{ told, place }, ...again];
  });
  return placed
    .flat()
    .sort((a, b) => a.place - b.place)
    .map(({ told }) => told);
}

/** In any order at all. */
export function shuffle<T>(chance: Chance, items: readonly T[]): T[] {
  const left = [...items];
  for (let i = left.length - 1; i > 0; i -= 1) {
    const j = chance.below(i + 1);
    [left[i], left[j]] = [left[j] as T, left[i] as T];
  }
  return left;
}

/** Cuts a list into `parts` consecutive pieces of nearly one size. */
export function cutInto<T>(parts: number, items: readonly T[]): T[][] {
  const size = Math.ceil(items.length / parts);
  return Array.from({ length: parts }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** What every ticket must be in the end: the fold of all events by their own time. */
export function fold(events: readonly Told[]): Map<string, Told> {
  const newest = new Map<string, Told>();
  for (const told of events) {
    if (told.at >= (newest.get(told.ticket)?.at ?? 0)) newest.set(told.ticket, told);
  }
  return newest;
}
