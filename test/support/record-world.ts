// Tickets, workers and senders in front of the real scripts: every step is made in Redis and in the model, the invariants
// are checked, and what was answered and stored is held against the model. Time passes by moving stored times.
import type { Accepted } from '../../src/change/change.ts';
import { type Begun, type Ending, makeRecords, type RecordScripts } from '../../src/change/record.ts';
import { openRecordScripts } from '../../src/change/scripts.ts';
import type { TicketRecord } from '../../src/change/verdict.ts';
import type { RedisClient } from '../../src/redis/connection.ts';
import { makeNames, type Names } from '../../src/redis/names.ts';
import type { Status } from '../../src/ticket/ticket.ts';
import { wish } from './core.ts';
import { compare, compareState, outline } from './record-compare.ts';
import { checkInvariants, type Known, readFacts } from './record-facts.ts';
import { accept, begin, cancel, finish, look, type ModelTicket, makeModel, type Read } from './record-model.ts';
import type { TestRedis } from './redis.ts';

/** Longer than any test: what is due later becomes due only by `pass`. */
const LONG_MS = 600_000;

export interface Visitor {
  readonly token: string;
  readonly ticket: string;
  state: 'asking' | 'taken' | 'gone';
  record?: TicketRecord;
  read?: Read;
  /** When its call was noted as under way. */
  sentAt?: number;
  /** Its lease has run out (or was lost); it does not know. */
  isExpired: boolean;
  /** Its last command once more, as ioredis sends it after a cut connection. */
  again: () => Promise<void>;
}

export interface Wish {
  readonly ticket: string;
  readonly status: Status;
  readonly dryRun?: boolean;
}

let worlds = 0;

/** A world under a prefix of its own. With `instead` of a script it is judged by the invariants alone, not by the model. */
export function openWorld({ client, names }: TestRedis, instead?: (tag: string) => Partial<RecordScripts>): World {
  worlds += 1;
  const own = makeNames(`${names.tag.slice(1, -1)}.${worlds}`);
  const scripts = { ...openRecordScripts(client, own.tag), ...instead?.(own.tag) };
  return makeWorld(client, own, scripts, instead === undefined);
}

