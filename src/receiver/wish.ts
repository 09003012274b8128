// Owns what a script may ask for with POST /api/changes: the body, the name it may give to its wish, and how the wish
// becomes an event and a decision, so that it takes the same road as every other.
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Event } from '../event.ts';
import type { Decision } from '../rule/rule.ts';
import { Status, toTicketId } from '../ticket/ticket.ts';
import type { Refusal } from './problem.ts';

/** A ticket id in a request, in the form we keep it. */
export const TicketId = z.unknown().transform((value, context) => {
  const id = toTicketId(value);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'expected a ticket id: letters, digits, - or _, at most 128' });
  return z.NEVER;
});

const WishBody = z.strictObject({
  ticket: TicketId,
  status: Status,
  account: z.string({ error: 'expected the name of an account' }).optional(),
  reason: z.string({ error: 'expected a text' }).max(500, { error: 'expected at most 500 characters' }).optional(),
  dryRun: z.boolean({ error: 'expected true or false' }).default(false),
});

export type Wish = Omit<z.output<typeof WishBody>, 'account'> & { readonly account: string };

type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

/** The wish in `body`, with its account settled: the named one, else `main`, else the only one. */
export function parseWish(body: Buffer, accounts: readonly string[]): Parsed<Wish> {
  const json = parseJson(body);
  if (json === undefined) {
    return { ok: false, refusal: { status: 400, detail: 'The body is not JSON.', why: 'body is not JSON' } };
  }
  const parsed = WishBody.safeParse(json.value);
  if (!parsed.success) return { ok: false, refusal: notValid(parsed.error) };
  const account = settleAccount(parsed.data.account, accounts);
  if (account === undefined) {
    const errors = [{ path: 'account', expected: `expected one of ${accounts.join(', ')}` }];
    return { ok: false, refusal: { status: 400, detail: 'There is no such account.', why: 'no such account', errors } };
  }
  return { ok: true, value: { ...parsed.data, account } };
}

/** A 400 that names each wrong value by its place and what was expected; never the value itself. */
export function notValid(error: z.ZodError): Refusal {
  const errors = error.issues.map((issue) => ({ path: issue.path.join('.'), expected: issue.message }));
  return { status: 400, detail: 'The request is not as expected; see `errors`.', why: 'not valid', errors };
}

/** `Idempotency-Key`: printable ASCII, 1 to 256 characters, at most once; undefined when there is none. */
export function parseIdempotencyKey(values: readonly string[] | undefined): Parsed<string | undefined> {
  if (values === undefined) return { ok: true, value: undefined };
  const [value = ''] = values;
  if (values.length === 1 && /^[\x20-\x7e]{1,256}$/.test(value)) return { ok: true, value };
  const detail = 'Send at most one Idempotency-Key, of 1 to 256 printable ASCII characters.';
  return { ok: false, refusal: { status: 400, detail, why: 'Idempotency-Key is not valid' } };
}

/** Tells two wishes apart that came under one key: sha256 (hex) of their meaning, not of their spelling. */
export function digestOf(wish: Wish): string {
  const { ticket, status, account, reason, dryRun } = wish;
  return createHash('sha256')
    .update(JSON.stringify([ticket, status, account, reason ?? null, dryRun]))
    .digest('hex');
}

/** The wish as an event of the source `api`. It has no time of its own: the order is that of arrival. */
export function eventOf(wish: Wish, id: string, receivedAt: number): Event {
  return { id, source: 'api', type: 'change.requested', receivedAt, headers: {}, body: wish };
}

/** The one decision about it, as if a rule named `api` had made it. */
export function decisionOf(wish: Wish): Decision {
  const { ticket, status, account, dryRun, reason = 'asked for through the API' } = wish;
  return { kind: 'matched', rule: 'api', ticket, status, account, dryRun, reason };
}

function settleAccount(named: string | undefined, accounts: readonly string[]): string | undefined {
  if (named !== undefined) return accounts.find((account) => account === named);
  return accounts.find((account) => account === 'main') ?? (accounts.length === 1 ? accounts[0] : undefined);
}

/** The JSON in `body`; undefined when it is none. */
export function parseJson(body: Buffer): { readonly value: unknown } | undefined {
  // Bytes that are no text would be stored, and told, as other words than were sent.
  if (!isUtf8(body)) return undefined;
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return undefined;
  }
}
