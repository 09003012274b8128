// Owns getting one page of a location's tickets: credentials, a slot that lets live wishes go first, the call, and what its
// answer means. Whatever passes is waited for; what does not pass ends the location for this run.
import type { Account } from '../config/schema.ts';
import type { Log } from '../log.ts';
import type { Answer } from '../ticket/answer.ts';
import type { Credentials, Unready } from '../ticket/credentials.ts';
import type { Gate } from '../ticket/gate.ts';
import type { TicketPage } from '../ticket/list.ts';
import type { Pacer, Turn } from '../ticket/pacer.ts';
import type { Spacebring } from '../ticket/spacebring.ts';
import { LEASE_MS } from './runs.ts';

/** An account as the clock uses it. */
export interface ListingDesk {
  readonly settings: Account;
  readonly credentials: Pick<Credentials, 'prepare' | 'proof' | 'isStale'>;
  readonly spacebring: Pick<Spacebring, 'listTickets'>;
}

export interface ListingParts {
  readonly desks: ReadonlyMap<string, ListingDesk>;
  readonly pacer: Pacer;
  readonly gate: Pick<Gate, 'tell'>;
  readonly log: Log;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Place {
  readonly account: string;
  readonly location: string;
  readonly pageToken?: string | undefined;
}

/** What whoever asks lends: a signal to stop, and the renewal of what must not run out (gives Redis' clock, ms). */
export interface Asker {
  readonly signal: AbortSignal;
  readonly renew: (leaseMs?: number) => Promise<number>;
}

export type Listed = { readonly calls: number; readonly waitedMs: number } & (
  | { readonly kind: 'page'; readonly page: TicketPage; readonly listedAt: number }
  /** It will not be had, however often it is asked for. */
  | { readonly kind: 'refused' | 'broken'; readonly why: string }
);

/** Rejects when the signal aborts, and with what `renew` rejects with. */
export type List = (place: Place, asker: Asker) => Promise<Listed>;

/** Slots are taken only when hardly anybody has booked the next ones: what a rule wants has waited for hours already. */
const AHEAD_MS = 300;
/** What a lease outlives a call by. */
const LEASE_MARGIN_MS = 5_000;
/** One page failed this often while the account was in use: it is the page, not the vendor. */
const MOST_FAILURES = 10;
const LONGEST_PAUSE_MS = 30_000;
const LOOK_UP_MS = 5_000;

export function makeListing({ desks, pacer, gate, log, random, sleep }: ListingParts): List {
  return async function list({ account, location, pageToken }, { signal, renew }) {
    const desk = desks.get(account);
    if (desk === undefined) {
      return { kind: 'refused', why: `the configuration has no account ${account}`, calls: 0, waitedMs: 0 };
    }
    const { settings, credentials, spacebring } = desk;
    const callLeaseMs = Math.max(LEASE_MS, settings.callTimeout + LEASE_MARGIN_MS);
    let calls = 0;
    let waitedMs = 0;
    let failures = 0;
    let isRepeated = false;

    for (;;) {
      signal.throwIfAborted();
      const unready = await prepare();
      if (unready !== undefined) {
        await afterUnready(unready);
        continue;
      }
      const { turn, at: listedAt } = await takeTurn();
      calls += 1;
      const answer = await spacebring.listTickets(location, pageToken);
      // A 401 that a new proof may mend says nothing about the account yet.
      if (isStale(answer)) continue;
      const isShut = await tell(answer, turn);
      switch (answer.kind) {
        case 'done':
          return { kind: 'page', page: answer.value, listedAt, calls, waitedMs };
        case 'refused':
          return { kind: 'refused', why: answer.why, calls, waitedMs };
        case 'throttled':
          await pacer.hold(account, answer.retryAfterMs);
          break;
        case 'unauthorized':
          break; // the account is shut now: the next turn comes when it is open again
        case 'failed':
        case 'unknown':
          failures = isShut ? 0 : failures + 1;
          if (failures >= MOST_FAILURES) return { kind: 'broken', why: answer.why, calls, waitedMs };
          await pause(Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures) * (0.5 + random() / 2));
          break;
        default:
          return answer satisfies never;
      }
    }

    /** A slot whose moment has come, and Redis' clock just before it. */
    async function takeTurn(): Promise<{ turn: Turn; at: number }> {
      for (;;) {
        const turn = await pacer.turn(account, settings, { signal, onWait, aheadMs: AHEAD_MS });
        waitedMs += turn.waitedMs;
        const at = await renew(callLeaseMs);
        if (await turn.leave()) return { turn, at };
        signal.throwIfAborted();
      }
    }

    /** Sees to credentials before the slot of the list itself; a token call takes one of its own. */
    async function prepare(): Promise<Unready | undefined> {
      let spent: Turn | undefined;
      const before = credentials.proof();
      const unready = await credentials.prepare(async () => {
        spent = (await takeTurn()).turn;
      }, onWait);
      if (unready === undefined) {
        const isNew = spent !== undefined && credentials.proof()?.version !== before?.version;
        if (isNew) await tell({ kind: 'done', httpStatus: 200, value: undefined }, spent);
      } else if (unready.kind !== 'busy' && (unready.asked || unready.kind === 'unauthorized')) {
        await tell(unready.kind === 'unauthorized' ? { httpStatus: 401, ...unready } : unready, spent);
      }
      return unready;
    }

    async function afterUnready(unready: Unready): Promise<void> {
      log.info({ account, ...unready }, 'clock.unready');
      if (unready.kind === 'throttled' && unready.asked) await pacer.hold(account, unready.retryAfterMs);
      else await pause(Math.max(100, unready.waitMs));
    }

    function isStale(answer: Answer<unknown>): boolean {
      const stale = answer.kind === 'unauthorized' && answer.httpStatus === 401 && credentials.isStale();
      isRepeated = stale && !isRepeated;
      return isRepeated;
    }

    /** Tells every process; true when the account is not in use just now, so that a failure says nothing about the page. */
    async function tell(answer: Answer<unknown>, turn: Pick<Turn, 'isProbe'> = { isProbe: false }): Promise<boolean> {
      const change = await gate.tell(account, answer, turn.isProbe);
      if (change?.kind === 'shut') {
        log.error({ account, why: change.why, said: 'why' in answer ? answer.why : undefined }, 'account.shut');
      }
      if (change?.kind === 'open') log.info({ account, why: change.why }, 'account.opened');
      return turn.isProbe || change?.kind === 'shut';
    }

    async function pause(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= LOOK_UP_MS) {
        await sleep(Math.min(left, LOOK_UP_MS), signal);
        await onWait();
      }
    }

    async function onWait(): Promise<void> {
      await renew();
    }
  };
}
