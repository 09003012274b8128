// Owns the vendor's limit: at most `rate` admitted calls in any sliding second. A refused call does not count, so
// hammering does not lengthen the wait; the vendor documents neither this nor its opposite.

/** Times of the calls of the last `spanMs`, oldest first. A call exactly `spanMs` old has left the window. */
export function makeWindow(spanMs: number) {
  let times: number[] = [];
  let head = 0;

  function count(atMs: number): number {
    while (head < times.length && atMs - (times[head] ?? atMs) >= spanMs) head += 1;
    if (head > 1024 && head * 2 > times.length) {
      times = times.slice(head);
      head = 0;
    }
    return times.length - head;
  }

  return {
    /** How many are in the window that ends at `atMs`. Times may not run backwards. */
    count,
    add: (atMs: number) => void times.push(atMs),
    /** When the `n`th oldest of the window leaves it; undefined if there are fewer. */
    leavesAt: (n: number): number | undefined => {
      const time = times[head + n - 1];
      return time === undefined ? undefined : time + spanMs;
    },
  };
}

/** Whether a call may pass and, if not, how long until one could. */
export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly waitMs: number };

/** A true sliding window over `spanMs`; `rate` may be Infinity. Times are monotonic milliseconds. */
export function makeLimit({ rate, spanMs = 1000 }: { readonly rate: number; readonly spanMs?: number }) {
  const window = makeWindow(spanMs);
  return {
    admit(atMs: number): Admission {
      const used = window.count(atMs);
      if (used >= rate) return { admitted: false, waitMs: (window.leavesAt(used - rate + 1) ?? atMs) - atMs };
      window.add(atMs);
      return { admitted: true };
    },
  };
}
