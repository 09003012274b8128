// Owns what is kept of a request that is turned away: sizes, a short digest, and texts of strangers made short and
// harmless. Cheap enough for a flood, and blind to what the bytes mean: nobody has proven them.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Reason, type Rejection, unknownSource } from '../ledger/rejection.ts';
import type { Refusal } from './problem.ts';

/** Enough to tell one delivery from another; hashing a megabyte for a stranger would cost more than reading it. */
const HASHED_BYTES = 64 * 1024;
const DIGEST_DIGITS = 16;

/** What can be said of a request without reading it. */
export type RequestFacts = Pick<Rejection, 'headerBytes' | 'bodyBytes' | 'announcedBytes' | 'bodyDigest' | 'type'>;

/** `body`: what was read of it, whole or not; undefined where nothing was. */
export function describeRequest(
  { headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  body: Uint8Array | undefined,
): RequestFacts {
  const announced = announcedIn(headers['content-length']);
  const type = headers['content-type'];
  return {
    // Each line has `: ` and a line end besides name and value, and rawHeaders has both as latin1, a byte a character.
    headerBytes: rawHeaders.reduce((sum, text) => sum + text.length + 2, 0),
    ...(body === undefined ? {} : { bodyBytes: body.length }),
    ...(announced === undefined || announced === body?.length ? {} : { announcedBytes: announced }),
    ...(body === undefined || body.length === 0 ? {} : { bodyDigest: digestOf(body) }),
    ...(type === undefined ? {} : { type: harmless(type, 128) }),
  };
}

/** Why, when and where it was turned away. */
export interface TurnedAwayFacts {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Undefined where none of this name is configured. */
  readonly source: string | undefined;
  /** The name, or the path without its query, of a source that is not there. */
  readonly asked?: string | undefined;
  readonly reason: Reason;
  readonly refusal: Pick<Refusal, 'status' | 'why'>;
  readonly requestId: string;
  readonly from: string | undefined;
}

/** A rejection as it is kept; `request` comes from `describeRequest`. */
export function toRejection(facts: TurnedAwayFacts, request: RequestFacts): Rejection {
  const { at, source = unknownSource, asked, reason, refusal, requestId, from } = facts;
  return {
    at,
    source,
    ...(asked === undefined ? {} : { asked: harmless(asked, 64) }),
    reason,
    status: refusal.status,
    why: refusal.why.slice(0, 256),
    requestId,
    ...(from === undefined ? {} : { from }),
    ...request,
  };
}

function announcedIn(length: string | undefined): number | undefined {
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body.subarray(0, HASHED_BYTES)).digest('hex').slice(0, DIGEST_DIGITS);
}

/** Cut to `most` characters; what steers a terminal or turns its text around (Unicode's C, and line ends) by its number. */
function harmless(text: string, most: number): string {
  return text.slice(0, most).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);
}
