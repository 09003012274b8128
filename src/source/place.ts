// Owns where a text stands in a proven delivery, as data, and how it is read from there. Nothing here fails: what is not
// there, or is there twice, is undefined.
import { createHash } from 'node:crypto';
import { type DistinctHeaders, onlyHeader } from './delivery.ts';

/** Keys into the JSON body; a number in digits is a place in a list. */
export type Path = readonly [string, ...string[]];

/** Where one text stands: a header (lower-case), or a place in the body. */
export type Place =
  | { readonly header: string }
  | {
      readonly body: Path;
      /** What the values that a sender gives as numbers mean. */
      readonly words?: Readonly<Record<string, string>>;
      /** A date and time in UTC that does not say so. */
      readonly utc?: true;
    };

/** What names a delivery together, for senders that give it no id. Without the first part there is no name. */
export interface Fingerprint {
  readonly of: readonly [Part, ...Part[]];
  /** `once`: no other delivery will ever have this name. `again`: the sender repeats itself on purpose. */
  readonly said: 'once' | 'again';
}

/** A text, all bytes of the body, or some fields of every element of a list in whatever order it comes. */
export type Part = Place | 'bytes' | { readonly each: Path; readonly fields: readonly Path[] };

export interface Readable {
  readonly raw: Buffer;
  readonly distinct: DistinctHeaders;
  readonly body: unknown;
}

/** The value at `place`. */
export function readPlace({ distinct, body }: Pick<Readable, 'distinct' | 'body'>, place: Place): unknown {
  if ('header' in place) {
    const line = onlyHeader(distinct, place.header);
    return line.ok ? line.value : undefined;
  }
  const value = valueAt(body, place.body);
  if (place.utc && typeof value === 'string') return `${value}Z`;
  if (place.words === undefined) return value;
  if (typeof value === 'object') return undefined; // its `toString` may be a key of the sender's
  const key = String(value);
  return Object.hasOwn(place.words, key) ? place.words[key] : undefined;
}

/** The value at `path` of parsed JSON; inherited names are nothing. */
export function valueAt(body: unknown, path: Path): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

/** SHA-256 over the parts, as hex; undefined without the first part. */
export function readFingerprint(readable: Readable, { of: parts }: Fingerprint): string | undefined {
  const values = parts.map((part) => readPart(readable, part));
  // JSON keeps the parts apart: no two lists of texts are written alike.
  return values[0] === undefined ? undefined : sha256Hex(JSON.stringify(values));
}

/** SHA-256 as hex. */
export function sha256Hex(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function readPart(readable: Readable, part: Part): unknown {
  if (part === 'bytes') return sha256Hex(readable.raw);
  if (!('each' in part)) return readPlace(readable, part);
  const list = valueAt(readable.body, part.each);
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const elements = list.map((element) => JSON.stringify(part.fields.map((field) => valueAt(element, field) ?? null)));
  return elements.toSorted();
}
