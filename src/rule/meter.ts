// Owns the count of work that one event may cause. Event text is a stranger's, so work is counted, not hoped for:
// every pass of a loop and every character searched is paid before it is done.

/** What is left to spend, shared by all that is evaluated for one rule and one event. */
export interface Meter {
  /** Steps; a step takes about 100 ns. */
  left: number;
  readonly said: Said;
}

/**
 * What was already told of the objects of an event. An object with very many fields takes long to tell, and each of a
 * thousand rules may want to: it is done once.
 */
export interface Said {
  readonly names: WeakMap<object, string>;
  readonly values: WeakMap<object, string>;
}

export function makeSaid(): Said {
  return { names: new WeakMap(), values: new WeakMap() };
}

/** A meter for one rule. The rules of one event share `said`. */
export function makeMeter(steps: number, said: Said = makeSaid()): Meter {
  return { left: steps, said };
}

/** Pays for work about to be done; false when there is not enough left. Never refunds: once spent, it stays spent. */
export function spend(meter: Meter, steps: number): boolean {
  meter.left -= steps;
  return meter.left >= 0;
}

/** The keys of an object. Reading them cannot be stopped half-way, so it is paid afterwards: 4 steps each. */
export function keysOf(fields: object, meter: Meter): readonly string[] | undefined {
  if (!spend(meter, 1)) return undefined;
  const keys = Object.keys(fields);
  return spend(meter, keys.length * 4) ? keys : undefined;
}
