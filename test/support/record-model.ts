// What the record's scripts promise, as a plain model of a few tickets: no clock but "due now" and "due later", no Redis.
// It says what every call answers and what is true afterwards; record-world.ts holds it against the scripts.
import type { Status } from '../../src/ticket/ticket.ts';

export interface ModelChange {
  readonly ticket: string;
  readonly status: Status;
  readonly order: number;
  verdict?: string;
  by?: string;
}

export interface ModelTicket {
  /** The newest wish; its version counts the wishes that became the newest. */
  change: string;
  version: number;
  isOpen: boolean;
  /** The change whose call is noted as under way. */
  flight?: string;
  owner?: string;
  lease?: string;
  finished?: string;
  /** Each mark has a number of its own, so that a visit can tell the mark it read from a later one. */
  unknown?: { readonly mark: number; readonly isSettled: boolean; readonly statuses: readonly Status[] };
  last?: Status;
  /** Missing when the ticket is in step. */
  due?: 'now' | 'later';
}

/** What a visit read last: it works on this until it looks again. */
export interface Read {
  readonly change: string;
  readonly version: number;
  readonly mark?: number;
}

export interface ModelEnding {
  readonly outcome: 'applied' | 'ended' | 'retry' | 'release';
  readonly verdict?: string;
  readonly isUnknown: boolean;
  readonly sent?: Status;
  readonly waits: boolean;
}

export interface Model {
  readonly tickets: Map<string, ModelTicket>;
  readonly changes: Map<string, ModelChange>;
  marks: number;
}

export function makeModel(): Model {
  return { tickets: new Map(), changes: new Map(), marks: 0 };
}

export function accept(model: Model, id: string, wish: Omit<ModelChange, 'verdict' | 'by'>): void {
  model.changes.set(id, { ...wish });
  const known = model.tickets.get(wish.ticket);
  if (known !== undefined && wish.order < changeOf(model, known.change).order)
    return void end(model, id, 'superseded', known);
  const ticket = known ?? { change: id, version: 0, isOpen: false };
  const isUnderWay = ticket.lease !== undefined && ticket.flight === ticket.change;
  if (ticket.isOpen && !isUnderWay) end(model, ticket.change, 'superseded', { change: id });
  Object.assign(ticket, { change: id, version: ticket.version + 1, isOpen: true });
  model.tickets.set(wish.ticket, ticket);
  if (ticket.lease === undefined && ticket.due !== 'now') ticket.due = restsOn(ticket) ? 'later' : 'now';
}

export function begin(model: Model, id: string, token: string): 'busy' | 'clean' | 'later' | 'early' | 'taken' {
  const ticket = model.tickets.get(id);
  if (ticket?.lease !== undefined && ticket.lease !== token) return 'busy';
  if (ticket?.due === undefined) return 'clean';
  if (ticket.lease === undefined) {
    if (ticket.flight !== undefined) {
      markUnknown(model, ticket, changeOf(model, ticket.flight).status);
      if (ticket.flight !== ticket.change) end(model, ticket.flight, 'superseded', ticket);
      letGo(ticket);
      ticket.due = 'later';
      return 'later';
    }
    if (ticket.due === 'later') return 'early';
    if (restsOn(ticket)) {
      ticket.due = 'later';
      return 'later';
    }
  }
  Object.assign(ticket, { lease: token, owner: token, due: 'later' });
  return 'taken';
}

/** `version`: about to be sent; without it the visit looks only, which says that no call of it is under way. */
export function look(model: Model, id: string, token: string, version?: number): 'lost' | 'go' | 'record' {
  const ticket = model.tickets.get(id);
  if (ticket === undefined || ticket.lease !== token) return 'lost';
  ticket.due = 'later';
  if (ticket.flight !== undefined && ticket.flight !== ticket.change) end(model, ticket.flight, 'superseded', ticket);
  delete ticket.flight;
  if (version !== ticket.version) return 'record';
  ticket.flight = ticket.change;
  return 'go';
}

export function finish(model: Model, id: string, token: string, read: Read, ending: ModelEnding): 'ok' | 'lost' {
  const ticket = model.tickets.get(id);
  if (ticket === undefined) throw new Error(`no visit ever took ${id}`);
  if (ticket.finished === token) return 'ok';
  const { outcome, sent } = ending;
  const isMine = ticket.lease === token || (ticket.lease === undefined && ticket.owner === token);
  if (!isMine) {
    if (sent === undefined) return 'lost';
    markUnknown(model, ticket, sent);
    if (outcome === 'applied') {
      end(model, read.change, 'applied');
      if (ticket.change === read.change) ticket.isOpen = false;
    }
    if (ticket.lease === undefined) ticket.due = 'later';
    return 'lost';
  }
  const isNewest = ticket.version === read.version;
  const isOvertaken = ticket.change !== read.change;
  if (outcome === 'applied' || outcome === 'ended') {
    end(model, read.change, outcome === 'applied' ? 'applied' : (ending.verdict ?? ''));
    if (isNewest) ticket.isOpen = false;
    if (ticket.unknown?.isSettled && ticket.unknown.mark === read.mark) delete ticket.unknown;
    const last = sent ?? (isNewest ? changeOf(model, ticket.change).status : undefined);
    if (outcome === 'applied' && last !== undefined) ticket.last = last;
  } else {
    if (ending.isUnknown && sent !== undefined) markUnknown(model, ticket, sent);
    if (isOvertaken) end(model, read.change, 'superseded', ticket);
  }
  letGo(ticket);
  delete ticket.lease;
  ticket.finished = token;
  if (!ticket.isOpen && ticket.unknown === undefined) delete ticket.due;
  else ticket.due = restsOn(ticket) || (ending.waits && !isOvertaken) ? 'later' : 'now';
  return 'ok';
}

export function cancel(model: Model, id: string): 'cancelled' | 'ended' | 'under-way' {
  const change = changeOf(model, id);
  const ticket = model.tickets.get(change.ticket);
  if (change.verdict !== undefined || ticket === undefined) return 'ended';
  const isNewest = ticket.change === id;
  const mayBeSent = isNewest && ticket.unknown?.statuses.includes(change.status) === true;
  if (ticket.flight === id || mayBeSent) return 'under-way';
  end(model, id, 'cancelled');
  if (!isNewest) return 'cancelled';
  Object.assign(ticket, { isOpen: false, version: ticket.version + 1 });
  const isLeft = ticket.unknown !== undefined || ticket.flight !== undefined || ticket.lease !== undefined;
  if (!isLeft) delete ticket.due;
  return 'cancelled';
}

function changeOf(model: Model, id: string): ModelChange {
  const change = model.changes.get(id);
  if (change === undefined) throw new Error(`no change ${id} was ever accepted`);
  return change;
}

function end(model: Model, id: string, verdict: string, winner?: { readonly change: string }): void {
  const change = changeOf(model, id);
  if (change.verdict !== undefined) return;
  change.verdict = verdict;
  if (winner !== undefined) change.by = winner.change;
}

function markUnknown(model: Model, ticket: ModelTicket, status: Status): void {
  model.marks += 1;
  const statuses = new Set([...(ticket.unknown?.statuses ?? []), status]);
  ticket.unknown = { mark: model.marks, isSettled: false, statuses: [...statuses] };
}

function restsOn(ticket: ModelTicket): boolean {
  return ticket.unknown !== undefined && !ticket.unknown.isSettled;
}

function letGo(ticket: ModelTicket): void {
  delete ticket.owner;
  delete ticket.flight;
}
