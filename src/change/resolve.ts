// Owns how a ticket that was named by its number is found: in what was seen of the location's list lately, else by paging
// through it, paced like every other call. Then its wish moves to the ticket's own record, with its order.
import type { Log } from '../log.ts';
import type { Names } from '../redis/names.ts';
import type { Gate } from '../ticket/gate.ts';
import type { TicketPage } from '../ticket/list.ts';
import type { Pacer } from '../ticket/pacer.ts';
import type { Spacebring } from '../ticket/spacebring.ts';
import type { Appointment } from './change.ts';
import type { Found, Records } from './record.ts';
import { backoffMs } from './verdict.ts';
import type { Desk } from './visit.ts';

export interface ListingDesk extends Pick<Desk, 'settings' | 'credentials'> {
  readonly spacebring: Pick<Spacebring, 'listTickets'>;
}

export interface ResolveParts {
  readonly records: Pick<Records, 'begin' | 'look' | 'finish' | 'resolve'>;
  readonly pacer: Pacer;
  readonly gate: Pick<Gate, 'tell'>;
  readonly desks: ReadonlyMap<string, ListingDesk>;
  readonly client: {
    hget(key: string, field: string): Promise<string | null>;
    hset(key: string, fields: Record<string, string>): Promise<number>;
    pexpire(key: string, ms: number): Promise<number>;
  };
  readonly names: Names;
  readonly log: Log;
  readonly newToken: () => string;
  readonly monotonic: () => number;
  readonly random: () => number;
}

/** Numbers are never given twice, so what was seen stays true; a day keeps the memory small. */
const SEEN_MS = 24 * 60 * 60 * 1_000;
/** A hundred tickets each: more than any location has. */
const MOST_PAGES = 1_000;
const WAIT_LEASE_MS = 12_000;
const LEASE_MARGIN_MS = 5_000;

/** Finds the ticket of `number:N@LOCATION`; gives the visits that follow. */
export type Resolve = (reference: string, signal: AbortSignal) => Promise<Appointment[]>;

export function makeResolve(parts: ResolveParts, account: string): Resolve {
  const { records, pacer, gate, desks, client, names, log, newToken, monotonic, random } = parts;
  const desk = desks.get(account);
  if (desk === undefined) throw new Error(`there is no account ${account}`);
  const { settings, credentials, spacebring } = desk;

  return async function resolve(reference, signal) {
    const [, number = '', location = ''] = /^number:(\d+)@(.+)$/.exec(reference) ?? [];
    const token = newToken();
    const begun = await records.begin(reference, token, WAIT_LEASE_MS, settings.settle);
    if (begun.kind !== 'taken') return [];
    const { record } = begun;
    const attempts: object[] = [];

    const known = await client.hget(names.numbers(location), number);
    if (known !== null) return records.resolve(reference, token, { ticket: known }, attempts);
    const found = await find();
    if ('later' in found) return later(found.later, found.isRetry);
    return records.resolve(reference, token, found, attempts);

    async function find(): Promise<Found | { later: number; isRetry: boolean }> {
      let pageToken: string | undefined;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        if (!(await mayCall())) return { later: 0, isRetry: false };
        const startedAt = monotonic();
        const answer = await spacebring.listTickets(location, pageToken);
        await gate.tell(account, answer, false);
        attempts.push({
          call: 'LIST',
          answer: answer.kind,
          page: page + 1,
          durationMs: Math.round(monotonic() - startedAt),
        });
        log.info({ reference, account, page: page + 1, answer: answer.kind }, 'ticket.looked-for');
        if (answer.kind === 'throttled')
          return { later: await pacer.hold(account, answer.retryAfterMs), isRetry: false };
        if (answer.kind === 'refused')
          return { why: `the tickets of location ${location} cannot be listed: ${answer.why}` };
        if (answer.kind === 'unauthorized') return { later: 1_000, isRetry: false };
        if (answer.kind !== 'done') return { later: backoffMs(record.attempts, random), isRetry: true };
        await remember(answer.value);
        const ticket = answer.value.tickets.find((one) => String(one.number) === number);
        if (ticket !== undefined) return { ticket: ticket.id };
        const next = answer.value.nextPageToken;
        if (next === undefined || next === pageToken) break;
        pageToken = next;
      }
      return { why: `location ${location} has no ticket number ${number}` };
    }

    /** A slot and a lease that outlives the call; false when this process is to end or somebody else has the lease. */
    async function mayCall(): Promise<boolean> {
      try {
        const unready = await credentials.prepare(async () => {
          if (!(await takeSlot())) throw new Stopped();
        }, renew);
        if (unready !== undefined) return false;
        return await takeSlot();
      } catch (error) {
        if (signal.aborted || error instanceof Stopped) return false;
        throw error;
      }
    }

    async function takeSlot(): Promise<boolean> {
      for (;;) {
        const turn = await pacer.turn(account, settings, { signal, onWait: renew });
        const looked = await records.look(reference, token, settings.callTimeout + LEASE_MARGIN_MS, turn.isProbe);
        if (looked.kind === 'lost') return false;
        if (looked.kind !== 'held' && (await turn.leave())) return true;
      }
    }

    async function renew(): Promise<void> {
      if ((await records.look(reference, token, WAIT_LEASE_MS, false)).kind === 'lost') throw new Stopped();
    }

    async function remember({ tickets }: TicketPage): Promise<void> {
      if (tickets.length === 0) return;
      await client.hset(
        names.numbers(location),
        Object.fromEntries(tickets.map(({ number, id }) => [String(number), id])),
      );
      await client.pexpire(names.numbers(location), SEEN_MS);
    }

    async function later(waitMs: number, isRetry: boolean): Promise<Appointment[]> {
      const outcome = isRetry ? 'retry' : 'release';
      const ending = { outcome, waitMs, settleMs: settings.settle, attempts } as const;
      const { next } = await records.finish(reference, token, record, ending);
      return next === undefined ? [] : [{ ticket: reference, account, ...next, class: record.class }];
    }
  };
}

class Stopped extends Error {}
