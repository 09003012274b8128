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

/** A request that was let in. */
export interface Stay {
  /** So many bytes more are held of its body, which did not announce them. False where they are too many. */
  grow(bytes: number): boolean;
  /** Its body is there whole: from now on nobody is let in in its place. */
  arrived(): void;
  /** Only the first time counts. */
  leave(): void;
}

export interface Pressure {
  /**
   * Lets a request in, or says what is too much. Where the house is full, the one whose body has been arriving longest has to
   * give way, if that is long: it hears `giveWay`, and has left.
   */
  enter(source: string, bytes: number, giveWay: () => void): Stay | Excess;
}

const WINDOW_MS = 1000;

/** A body that takes longer than this is slow, or is sent so that it keeps a place. */
const PATIENCE_MS = 1000;

interface Load {
  readonly limit: Capacity;
  hits: number;
  concurrent: number;
  bytes: number;
  /** Those whose bodies are still on their way, the longest first; each is with its source only. */
  readonly arriving: Set<Guest>;
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
  const sorts = [strangers, ...known.values()];
  const every = [all, ...sorts];
  let windowAt = Number.NEGATIVE_INFINITY;

  function turnWindow(): void {
    const at = now();
    // A clock that steps back begins a window too: it must not hold the door shut.
    if (at - windowAt < WINDOW_MS && at >= windowAt) return;
    windowAt = at;
    for (const load of every) load.hits = 0;
  }

  /** What is too much, and for whom. */
  function excessFor(own: Load, bytes: number): { readonly what: Excess; readonly of: Load } | undefined {
    const mine = excessOf(own, own.limit, bytes);
    if (mine !== undefined) return { what: mine, of: own };
    const what = excessOf(own, share, bytes) && excessOf(all, overall, bytes);
    return what && { what, of: all };
  }

  function hasRoom(own: Load, bytes: number): boolean {
    const isWithin = (load: Load, limit: Capacity) => load.bytes + bytes <= limit.bytes;
    return isWithin(own, own.limit) && (isWithin(own, share) || isWithin(all, overall));
  }

  function makeRoom(load: Load): boolean {
    const longest = (load === all ? sorts : [load])
      .flatMap(({ arriving }) => [...arriving].slice(0, 1))
      .reduce<Guest | undefined>((a, b) => (a !== undefined && a.since <= b.since ? a : b), undefined);
    if (longest === undefined || now() - longest.since < PATIENCE_MS) return false;
    longest.giveWay();
    return true;
  }

  return {
    enter(source, bytes, giveWay) {
      turnWindow();
      const own = known.get(source) ?? strangers;
      let excess = excessFor(own, bytes);
      while (excess !== undefined && excess.what !== 'rate' && makeRoom(excess.of)) excess = excessFor(own, bytes);
      if (excess !== undefined) return excess.what;
      return new Guest({ own, all, hasRoom }, bytes, now(), giveWay);
    },
  };
}

interface House {
  readonly own: Load;
  readonly all: Load;
  readonly hasRoom: (own: Load, bytes: number) => boolean;
}

/** A class, because one is made for every request: five functions for each would cost more than all that is counted. */
class Guest implements Stay {
  readonly since: number;
  readonly #house: House;
  readonly #onGiveWay: () => void;
  #bytes: number;
  #isOver = false;

  constructor(house: House, bytes: number, since: number, onGiveWay: () => void) {
    this.since = since;
    this.#house = house;
    this.#bytes = bytes;
    this.#onGiveWay = onGiveWay;
    const { own, all } = house;
    own.hits += 1;
    all.hits += 1;
    own.concurrent += 1;
    all.concurrent += 1;
    own.bytes += bytes;
    all.bytes += bytes;
    own.arriving.add(this);
  }

  grow(bytes: number): boolean {
    const { own, all, hasRoom } = this.#house;
    if (this.#isOver || !hasRoom(own, bytes)) return false;
    this.#bytes += bytes;
    own.bytes += bytes;
    all.bytes += bytes;
    return true;
  }

  arrived(): void {
    this.#house.own.arriving.delete(this);
  }

  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.arrived();
    const { own, all } = this.#house;
    own.concurrent -= 1;
    all.concurrent -= 1;
    own.bytes -= this.#bytes;
    all.bytes -= this.#bytes;
  }

  giveWay(): void {
    this.leave();
    this.#onGiveWay();
  }
}

function idle(limit: Capacity): Load {
  return { limit, hits: 0, concurrent: 0, bytes: 0, arriving: new Set() };
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
