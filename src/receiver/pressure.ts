// Owns how much the door takes at once, per process and in memory: requests a second, requests under way and bytes of
// their bodies, for all sources together and for each. Promises every source its own share of it, whatever the others
// send, so that one which floods keeps nobody else waiting outside. Leaves the answer to receive.ts.

/** What was too much. */
export type Excess = 'rate' | 'concurrency' | 'bytes';

/** What may be taken: by all sources together, or by one of them. */
export interface Capacity {
  readonly perSecond: number;
  /** Requests between their headers and their answer. */
  readonly concurrent: number;
  /** Bytes of the bodies of those, as far as announced. */
  readonly bytes: number;
}

export interface Pressure {
  /** Lets a request in (undefined) or says what is too much; who was let in has to `leave` with the same words. */
  enter(source: string, bytes: number): Excess | undefined;
  leave(source: string, bytes: number): void;
}

const WINDOW_MS = 1000;

interface Load {
  readonly limit: Capacity;
  hits: number;
  concurrent: number;
  bytes: number;
}

/**
 * `overall` for the process; `sources` names each source with the limits of its own, where it has some. Without, one source
 * may take half of everything. A full house still lets in who uses less than an equal share of it: at the most, twice
 * `overall` is under way.
 */
export function makePressure(parts: {
  readonly overall: Capacity;
  readonly sources: ReadonlyMap<string, Partial<Capacity> | undefined>;
  readonly now: () => number;
}): Pressure {
  const { overall, sources, now } = parts;
  const share = scaled(overall, 1 / (sources.size + 1));
  const half = scaled(overall, 1 / 2);
  const all = idle(overall);
  const strangers = idle(half);
  const known = new Map([...sources].map(([name, own]) => [name, idle({ ...half, ...own })]));
  const every = [all, strangers, ...known.values()];
  let windowAt = Number.NEGATIVE_INFINITY;

  function turnWindow(): void {
    const at = now();
    // A clock that steps back begins a window too: it must not hold the door shut.
    if (at - windowAt < WINDOW_MS && at >= windowAt) return;
    windowAt = at;
    for (const load of every) load.hits = 0;
  }

  return {
    enter(source, bytes) {
      turnWindow();
      const own = known.get(source) ?? strangers;
      const excess = excessOf(own, own.limit, bytes) ?? (excessOf(own, share, bytes) && excessOf(all, overall, bytes));
      if (excess !== undefined) return excess;
      for (const load of [own, all]) {
        load.hits += 1;
        load.concurrent += 1;
        load.bytes += bytes;
      }
      return undefined;
    },
    leave(source, bytes) {
      for (const load of [known.get(source) ?? strangers, all]) {
        load.concurrent -= 1;
        load.bytes -= bytes;
      }
    },
  };
}

function idle(limit: Capacity): Load {
  return { limit, hits: 0, concurrent: 0, bytes: 0 };
}

/** Of each at least one: a limit that lets nobody in would be a door that is shut. */
function scaled({ perSecond, concurrent, bytes }: Capacity, by: number): Capacity {
  const part = (whole: number) => Math.max(1, Math.floor(whole * by));
  return { perSecond: part(perSecond), concurrent: part(concurrent), bytes: part(bytes) };
}

function excessOf(load: Load, limit: Capacity, bytes: number): Excess | undefined {
  if (load.hits >= limit.perSecond) return 'rate';
  if (load.concurrent >= limit.concurrent) return 'concurrency';
  return load.bytes + bytes > limit.bytes ? 'bytes' : undefined;
}
