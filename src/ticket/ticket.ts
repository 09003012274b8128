// Owns the vendor's words for a support ticket, as its OpenAPI contract writes them. Only the fields that we read.
import { z } from 'zod';

/** The four statuses of a Spacebring support ticket (vendor contract, `updateSupportTicketStatus`). */
export const statuses = ['new', 'inProgress', 'solved', 'closed'] as const;
export type Status = (typeof statuses)[number];

/** A status as data; the sentence is what a person sees who wrote another one. */
export const Status = z.enum(statuses, { error: `expected one of ${statuses.join(', ')}` });

/** The contract's fourteen categories of a ticket (its `type`). */
export const ticketTypes = [
  'access',
  'accountAndBilling',
  'bookings',
  'cleaning',
  'discriminationAndHarassment',
  'internet',
  'mailAndPackages',
  'noiseAndAcoustics',
  'offensiveOrObjectionableContent',
  'other',
  'printing',
  'repairAndMaintenance',
  'temperatureAndVentilation',
  'websiteAndApp',
] as const;

/** True for exactly the vendor's four words; case matters to the vendor. */
export function isStatus(value: unknown): value is Status {
  return (statuses as readonly unknown[]).includes(value);
}

/**
 * A ticket id as we keep it: letters, digits, `-` and `_`, at most 128. The vendor's own are UUIDs, which are
 * lower-cased here so that one ticket has one record however a sender spells it. Undefined for anything else.
 */
export function toTicketId(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,128}$/.test(value)) return undefined;
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? value.toLowerCase() : value;
}
