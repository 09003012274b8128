// Owns how a page of a location's tickets is read (contract: `GET /support/tickets/v1`): each ticket with the fields that
// rules on the clock may ask about. They hold people's words, so they are decided on and never logged or kept.
import { z } from 'zod';
import { Status, toTicketId } from './ticket.ts';

const missing = z.string().nullish().catch(undefined);

/** A ticket as the list and the single read tell of it: what the contract requires, and when its status was last set. */
const ListedTicket = z.object({
  id: z.string().transform((text, context) => {
    const id = toTicketId(text);
    if (id === undefined) context.addIssue({ code: 'custom', message: 'expected a ticket id' });
    return id ?? '';
  }),
  number: z.number(),
  status: Status,
  type: z.string(),
  description: z.string(),
  locationRef: z.string(),
  createDate: z.string(),
  updateDate: z.string(),
  statusUpdateDate: missing,
});
export type ListedTicket = z.output<typeof ListedTicket>;

export interface TicketPage {
  readonly tickets: readonly ListedTicket[];
  /** How many tickets of the page are not as the contract has them; they are left out. */
  readonly unreadable: number;
  /** Names the next page; missing on the last. */
  readonly nextPageToken?: string;
}

const Body = z.object({ tickets: z.array(z.unknown()), nextPageToken: missing });

/** Reads the 200 of the list. One ticket that cannot be read does not hide the others. */
export function parseTicketPage(body: unknown): TicketPage | undefined {
  const parsed = Body.safeParse(body);
  if (!parsed.success) return undefined;
  const tickets = parsed.data.tickets.map(toListedTicket).filter((one) => one !== undefined);
  const { nextPageToken } = parsed.data;
  return {
    tickets,
    unreadable: parsed.data.tickets.length - tickets.length,
    ...(nextPageToken ? { nextPageToken } : {}),
  };
}

/** The fields of one ticket; undefined when they are not as the contract has them. */
export function toListedTicket(fields: unknown): ListedTicket | undefined {
  return ListedTicket.safeParse(fields).data;
}
