// Owns the vendor's tickets: their fields, activities and the order in which statuses took effect. In memory; a status
// is set at once and whole. Who may ask, and what goes wrong on the way, is judged elsewhere.
import { randomUUID } from 'node:crypto';
import { isStatus, type Status, toTicketId } from '../ticket/ticket.ts';
import { type Activity, type Actor, actors, Seed, type VendorTicket } from './contract.ts';

/** What setting the status already held does: the vendor's contract is silent, and notifications hang on it. */
export type SameStatus = 'recorded' | 'silent' | 'refused';

/** One status that took effect, in the order of taking effect. */
export interface Applied {
  readonly status: Status;
  readonly previous: Status;
  readonly by: Actor;
  /** Wall clock, and milliseconds since the simulator started. */
  readonly at: number;
  readonly elapsedMs: number;
  /** The `seq` of the request that did it; null for a person's hand. */
  readonly request: number | null;
  readonly activity: string | null;
}

/** A ticket with all that happened to it, oldest first. The newest 10,000 of each are kept. */
export interface TicketStory {
  readonly ticket: VendorTicket;
  readonly activities: readonly Activity[];
  readonly history: readonly Applied[];
}

/** What came of a wish to set a status. */
export type SetStatus =
  | { readonly kind: 'set'; readonly ticket: VendorTicket; readonly activity: Activity | undefined }
  /** No such ticket. */
  | { readonly kind: 'unknown' }
  /** It has this status already, and that is refused. */
  | { readonly kind: 'same' };

interface Row {
  ticket: VendorTicket;
  /** Order of creation; settles equal dates. */
  readonly order: number;
  readonly activities: Activity[];
  readonly history: Applied[];
}

export interface StoreOptions {
  readonly now: () => number;
  readonly elapsed: () => number;
  readonly autoCreate: boolean;
  readonly sameStatus: SameStatus;
  /** The location of tickets made up on first sight. */
  readonly locationId: string;
  readonly keep?: number;
}

export function makeStore({ now, elapsed, autoCreate, sameStatus, locationId, keep = 10_000 }: StoreOptions) {
  const rows = new Map<string, Row>();
  const numbers = new Map<string, number>();
  let made = 0;

  /** `id` in the form of `toTicketId`. Makes the ticket up if that is allowed. */
  function find(id: string): Row | undefined {
    const row = rows.get(id);
    return row === undefined && autoCreate ? create({ id }) : row;
  }

  function create(input: Seed): Row {
    const seed = Seed.parse(input);
    const id = toTicketId(seed.id) ?? seed.id;
    const locationRef = toTicketId(seed.locationRef) ?? locationId;
    const number = rows.get(id)?.ticket.number ?? (numbers.get(locationRef) ?? 0) + 1;
    numbers.set(locationRef, Math.max(number, numbers.get(locationRef) ?? 0));
    const createDate = seed.createDate ?? new Date(now()).toISOString();
    const { statusUpdateDate, membershipRefRequester, userRefAssignee } = seed;
    const ticket: VendorTicket = {
      createDate,
      description: seed.description,
      id,
      locationRef,
      number,
      status: seed.status,
      type: seed.type,
      updateDate: seed.updateDate ?? statusUpdateDate ?? createDate,
      ...(statusUpdateDate === undefined ? {} : { statusUpdateDate }),
      ...(membershipRefRequester === undefined ? {} : { membershipRefRequester }),
      ...(userRefAssignee === undefined ? {} : { userRefAssignee }),
    };
    made += 1;
    const born = {
      createDate,
      id: randomUUID(),
      ticketRef: id,
      type: 'ticketCreated',
      membership: actors.person,
    } as const;
    const row: Row = { ticket, order: made, activities: [born], history: [] };
    rows.set(id, row);
    return row;
  }

  function set(id: string, status: Status, by: Actor, request: number | null): SetStatus {
    const row = find(id);
    if (row === undefined) return { kind: 'unknown' };
    const previous = row.ticket.status;
    const isSame = previous === status;
    if (isSame && sameStatus === 'refused' && by === 'api') return { kind: 'same' };
    const date = new Date(now()).toISOString();
    const activity = isSame && sameStatus === 'silent' ? undefined : makeActivity(id, date, status, previous, by);
    if (activity !== undefined) {
      row.ticket = { ...row.ticket, status, statusUpdateDate: date, updateDate: date };
      push(row.activities, activity, keep);
    }
    const moment = { at: now(), elapsedMs: elapsed() };
    push(row.history, { status, previous, by, ...moment, request, activity: activity?.id ?? null }, keep);
    return { kind: 'set', ticket: row.ticket, activity };
  }

  return {
    find(id: string): TicketStory | undefined {
      const row = find(id);
      return row && tell(row);
    },
    /** As `find`, but never makes a ticket up. */
    peek(id: string): TicketStory | undefined {
      const row = rows.get(id);
      return row && tell(row);
    },
    /** Adds tickets, replacing known ids; gives their ids. Throws a ZodError, and adds none, if one is not a seed. */
    seed(seeds: readonly Seed[]): string[] {
      for (const seed of seeds) Seed.parse(seed);
      return seeds.map((seed) => create(seed).ticket.id);
    },
    set,
    /** A person's own hand in the app; makes the ticket up if need be. Throws a TypeError if it is not a status. */
    setByHand(id: string, status: Status): TicketStory {
      if (!isStatus(status)) throw new TypeError(`setting ticket ${id} by hand: "${String(status)}" is not a status`);
      const row = rows.get(id) ?? create({ id });
      set(row.ticket.id, status, 'person', null);
      return tell(row);
    },
    /** The tickets of a location with their order of creation. */
    inLocation: (locationRef: string): { readonly ticket: VendorTicket; readonly order: number }[] =>
      [...rows.values()].filter(({ ticket }) => ticket.locationRef === locationRef),
  };
}

export type Store = ReturnType<typeof makeStore>;

/** A copy, so that what was told stays as it was when more happens. */
function tell(row: Row): TicketStory {
  return { ticket: row.ticket, activities: [...row.activities], history: [...row.history] };
}

function makeActivity(ticketRef: string, createDate: string, status: Status, previous: Status, by: Actor): Activity {
  return {
    createDate,
    data: { previousAttributes: { status: previous }, status },
    id: randomUUID(),
    membership: actors[by],
    ticketRef,
    type: 'statusUpdated',
  };
}

function push<T>(list: T[], one: T, keep: number): void {
  list.push(one);
  if (list.length > keep) list.shift();
}
