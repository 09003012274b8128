// Owns the pace of an account: a turn is one evenly spaced slot out of one Redis key, for every call and every process.
import type { Account } from '../config/schema.ts';

/** What waiting for a turn came to. */
export interface Turn {
  readonly waitedMs: number;
  /** The share of the full pace in force, 0.1 to 1; below 1 after 429s drawn while others share the quota. */
  readonly share: number;
  /** The one call by which a shut account is tried (gate.ts). */
  readonly isProbe: boolean;
}

export interface Pacer {
  /**
   * Resolves when one call may leave, and means: at once. Rejects with the signal's reason when it aborts.
   * `onWait` is called at least every 5 s while waiting, to renew what must not run out meanwhile.
   */
  turn(account: string, settings: Pace, options: TurnOptions): Promise<Turn>;
  /** Tells every process that the vendor said 429. Gives how long nobody will call, ms. */
  hold(account: string, retryAfterMs: number | undefined): Promise<number>;
}

export type Pace = Pick<Account, 'rate' | 'margin'>;

export interface TurnOptions {
  readonly signal: AbortSignal;
  readonly onWait: () => Promise<void>;
  /** How far ahead a slot may be booked, ms. Short for what should let others go first. */
  readonly aheadMs?: number;
}

/** The longest wait a vendor may ask of us; longer ones are cut, so that a wrong header cannot stop us for a day. */
export const LONGEST_HOLD_MS = 15 * 60 * 1000;

/** Waiting longer than this without looking up would let a lease run out. */
const LOOK_UP_MS = 5_000;

type Script = (...args: (string | number)[]) => Promise<unknown>;

export interface PacerParts {
  readonly slot: Script;
  readonly hold: Script;
  /** A clock that never jumps, ms. */
  readonly monotonic: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Milliseconds between two calls: the rate less the share kept free for clocks and networks that are not even. */
export function intervalMs({ rate, margin }: Pace): number {
  return 1000 / (rate * (1 - margin));
}

/**
 * How late a call may leave after its slot, ms. `rate` intervals are longer than a second by this slack; half of it is
 * for us, half for the way to the vendor. A call that is later gives its slot up, or two calls could come too close.
 */
export function toleranceMs({ margin }: Pace): number {
  return Math.max(5, (1000 * margin) / (1 - margin) / 2);
}

export function makePacer({ slot, hold, monotonic, random, sleep }: PacerParts): Pacer {
  return {
    async turn(account, settings, { signal, onWait, aheadMs = 30_000 }) {
      const startedAt = monotonic();
      for (;;) {
        signal.throwIfAborted();
        const askedAt = monotonic();
        const reply = (await slot(account, intervalMs(settings), aheadMs)) as string[];
        const [booked, waitText, share, probe] = reply;
        const waitMs = Number(waitText);
        if (booked === '0') {
          await sleep(Math.min(waitMs + random() * intervalMs(settings), LOOK_UP_MS), signal);
          await onWait();
          continue;
        }
        await sleepUntil(monotonic() + waitMs, onWait, signal);
        // The slot lies at the earliest `waitMs` after we asked: counted from there, lateness is never underrated.
        const lateMs = monotonic() - (askedAt + waitMs);
        if (lateMs <= toleranceMs(settings))
          return { waitedMs: Math.round(monotonic() - startedAt), share: Number(share), isProbe: probe === 'probe' };
      }
    },
    async hold(account, retryAfterMs) {
      const [waitMs] = (await hold(account, retryAfterMs ?? '', LONGEST_HOLD_MS)) as [string, string];
      return Number(waitMs);
    },
  };

  async function sleepUntil(atMs: number, onWait: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let left = atMs - monotonic(); left > 0; left = atMs - monotonic()) {
      await sleep(Math.min(left, LOOK_UP_MS), signal);
      // Renewing just before the call would make it late; the look that follows renews anyway.
      if (atMs - monotonic() > 1_000) await onWait();
    }
  }
}
