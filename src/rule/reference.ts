// Owns how a ticket is named before its id is known: by a remembered name (`link:KEY`) or by its number within a location
// (`number:N@LOCATION`). Ids never contain `:`, so a text is one or the other. Resolving is left to those who can ask.
import { toTicketId } from '../ticket/ticket.ts';

export type Reference =
  | { readonly kind: 'id'; readonly ticket: string }
  | { readonly kind: 'link'; readonly key: string }
  | { readonly kind: 'number'; readonly number: number; readonly location: string };

/** The reference to the ticket that is remembered as `key`. */
export function linkReference(key: string): string {
  return `link:${key}`;
}

/** The reference to ticket `number` of a location, whose id is a UUID. */
export function numberReference(number: number, location: string): string {
  return `number:${number}@${location.toLowerCase()}`;
}

/** What a decision's `ticket` says; undefined for what none of the functions here makes. */
export function readReference(text: string): Reference | undefined {
  if (text.startsWith('link:')) {
    const key = toLinkKey(text.slice('link:'.length));
    return key === undefined ? undefined : { kind: 'link', key };
  }
  const [, digits = '', location = ''] = /^number:(\d{1,16})@([0-9a-f-]{36})$/.exec(text) ?? [];
  const number = toTicketNumber(digits);
  if (number !== undefined) return { kind: 'number', number, location };
  const ticket = toTicketId(text);
  return ticket === undefined ? undefined : { kind: 'id', ticket };
}

export const linkKeyExpected = 'expected 1 to 256 printable characters';

/** A name for a ticket: 1 to 256 printable characters, or a whole number as its digits. Undefined for anything else. */
export function toLinkKey(value: unknown): string | undefined {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  // The length first: what follows goes through the whole text.
  if (typeof value !== 'string' || value.length > 512) return undefined;
  return /^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u.test(value) ? value : undefined;
}

export const ticketNumberExpected = 'expected a whole number from 1, or its digits';

/** The number that people see on a ticket, also as text and behind a `#`. Undefined for anything else. */
export function toTicketNumber(value: unknown): number | undefined {
  const digits = typeof value === 'string' ? /^#?(\d{1,16})$/.exec(value)?.[1] : value;
  if (typeof digits !== 'string' && typeof digits !== 'number' && typeof digits !== 'bigint') return undefined;
  const number = Number(digits);
  return Number.isSafeInteger(number) && number >= 1 ? number : undefined;
}