function makeWorld(client: RedisClient, names: Names, scripts: RecordScripts, isModelled: boolean) {
  const records = makeRecords(scripts);
  const model = makeModel();
  const accepted: { id: string; ticket: string; isWish: boolean }[] = [];
  const events = new Map<string, { eventId: string; changes: readonly string[]; again: () => Promise<void> }>();
  const visitors: Visitor[] = [];
  /** Tickets of which a visit died with its call noted: an unknown outcome is due before the next call. */
  const vanished = new Set<string>();
  const unsettled = new Set<string>();
  let ids = 0;

  async function say(key: string, wishes: readonly Wish[], at: number | undefined): Promise<void> {
    const known = events.get(key);
    ids += 1;
    const eventId = `ev_${ids}`;
    const changeIds = wishes.map((_, i) => `ch_${ids}.${i}`);
    const send = () => {
      const rest = [...changeIds];
      const event = { id: eventId, source: 'test', type: 'said', receivedAt: 0, headers: {}, body: {} };
      return records.accept(
        {
          event: at === undefined ? event : { ...event, at },
          rawBody: Buffer.from('{}'),
          keepMs: 0,
          delivery: { key, windowMs: LONG_MS },
          decisions: wishes.map(({ ticket, status, dryRun = false }) => wish(ticket, status, { dryRun })),
        },
        { newId: () => rest.shift() ?? '', deadlineMs: () => LONG_MS },
      );
    };
    const reply = await send();
    if (known === undefined) {
      for (const [i, { ticket, status, dryRun = false }] of wishes.entries()) {
        const id = changeIds[i] ?? '';
        const order = Number(await client.hget(names.change(id), 'order'));
        accepted.push({ id, ticket, isWish: !dryRun });
        if (dryRun) model.changes.set(id, { ticket, status, order, verdict: 'dry-run' });
        else accept(model, id, { ticket, status, order });
      }
      events.set(key, { eventId, changes: changeIds, again: () => resend() });
    }
    const expected = known ?? { eventId, changes: changeIds };
    await check(async () => {
      const { eventId, changes } = expected;
      const { entry, ...accepted } = reply.accepted;
      compare('accept', accepted, { eventId, duplicate: known !== undefined, conflict: false, changes });
      await compareEntry(entry, eventId);
      compareKicks(reply.appointments, changes);
    });

    async function resend(): Promise<void> {
      const repeated = await send();
      await check(async () => {
        const first = { eventId, duplicate: false, conflict: false, changes: changeIds };
        const { entry, ...accepted } = repeated.accepted;
        compare('accept, sent again', accepted, first);
        await compareEntry(entry, eventId);
        compareKicks(repeated.appointments, changeIds);
      });
    }
  }

  async function compareEntry(entry: Accepted['entry'], eventId: string): Promise<void> {
    const [found] = entry === undefined ? [] : await client.xrange(names.ledger, entry.id, entry.id);
    const [, fields = []] = found ?? [];
    compare('the entry that accept names', fields.slice(0, 4), ['kind', 'event', 'event', eventId]);
  }

  /** A visit may be wanted now for every ticket that is due and has an open change of this event. */
  function compareKicks(kicks: readonly { ticket: string }[], changes: readonly string[]): void {
    const due = changes.filter((id) => model.changes.get(id)?.verdict === undefined).map((id) => ticketOf(id));
    const isDue = (ticket: string) => model.tickets.get(ticket)?.due === 'now';
    compare('visits wanted', kicks.map(({ ticket }) => ticket).sort(), [...new Set(due)].filter(isDue).sort());
  }

  function ticketOf(change: string): string {
    return model.changes.get(change)?.ticket ?? '';
  }

  async function arrive(ticket: string): Promise<Visitor> {
    ids += 1;
    const visitor: Visitor = { token: `w${ids}`, ticket, state: 'asking', isExpired: false, again: () => ask() };
    visitors.push(visitor);
    await ask();
    return visitor;

    async function ask(): Promise<void> {
      const begun: Begun = await records.begin(ticket, visitor.token, LONG_MS, LONG_MS);
      const expected = begin(model, ticket, visitor.token);
      visitor.state = begun.kind === 'taken' ? 'taken' : 'gone';
      if (begun.kind === 'taken') Object.assign(visitor, { isExpired: false }, taken(visitor, begun.record));
      await check(() => {
        compare('begin', begun.kind, expected);
        compareRecord(visitor);
      });
    }
  }

  async function lookAgain(visitor: Visitor, isSending: boolean): Promise<void> {
    // As nextStep has it: past the deadline, which a wish that was taken back or has failed is at once, nothing is sent.
    const { version, deadlineAt = 0 } = isSending ? (visitor.record ?? {}) : {};
    const sending = Date.now() < deadlineAt ? version : undefined;
    visitor.again = async () => {
      const looked = await records.look(visitor.ticket, visitor.token, LONG_MS, false, sending);
      const expected = look(model, visitor.ticket, visitor.token, sending === undefined ? undefined : Number(sending));
      delete visitor.sentAt; // who looks again has no call under way
      if (looked.kind === 'go') {
        if (vanished.has(visitor.ticket))
          throw new Error(`not true: a vanished call of ${visitor.ticket} became unknown`);
        visitor.sentAt = looked.redisNow;
      }
      if (looked.kind === 'record') Object.assign(visitor, taken(visitor, looked.record));
      if (looked.kind === 'lost') visitor.isExpired = true;
      await check(() => {
        compare('look', looked.kind, expected);
        if (looked.kind === 'record') compareRecord(visitor);
      });
    };
    await visitor.again();
  }

  function taken({ ticket: id }: Visitor, record: TicketRecord): Pick<Visitor, 'record' | 'read'> {
    const { unknown } = ticketModel(id);
    const read = { change: record.change, version: Number(record.version) };
    return { record, read: unknown === undefined ? read : { ...read, mark: unknown.mark } };
  }

  function compareRecord({ ticket: id, record, state }: Visitor): void {
    if (record === undefined || state !== 'taken') return;
    const ticket = ticketModel(id);
    compare('the record', outline(record), {
      change: ticket.change,
      version: String(ticket.version),
      want: model.changes.get(ticket.change)?.status,
      isOpen: ticket.isOpen,
      last: ticket.last,
      unknown: ticket.unknown?.statuses,
    });
  }

  async function leave(visitor: Visitor, ending: Omit<Ending, 'settleMs' | 'attempts' | 'sent'>, isSent: boolean) {
    const { record, read, sentAt } = visitor;
    if (record === undefined || read === undefined) throw new Error('only who has taken a ticket can give it back');
    const sent = isSent && sentAt !== undefined ? { sent: { status: record.want, at: sentAt } } : {};
    const { outcome, verdict, isUnknown = false } = ending;
    visitor.again = async () => {
      const finished = await records.finish(visitor.ticket, visitor.token, visitor.record ?? record, {
        ...ending,
        ...sent,
        settleMs: LONG_MS,
        attempts: [{ call: 'PUT', answer: 'test' }],
      });
      const expected = finish(model, visitor.ticket, visitor.token, read, {
        outcome,
        isUnknown,
        waits: (ending.waitMs ?? 0) > 0,
        ...(verdict === undefined ? {} : { verdict }),
        ...(isSent ? { sent: record.want } : {}),
      });
      if (isSent && (finished.isLost || (isUnknown && visitor.state === 'taken'))) unsettled.add(visitor.ticket);
      visitor.state = 'gone';
      await check(() => compare('finish', finished.isLost, expected === 'lost'));
    };
    await visitor.again();
  }

  /** An operator takes back the nth change. */
  async function takeBack(index: number): Promise<void> {
    const change = accepted[index % accepted.length];
    if (change === undefined) return;
    const [kind] = (await scripts.cancel(change.id)) as string[];
    const expected = cancel(model, change.id);
    await check(() => compare('cancel', kind, expected));
  }

  /** The worker dies, or freezes for longer than its lease; either way its lease runs out. */
  async function expire(visitor: Visitor, isDead: boolean): Promise<void> {
    const ticket = ticketModel(visitor.ticket);
    if (isDead && visitor.sentAt !== undefined && ticket.owner === visitor.token) vanished.add(visitor.ticket);
    if (ticket.lease === visitor.token) {
      await client.del(names.lease(visitor.ticket));
      delete ticket.lease;
    }
    visitor.isExpired = true;
    if (isDead) visitors.splice(visitors.indexOf(visitor), 1);
    await check();
  }

  /** Time passes for a ticket that nobody holds: it becomes due and, if wanted, what is unknown has settled. */
  async function pass(id: string, settles: boolean): Promise<void> {
    const ticket = model.tickets.get(id);
    if (ticket === undefined || ticket.lease !== undefined || ticket.due === undefined) return;
    ticket.due = 'now';
    await client.zadd(names.dirty, 'XX', 1_000, id);
    if (settles && ticket.unknown !== undefined) ticket.unknown = { ...ticket.unknown, isSettled: true };
    const before = Number(await client.hget(names.ticket(id), 'unknownUntil'));
    if (settles && before > 0) {
      unsettled.delete(id);
      const untilAt = before - 2 * LONG_MS;
      await client.hset(names.ticket(id), 'unknownUntil', untilAt);
      // Who has read the moment keeps what it read: it is the clock that moved.
      for (const visitor of visitors) {
        const { record } = visitor;
        if (visitor.ticket !== id || record?.unknown?.untilAt !== before) continue;
        visitor.record = { ...record, unknown: { ...record.unknown, untilAt } };
      }
    }
    await check();
  }

  function known(): Known {
    const holders = visitors.filter(({ state, isExpired }) => state === 'taken' && !isExpired);
    return { accepted, holders, unsettled };
  }

  async function check(compareAnswers: () => unknown = () => {}): Promise<void> {
    const facts = await readFacts(client, names, known());
    checkInvariants(facts, known());
    for (const [id, { record }] of facts.tickets) if (record.unknownUntil !== undefined) vanished.delete(id);
    if (!isModelled) return;
    await compareAnswers();
    compareState(facts, model);
  }

  function ticketModel(id: string): ModelTicket {
    const ticket = model.tickets.get(id);
    if (ticket === undefined) throw new Error(`no wish was ever accepted for ${id}`);
    return ticket;
  }

  return { model, events, visitors, say, arrive, look: lookAgain, leave, takeBack, expire, pass };
}

export type World = ReturnType<typeof makeWorld>;
