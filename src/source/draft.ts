// Owns the normal form: how headers and body of a proven delivery become the draft of an event (its type, its time) and
// the key that names the delivery, so that a redelivery is known again. Never fails: what cannot be used is left out or
// replaced, and a note says so. The ids of events are made by the caller.
import type { Event } from '../event.ts';
import { toMoment } from '../moment.ts';
import type { Preset } from './catalogue.ts';
import type { DistinctHeaders } from './delivery.ts';
import { type Fingerprint, type Place, readFingerprint, readPlace, sha256Hex } from './place.ts';

/** An event before it has an id. */
export type Draft = Omit<Event, 'id' | 'receivedAt'>;

/** A compiled `id`, `type` or `at` of the configuration: a plain function, never throws. */
export type Expression = (
  headers: Readonly<Record<string, string>>,
  body: unknown,
) => { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

/** The expressions of one source, those that its configuration has. */
export interface Expressions {
  readonly id?: Expression;
  readonly type?: Expression;
  readonly at?: Expression;
}

/** What names a delivery within its source: two with the same `kind` and `key` inside `windowMs` are one. */
export interface DeliveryKey {
  readonly key: string;
  /** From the sender's own delivery id, from the configured `id`, or only from the bytes of the body. */
  readonly kind: 'delivery-id' | 'id' | 'digest';
  readonly windowMs: number;
  /** Names what was proven, where anybody could send it again under another `key` while its time of sending is believed. */
  readonly replay?: { readonly key: string; readonly windowMs: number };
}

/** What is known of a proven delivery once its body is read. */
export interface Known {
  readonly raw: Buffer;
  /** As they came: ids are read from here, so that one given twice is not taken for one. */
  readonly distinct: DistinctHeaders;
  /** As they are kept: expressions see these. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly signedId?: string | undefined;
  readonly signedTime?: string | undefined;
}

type Note = (text: string) => void;

const DAY_MS = 24 * 60 * 60 * 1000;
const ID_WINDOW_MS = 7 * DAY_MS;
/** Short, because the same words may be said again on purpose. */
const DIGEST_WINDOW_MS = 5 * 60 * 1000;
const LONGEST_TYPE = 256;
const LONGEST_ID = 1024;

/**
 * The key of a delivery: the configured `id`, else the id that was signed, else the first usable one of `preset.id`, else
 * the SHA-256 of the raw body. `windows.dedupeMs` replaces the window that goes with the kind (7 days, or 5 minutes for
 * digests); none is shorter than `windows.replayMs`, in which the same bytes would prove themselves again.
 */
export function toKey(
  known: Known,
  preset: Pick<Preset, 'id'>,
  expression: Expression | undefined,
  windows: { readonly dedupeMs: number | undefined; readonly replayMs: number },
  note: Note,
): DeliveryKey {
  const { key, kind } = nameDelivery(known, preset, expression, note);
  const ownMs = kind === 'digest' ? DIGEST_WINDOW_MS : ID_WINDOW_MS;
  const { dedupeMs = ownMs, replayMs } = windows;
  const name = { key, kind, windowMs: Math.max(dedupeMs, replayMs) };
  if (replayMs === 0 || !canBeRenamed(known, preset, expression)) return name;
  return { ...name, replay: { key: `replay:${digestOfProven(known)}`, windowMs: replayMs } };
}

type Name = Pick<DeliveryKey, 'key' | 'kind'>;

/** Whether a header that no signature covers may name it, or might have: whoever sends it again can put one there. */
function canBeRenamed(known: Known, { id }: Pick<Preset, 'id'>, expression: Expression | undefined): boolean {
  if (expression !== undefined) return true;
  if (known.signedId !== undefined) return false;
  const isHeader = (part: object | string) => typeof part === 'object' && 'header' in part;
  return id.some((one) => ('of' in one ? one.of.some(isHeader) : isHeader(one)));
}

function nameDelivery(known: Known, preset: Pick<Preset, 'id'>, expression: Expression | undefined, note: Note): Name {
  const configured = expression && readConfigured('id', expression, known, LONGEST_ID, note);
  if (configured !== undefined) return { key: configured, kind: 'id' };
  if (known.signedId !== undefined) return { key: known.signedId, kind: 'delivery-id' };
  for (const one of preset.id) {
    const found = 'of' in one ? nameByParts(known, one) : nameBySender(known, one, note);
    if (found !== undefined) return found;
  }
  return { key: sha256Hex(known.raw), kind: 'digest' };
}

/** Of all that the signature covers: two deliveries that differ in a signed id are two. */
function digestOfProven({ signedId = '', signedTime = '', raw }: Known): string {
  return sha256Hex(Buffer.concat([Buffer.from(`${signedId}.${signedTime}.`), raw]));
}

/** The type: the configured one and nothing else, or the first that `preset.type` finds. '' where there is none. */
export function toType(
  known: Known,
  preset: Pick<Preset, 'type'>,
  expression: Expression | undefined,
  note: Note,
): string {
  if (expression !== undefined) return readConfigured('type', expression, known, LONGEST_TYPE, note) ?? '';
  const ways = preset.type.map((places) => places.map((place) => toText(readPlace(known, place))));
  const parts = ways.find(([first]) => first !== undefined) ?? [];
  const type = parts.filter((part) => part !== undefined).join('.');
  if (type.length <= LONGEST_TYPE) return type;
  note(`the type is longer than ${LONGEST_TYPE} characters and was not used`);
  return '';
}

/** The event's own time in milliseconds, unless it cannot be read or is more than a day ahead of `receivedAt`. */
export function toAt(
  known: Known,
  preset: Pick<Preset, 'at'>,
  expression: Expression | undefined,
  receivedAt: number,
  note: Note,
): number | undefined {
  const found = expression === undefined ? readAt(known, preset.at ?? []) : expression(known.headers, known.body);
  if (found === undefined) return undefined;
  const at = found.ok ? toMoment(plain(found.value)) : undefined;
  if (!found.ok) note(`at gave nothing (${found.reason}); the time of arrival orders this event`);
  else if (at === undefined) note('at is not a time with its zone; the time of arrival orders this event');
  // A clock that runs ahead would make its wish the newest for as long as it is ahead, against every later one.
  else if (at > receivedAt + DAY_MS) note('at is more than a day ahead; the time of arrival orders this event');
  else return at;
  return undefined;
}

function readAt(known: Known, places: readonly Place[]): ReturnType<Expression> | undefined {
  const values = places.map((place) => readPlace(known, place)).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : { ok: true, value: values[0] };
}

function readConfigured(name: string, expression: Expression, known: Known, longest: number, note: Note) {
  const result = expression(known.headers, known.body);
  const text = result.ok ? toText(plain(result.value)) : undefined;
  if (text !== undefined && text.length <= longest) return text;
  if (!result.ok) note(`${name} gave nothing (${result.reason})`);
  else note(`${name} is not a text of 1 to ${longest} characters nor a whole number that JSON keeps exact`);
  return undefined;
}

/** A digest by its nature, but the sender's words say that there is no other delivery of this name. */
function nameByParts(known: Known, fingerprint: Fingerprint): Name | undefined {
  const key = readFingerprint(known, fingerprint);
  if (key === undefined) return undefined;
  return { key, kind: fingerprint.said === 'once' ? 'delivery-id' : 'digest' };
}

function nameBySender(known: Known, place: Place, note: Note): Name | undefined {
  const key = toText(readPlace(known, place));
  if (key !== undefined && /^[\x21-\x7e]{1,256}$/.test(key)) return { key, kind: 'delivery-id' };
  if (isThere(known, place)) note(`${nameOf(place)} is not one visible ASCII text of at most 256 and was not used`);
  return undefined;
}

function isThere(known: Known, place: Place): boolean {
  return 'header' in place ? Object.hasOwn(known.distinct, place.header) : readPlace(known, place) !== undefined;
}

function nameOf(place: Place): string {
  return 'header' in place ? `the ${place.header} header` : `body.${place.body.join('.')}`;
}

/** A text that is not empty, or a whole number exact in JSON: two long ids rounded to one would lose an event. */
function toText(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  return undefined;
}

/** CEL wraps its unsigned integers in objects. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  // In a sender's object `valueOf` may be a key like any other.
  if (typeof value.valueOf !== 'function') return value;
  const inner: unknown = value.valueOf();
  return typeof inner === 'bigint' ? inner : value;
}
