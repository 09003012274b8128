// Owns the list of tickets: the query as documented, the order, and pages by an opaque token. A token remembers the
// last ticket sent, so pages neither repeat nor skip a ticket whose place does not change meanwhile.
import { z } from 'zod';
import { toTicketId } from '../ticket/ticket.ts';
import { type Answer, ok, refusal, toIssues } from './answer.ts';
import type { VendorTicket } from './contract.ts';
import type { Store } from './store.ts';

const orders = ['createDate:asc', 'createDate:desc', 'updateDate:asc', 'updateDate:desc'] as const;

const limit = { error: 'expected a whole number from 1 to 100' };
/** Up to 100 ids, comma-separated. That they exist is not checked, though the vendor says it does. */
const idList = z
  .string()
  .transform((text) => text.split(','))
  .refine((ids) => ids.length <= 100 && new Set(ids).size === ids.length, { error: 'expected up to 100 unique ids' })
  .optional();

const Query = z.object({
  locationRef: z.string({ error: 'expected the id of a location' }).min(1, { error: 'expected the id of a location' }),
  limit: z
    .string(limit)
    .regex(/^\d{1,3}$/, limit)
    .transform(Number)
    .refine((value) => value >= 1 && value <= 100, limit)
    .prefault('25'),
  order: z.enum(orders, { error: `expected one of ${orders.join(', ')}` }).default('createDate:desc'),
  nextPageToken: z
    .string()
    .transform(fromToken)
    .refine((mark) => mark !== undefined, { error: 'expected a token from an earlier page' })
    .optional(),
  membershipRefRequester: idList,
  userRefAssignee: idList,
});

/** The place of the last ticket of a page. */
const Mark = z.strictObject({ date: z.string(), order: z.number() });
type Mark = z.output<typeof Mark>;

/** One page, or a 400 with every complaint. `query` as Express parsed it. */
export function listTickets(store: Pick<Store, 'inLocation'>, query: unknown): Answer {
  const parsed = Query.safeParse(query);
  if (!parsed.success) return refusal(400, 'invalidRequest', 'The query is not valid', toIssues(parsed.error.issues));
  const asked = parsed.data;
  const [field, direction] = asked.order.split(':') as ['createDate' | 'updateDate', 'asc' | 'desc'];
  const sign = direction === 'asc' ? 1 : -1;
  const compare = (a: Mark, b: Mark) => sign * (compareText(a.date, b.date) || a.order - b.order);

  const after = asked.nextPageToken;
  const rest = store
    .inLocation(toTicketId(asked.locationRef) ?? asked.locationRef)
    .filter(({ ticket }) => isWanted(ticket.membershipRefRequester, asked.membershipRefRequester))
    .filter(({ ticket }) => isWanted(ticket.userRefAssignee, asked.userRefAssignee))
    .map(({ ticket, order }) => ({ ticket, date: ticket[field], order }))
    .filter((place) => after === undefined || compare(place, after) > 0)
    .sort(compare);

  const page = rest.slice(0, asked.limit);
  const last = page.at(-1);
  const tickets = page.map(({ ticket }): VendorTicket => ticket);
  if (last === undefined || page.length === rest.length) return ok({ tickets });
  const nextPageToken = toToken({ date: last.date, order: last.order });
  return ok({ nextPageToken, searchQueryNext: toQuery(query, nextPageToken), tickets });
}

function isWanted(value: string | undefined, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || (value !== undefined && wanted.includes(value));
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The same query with the token of the next page, to append to the address (the leading `?` is an assumption). */
function toQuery(query: unknown, nextPageToken: string): string {
  const known = new Set(Object.keys(Query.shape));
  const given = Object.entries(query as Record<string, string>).filter(([key]) => known.has(key));
  return `?${new URLSearchParams({ ...Object.fromEntries(given), nextPageToken })}`;
}

function toToken(mark: Mark): string {
  return Buffer.from(JSON.stringify(mark)).toString('base64url');
}

function fromToken(token: string): Mark | undefined {
  try {
    return Mark.safeParse(JSON.parse(Buffer.from(token, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
