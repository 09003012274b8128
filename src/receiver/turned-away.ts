// Owns what was turned away and is not in Redis yet: bounded whatever floods in, counted exactly, sent once a second.
// Whoever notes something waits for nothing. A process that is killed loses its last second of it.
import type { Reason, Rejection } from '../ledger/rejection.ts';
import { dayOf, type Gathered, MOST_KEPT, type Rejections } from '../ledger/rejections.ts';
import { type Batches, makeBatches } from '../redis/batches.ts';

const EVERY_MS = 1000;
/** A script of this many takes Redis two milliseconds; where more sources are flooded at once, each has its share. */
const MOST_AT_ONCE = 500;

export interface TurnedAway extends Batches {
  /** Never throws and never waits, whether Redis is there or not. */
  note(rejection: Rejection): void;
}

export function makeTurnedAway(parts: {
  store: Pick<Rejections, 'keep' | 'ping'>;
  /** Of this process alone: `newId('wr')`. */
  writer: string;
  onDefect: (error: unknown) => void;
}): TurnedAway {
  const { store, writer, onDefect } = parts;
  let gathered = makeGathering();
  const batches = makeBatches({
    writer,
    everyMs: EVERY_MS,
    take() {
      const load = gathered.load();
      gathered = makeGathering();
      return load;
    },
    send: store.keep,
    ping: store.ping,
    onDefect,
  });
  return { ...batches, note: (rejection) => gathered.note(rejection) };
}

/** Grows with the number of sources, reasons and days, none of which a stranger can make. */
function makeGathering() {
  const counts = new Map<
    string,
    { readonly day: string; readonly source: string; readonly reason: Reason; number: number }
  >();
  const latest = new Map<string, Rejection[]>();

  function note(rejection: Rejection): void {
    const { source, reason } = rejection;
    const day = dayOf(rejection.at);
    const field = `${day} ${source} ${reason}`;
    const count = counts.get(field);
    if (count === undefined) counts.set(field, { day, source, reason, number: 1 });
    else count.number += 1;

    const ring = latest.get(source);
    if (ring === undefined) return void latest.set(source, [rejection]);
    ring.push(rejection);
    if (ring.length > MOST_KEPT) ring.shift();
  }

  function load(): Gathered | undefined {
    if (counts.size === 0) return undefined;
    const share = Math.ceil(MOST_AT_ONCE / latest.size);
    return { counts: [...counts.values()], latest: [...latest.values()].flatMap((ring) => ring.slice(-share)) };
  }

  return { note, load };
}
