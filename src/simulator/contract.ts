// Owns the vendor's shapes as its OpenAPI contract writes them: a ticket, an activity and a membership, with every
// required field and no other than the contract's. Who acts through the API is not documented; see `actors`.
import { z } from 'zod';
import { Status, ticketTypes } from '../ticket/ticket.ts';

/** The contract's `ticket`, less the requester and assignee objects, which are optional and never sent. */
export interface VendorTicket {
  readonly createDate: string;
  readonly description: string;
  readonly id: string;
  readonly locationRef: string;
  readonly membershipRefRequester?: string;
  readonly number: number;
  readonly status: Status;
  readonly statusUpdateDate?: string;
  readonly type: (typeof ticketTypes)[number];
  readonly updateDate: string;
  readonly userRefAssignee?: string;
}

interface Membership {
  readonly id: string;
  readonly roleType: string;
  readonly type: string;
  readonly user: { readonly id: string; readonly name: string; readonly surname: null; readonly photoUrl: null };
}

/** The contract's `ticketActivity`, as far as statuses go. */
export interface Activity {
  readonly createDate: string;
  readonly id: string;
  readonly ticketRef: string;
  readonly type: 'statusUpdated' | 'ticketCreated';
  readonly membership: Membership;
  readonly data?: { readonly status: Status; readonly previousAttributes: { readonly status: Status } };
}

export type Actor = 'api' | 'person';

/** Who an activity names. `api` stands for any change made with credentials, `person` for somebody in the app. */
export const actors: Readonly<Record<Actor, Membership>> = {
  api: makeMembership('5a1e0000-0000-4000-8000-000000000001', 'API'),
  person: makeMembership('5a1e0000-0000-4000-8000-000000000002', 'A person'),
};

function makeMembership(id: string, name: string): Membership {
  const user = { id: id.replace(/^5a1e/, '5a1f'), name, surname: null, photoUrl: null };
  return { id, roleType: 'admin', type: 'admin', user };
}

const date = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
const id = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, { error: 'expected an id: letters, digits, - or _, at most 128' });

/** A ticket to begin with; what is left out is made up. A known id is replaced, its history forgotten. */
export const Seed = z.strictObject({
  id,
  status: Status.default('new'),
  locationRef: id.optional(),
  type: z.enum(ticketTypes).default('other'),
  description: z.string().max(10_000).default('A ticket made up by the simulator'),
  createDate: date.optional(),
  updateDate: date.optional(),
  statusUpdateDate: date.optional(),
  membershipRefRequester: id.optional(),
  userRefAssignee: id.optional(),
});
export type Seed = z.input<typeof Seed>;
