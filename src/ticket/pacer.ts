// Owns the pace of an account: a turn is one evenly spaced slot out of one Redis key, for every call and every process.
import type { Account } from '../config/schema.ts';

/** What waiting for a turn came to. */
export interface Turn {
  readonly waitedMs: number;
  /** The share of the full pace in force, 0.1 to 1; below 1 after 429s drawn while others share the quota. */
  readonly share: number;
  /** The one call by which a shut account is tried (gate.ts). */
  readonly isProbe: boolean;
  /**
   * Waits for the very moment of the slot. False when it has passed, or when the wait was aborted: the call must not leave
   * then, or calls that were held up together would leave together.
   */
  leave(): Promise<boolean>;
}

export interface Pacer {
  /**
   * Resolves a little before the account's next slot: as long as callers have lately needed between this and `leave`,
   * which says whether the call may leave. Rejects when the signal aborts.
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
  /** How far ahead a slot may be booked, ms. Short for what should let others go first; it grows as the wait does. */
  readonly aheadMs?: number;
}

/** The longest wait a vendor may ask of us; longer ones are cut, so that a wrong header cannot stop us for a day. */
export const LONGEST_HOLD_MS = 15 * 60 * 1000;

/** Waiting longer than this without looking up would let a lease run out. */
const LOOK_UP_MS = 5_000;

/** As far ahead as anyone may book. */
const FURTHEST_MS = 30_000;
/** What Redis may take to answer in ordinary times, ms; a call that waited longer than usual has missed its slot. */
const LONGEST_USUAL_MS = 500;
/** What callers may need between their turn and their call, ms. */
const LONGEST_LEAD_MS = 2_000;

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
 * How late a call may leave after its slot, ms. `rate` intervals are longer than a second by this slack; a third of it
 * is for us, the rest for the way to the vendor. A call that is later gives its slot up, or calls could come too close.
 */
export function toleranceMs({ margin }: Pace): number {
  return Math.max(5, (1000 * margin) / (1 - margin) / 3);
}

export function makePacer({ slot, hold, monotonic, random, sleep }: PacerParts): Pacer {
  // What Redis takes to answer when nothing is wrong: the least seen, forgotten slowly. Only what an answer takes beyond it
  // counts as late, or a Redis that is always slower than the tolerance would let no call leave, ever.
  let usualMs = LONGEST_USUAL_MS;
  // What callers need between their turn and their call: the most seen, forgotten slowly. They are told that much ahead.
  let leadMs = 0;

  return {
    async turn(account, settings, { signal, onWait, aheadMs = FURTHEST_MS }) {
      const startedAt = monotonic();
      for (;;) {
        signal.throwIfAborted();
        const askedAt = monotonic();
        // Who lets others go first does so for as long as it has waited, not for ever.
        const patientMs = Math.min(Math.max(aheadMs, FURTHEST_MS), aheadMs + askedAt - startedAt);
        const reply = (await slot(account, intervalMs(settings), patientMs, leadMs)) as string[];
        const answeredAt = monotonic();
        usualMs = Math.min(answeredAt - askedAt, usualMs * 1.1 + 1, LONGEST_USUAL_MS);
        const [booked, waitText, share, probe] = reply;
        const waitMs = Number(waitText);
        if (booked === '0') {
          await sleep(Math.min(waitMs + random() * intervalMs(settings), LOOK_UP_MS), signal);
          await onWait();
          continue;
        }
        const isProbe = probe === 'probe';
        // The slot lies between these two, as the question travelled fast or slow: never early, never late.
        const slotAt = answeredAt + waitMs;
        const lastAt = askedAt + usualMs + waitMs + toleranceMs(settings);
        await sleepUntil(slotAt - leadMs, onWait, signal);
        const toldAt = monotonic();
        // The probe of a shut account has no neighbours to come too close to, and the next one may be minutes away.
        const isLate = () => !isProbe && monotonic() > lastAt;
        if (isLate()) continue;
        const leave = async () => {
          leadMs = Math.min(LONGEST_LEAD_MS, Math.max(monotonic() - toldAt, leadMs * 0.9));
          try {
            // Nothing is renewed in here: by now the call may be noted as under way.
            for (let left = slotAt - monotonic(); left > 0; left = slotAt - monotonic()) await sleep(left, signal);
          } catch (error) {
            if (!signal.aborted) throw error;
          }
          return !signal.aborted && !isLate();
        };
        return { waitedMs: Math.round(toldAt - startedAt), share: Number(share), isProbe, leave };
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
