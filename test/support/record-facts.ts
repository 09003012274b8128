// What Redis holds about tickets and changes at one moment, and the sentences that must be true of it at every moment.
// The sentences know nothing of the model: they hold for any history.
import type { RedisClient } from '../../src/redis/connection.ts';
import type { Names } from '../../src/redis/names.ts';

type Fields = Readonly<Record<string, string>>;

export interface TicketFacts {
  readonly record: Fields;
  readonly lease: string | null;
  /** When the next visit is due, by Redis' clock ms; null when in step. */
  readonly due: string | null;
}

export interface Facts {
  readonly nowMs: number;
  readonly tickets: ReadonlyMap<string, TicketFacts>;
  readonly changes: ReadonlyMap<string, Fields>;
  readonly open: ReadonlySet<string>;
  /** Ledger entries about a change, as `kind:change`, with how many there are. */
  readonly entries: ReadonlyMap<string, number>;
}

/** What the test knows besides: in which order wishes came, and who must still hold a lease. */
export interface Known {
  /** Changes in the order of their acceptance; `isWish` is false where nothing was to be sent. */
  readonly accepted: readonly { readonly id: string; readonly ticket: string; readonly isWish: boolean }[];
  /** Visits that took a ticket, have not ended, and whose lease has not run out. */
  readonly holders: readonly { readonly ticket: string; readonly token: string }[];
  /** Tickets of which a call ended with nobody knowing what it came to, and no time has passed since. */
  readonly unsettled: ReadonlySet<string>;
}

export async function readFacts(client: RedisClient, names: Names, known: Known): Promise<Facts> {
  const ticketIds = [...new Set(known.accepted.map(({ ticket }) => ticket))];
  const [time, tickets, changes, open, ledger] = await Promise.all([
    client.time(),
    Promise.all(ticketIds.map(async (id) => [id, await readTicket(id)] as const)),
    Promise.all(known.accepted.map(async ({ id }) => [id, await client.hgetall(names.change(id))] as const)),
    client.zrange(names.open, 0, -1),
    client.xrange(names.ledger, '-', '+'),
  ]);
  const entries = new Map<string, number>();
  for (const [, flat] of ledger) {
    const name = `${fieldOf(flat, 'kind')}:${fieldOf(flat, 'change')}`;
    entries.set(name, (entries.get(name) ?? 0) + 1);
  }
  const [seconds = 0, micros = 0] = time.map(Number);
  const nowMs = seconds * 1000 + Math.floor(micros / 1000);
  return { nowMs, tickets: new Map(tickets), changes: new Map(changes), open: new Set(open), entries };

  async function readTicket(id: string): Promise<TicketFacts> {
    const [record, lease, due] = await Promise.all([
      client.hgetall(names.ticket(id)),
      client.get(names.lease(id)),
      client.zscore(names.dirty, id),
    ]);
    return { record, lease, due };
  }
}

/** Throws with the sentence that is not true. */
export function checkInvariants(facts: Facts, { accepted, holders, unsettled }: Known): void {
  for (const id of unsettled) {
    claim(
      facts.tickets.get(id)?.record.unknownUntil !== undefined,
      `what became of ${id} is unknown until it has settled`,
    );
  }
  for (const { id } of accepted) checkChange(facts, id);
  for (const [id, ticket] of facts.tickets) {
    const wishes = accepted.filter((one) => one.ticket === id && one.isWish);
    if (wishes.length > 0) checkTicket(facts, id, ticket, wishes);
    const holding = holders.filter((one) => one.ticket === id);
    claim(holding.length <= 1, `${id} is held by one visit at most`);
    for (const { token } of holding) claim(ticket.lease === token, `${id} is held by ${token} until it ends`);
  }
}

function checkChange({ changes, open, entries, tickets }: Facts, id: string): void {
  const { ticket = '', verdict, by, order } = changes.get(id) ?? {};
  claim(open.has(id) !== (verdict !== undefined), `${id} is open, or else has a verdict`);
  claim(verdict !== '', `${id} has a verdict that is a word`);
  claim(entries.get(`change:${id}`) === 1, `the ledger tells once that ${id} was accepted`);
  claim(
    (entries.get(`verdict:${id}`) ?? 0) === (verdict === undefined ? 0 : 1),
    `the ledger tells ${id}'s verdict once`,
  );
  if (open.has(id)) {
    const { change, flight } = tickets.get(ticket)?.record ?? {};
    claim(id === change || id === flight, `${id} is open, so its ticket knows of it`);
  }
  if (verdict === 'superseded') {
    const winner = changes.get(by ?? '');
    claim(winner?.ticket === ticket, `${id} was superseded by a change of its ticket`);
    claim(Number(winner?.order) >= Number(order), `${id} was not superseded by a lower order`);
  }
}

function checkTicket(facts: Facts, id: string, { record, lease, due }: TicketFacts, wishes: Known['accepted']): void {
  const orderOf = (change: string | undefined) => Number(facts.changes.get(change ?? '')?.order);
  const newest = wishes.reduce((best, one) => (orderOf(one.id) >= orderOf(best.id) ? one : best));
  claim(record.change === newest.id, `${id} wants its newest wish, ${newest.id}`);
  claim(record.want === facts.changes.get(newest.id)?.status, `${id} wants the status of its newest wish`);
  claim((record.open === '1') === facts.open.has(newest.id), `${id} knows whether its newest wish is open`);
  const isLeft = facts.open.has(newest.id) || record.unknownUntil !== undefined || record.flight !== undefined;
  // A visit that holds the ticket, or died with it, is followed by one more, whatever it left.
  const isLeftOrHeld = isLeft || record.owner !== undefined;
  claim(due === null || isLeftOrHeld, `${id} is due for a visit, so something is left to do`);
  claim(!isLeft || due !== null, `${id} has something left to do, so it is due for a visit`);
  const { flight = '' } = record;
  claim(facts.changes.get(flight)?.verdict !== 'cancelled', `${flight} was taken back, so no call leaves for it`);
  claim(lease === null || lease === record.owner, `${id} is leased to its owner`);
}

function claim(isTrue: boolean, sentence: string): void {
  if (!isTrue) throw new Error(`not true: ${sentence}`);
}

function fieldOf(flat: readonly string[], name: string): string {
  for (let i = 0; i + 1 < flat.length; i += 2) if (flat[i] === name) return flat[i + 1] ?? '';
  return '';
}
