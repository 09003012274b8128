// Owns what it means that Redis has lost the end of what it had confirmed: the marks to remember, how they are compared
// with what is there, and the words for a loss. Pure. Keeping them is mark-file.ts's, asking Redis watch-marks.ts's.

export const streams = ['ledger', 'unmatched'] as const;
export type Stream = (typeof streams)[number];

/** The entry of history that an accepted delivery became. */
export interface ConfirmedEntry {
  readonly stream: Stream;
  readonly id: string;
}

/** The newest entry of each stream that Redis has confirmed to us, by its id (`ms-sequence`, by Redis' clock). */
export type Marks = Readonly<Partial<Record<Stream, string>>>;

/** What Redis has of one stream now. */
export interface Found {
  /** The id it generated last, also when that entry has gone since; undefined where there is no stream. */
  readonly last?: string | undefined;
  /** The newest entry there is that is no later than the mark: the mark itself, where nothing is lost. */
  readonly upTo?: string | undefined;
  /** Nothing was ever removed from it; false also where Redis cannot tell (before 7.0). */
  readonly isWhole: boolean;
}

export type Findings = Readonly<Record<Stream, Found>>;

/** Confirmed writes after `sinceAt` (ms; undefined: all) and up to `untilAt` are not there any more. */
export interface Loss {
  readonly streams: readonly Stream[];
  readonly sinceAt?: number;
  readonly untilAt: number;
}

/** Whether the entry of id `a` came after that of `b`. */
export function isLater(a: string, b: string): boolean {
  const [[aMs, aSequence], [bMs, bSequence]] = [partsOf(a), partsOf(b)];
  return aMs === bMs ? aSequence > bSequence : aMs > bMs;
}

/** The later mark of both, for each stream; `a` itself where `b` has nothing later. */
export function merge(a: Marks, b: Marks): Marks {
  const isBehind = ({ stream, id }: ConfirmedEntry) => isLater(id, a[stream] ?? '0-0');
  const later = entriesOf(b).filter(isBehind);
  return later.length === 0 ? a : { ...a, ...Object.fromEntries(later.map(({ stream, id }) => [stream, id])) };
}

/** What of `marks` is lost, going by what was found of it; undefined when all is there or has been let go of with age. */
export function compare(marks: Marks, found: Findings): Loss | undefined {
  const lost = entriesOf(marks).filter(({ stream, id }) => isLost(id, found[stream]));
  if (lost.length === 0) return undefined;
  const untilAt = Math.max(...lost.map(({ id }) => momentOf(id)));
  // One log holds both streams and was cut at one place: whatever either still has from before is not behind the cut.
  const kept = entriesOf(marks)
    .flatMap(({ stream, id }) => keptBefore(id, found[stream]))
    .map(momentOf)
    .filter((at) => at <= untilAt);
  return {
    streams: lost.map(({ stream }) => stream),
    ...(kept.length === 0 ? {} : { sinceAt: Math.max(...kept) }),
    untilAt,
  };
}

/** The marks after a loss was told: what is there now, unless something was confirmed after the marks that were `asked`. */
export function heal(marks: Marks, { streams: lost }: Loss, asked: Marks, found: Findings): Marks {
  const isOutdated = (stream: Stream) =>
    lost.includes(stream) && !isLater(marks[stream] ?? '0-0', asked[stream] ?? '0-0');
  const healed = streams.map((stream) => [stream, isOutdated(stream) ? found[stream].last : marks[stream]] as const);
  return Object.fromEntries(healed.filter(([, id]) => id !== undefined));
}

/** A loss as the fields of a line of the log: the span, what is missing, and what a person is to do. */
export function tell({ streams: lost, sinceAt, untilAt }: Loss, sources: readonly string[]) {
  return {
    streams: lost,
    ...(sinceAt === undefined ? {} : { since: iso(sinceAt) }),
    until: iso(untilAt),
    sources,
    what: whatOf({ sinceAt, untilAt }),
    mend:
      'Let the senders of these sources deliver again what they sent in that time, with some minutes on either side: what ' +
      'is still there is recognised. Repeat what was asked for by /api/changes. Then run `statuswire audit`. If you emptied ' +
      'or replaced this Redis on purpose, there is nothing to do.',
  };
}

/** One sentence, without names: it is shown to anyone. */
export function whatOf({ sinceAt, untilAt }: { sinceAt?: number | undefined; untilAt: number }): string {
  const span =
    sinceAt === undefined ? `all that it had confirmed up to` : `what it had confirmed after ${iso(sinceAt)} up to`;
  return `Redis has lost ${span} ${iso(untilAt)}: deliveries that were answered 202, and what became of changes.`;
}

function isLost(mark: string, { last, upTo, isWhole }: Found): boolean {
  if (upTo === mark) return false;
  if (last === undefined || isLater(mark, last)) return true;
  // Somebody has written since, a command sent again or another process: later ids hide the loss. The entry is missing,
  // though, and history is let go of from its old end only: not while an older entry is there, or if none ever went.
  return upTo !== undefined || isWhole;
}

function keptBefore(mark: string, { last, upTo }: Found): string[] {
  return [upTo, last].filter((id) => id !== undefined && !isLater(id, mark)).map(String);
}

function entriesOf(marks: Marks): ConfirmedEntry[] {
  return streams.flatMap((stream) => {
    const id = marks[stream];
    return id === undefined ? [] : [{ stream, id }];
  });
}

function partsOf(id: string): [ms: number, sequence: number] {
  const hyphen = id.indexOf('-');
  return hyphen === -1 ? [Number(id), 0] : [Number(id.slice(0, hyphen)), Number(id.slice(hyphen + 1))];
}

function momentOf(id: string): number {
  return partsOf(id)[0];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
