// Owns shapes (b), (c) and (d): one HMAC over a template of the raw body and, where the sender gives one, its time of
// sending. The header holds one signature, or a list where the sender's scheme says so (`t=…,v1=…`); the header twice,
// or a list where none belongs, is no proof.
import { createHmac } from 'node:crypto';
import { fromBase64, fromHex, indexOfMatch } from './bytes.ts';
import { type Check, type Delivery, type HeaderLine, onlyHeader, timeFault } from './delivery.ts';

export interface Hmac {
  readonly kind: 'hmac';
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha512' | 'sha1';
  readonly encoding: 'hex' | 'base64';
  /** What stands before a signature, e.g. `sha256=`. */
  readonly prefix: string;
  /** What stands between the elements, where the header is a list. Elements without `prefix` are not signatures. */
  readonly separator?: string;
  /** What is signed: `{body}` and `{timestamp}` are replaced, the rest stands for itself. */
  readonly signed: string;
  /** The time of sending: in a header of its own, or in the element of the list that begins so. */
  readonly timestamp?: ({ readonly header: string } | { readonly element: string }) & { readonly toleranceMs: number };
}

/** A sender that rotates secrets gives two or three; more elements than this are not read. */
const MOST_ELEMENTS = 16;

/** Checks one delivery. A scheme with a timestamp refuses deliveries without it and those outside its tolerance. */
export function proveHmac(scheme: Hmac, secrets: readonly string[], delivery: Delivery, nowMs: number): Check {
  const { headers, body } = delivery;
  const line = onlyHeader(headers, scheme.header);
  const elements = line.ok ? readElements(scheme, line.value) : [];
  const time = readTime(scheme, elements, delivery);

  const expected = secrets.map((secret) => digest(scheme, secret, body, time?.ok ? time.value : ''));
  const given = elements.flatMap((element) => readSignature(scheme, element) ?? []);
  const secretIndex = indexOfMatch(expected, given);

  if (!line.ok) return line;
  if (time?.ok === false) return time;
  if (given.length === 0) return { ok: false, why: `the ${scheme.header} header is not ${describe(scheme)}` };
  if (secretIndex === -1) return { ok: false, why: `the ${scheme.header} header fits none of the secrets` };
  if (time === undefined || scheme.timestamp === undefined) return { ok: true, secretIndex };
  const { toleranceMs } = scheme.timestamp;
  const late = timeFault(time.value, nowMs, toleranceMs);
  if (late !== undefined) return { ok: false, why: late, fault: 'stale' };
  return { ok: true, secretIndex, timed: { time: time.value, toleranceMs } };
}

/** The header, or the two headers, that prove `body`. */
export function signHmac(scheme: Hmac, secret: string, body: Buffer, nowMs: number): Record<string, string> {
  const time = String(Math.floor(nowMs / 1000));
  const signature = digest(scheme, secret, body, time)?.toString(scheme.encoding);
  if (signature === undefined) throw new Error('cannot sign: the secret is empty');
  const { timestamp } = scheme;
  const proof = scheme.prefix + signature;
  if (timestamp === undefined) return { [scheme.header]: proof };
  if ('header' in timestamp) return { [scheme.header]: proof, [timestamp.header]: time };
  return { [scheme.header]: [timestamp.element + time, proof].join(scheme.separator) };
}

function digest(scheme: Hmac, secret: string, body: Buffer, time: string): Buffer | undefined {
  if (secret === '') return undefined;
  const hmac = createHmac(scheme.algorithm, secret);
  for (const part of scheme.signed.split(/(\{body\}|\{timestamp\})/)) {
    hmac.update(part === '{body}' ? body : part === '{timestamp}' ? time : part);
  }
  return hmac.digest();
}

/** The elements of the header; none where there are more than a sender has use for. */
function readElements({ separator }: Hmac, text: string): readonly string[] {
  if (separator === undefined) return [text];
  const elements = text.split(separator, MOST_ELEMENTS + 1);
  return elements.length > MOST_ELEMENTS ? [] : elements.map((element) => element.trim());
}

function readTime(scheme: Hmac, elements: readonly string[], { headers }: Delivery): HeaderLine | undefined {
  const { timestamp, header } = scheme;
  if (timestamp === undefined) return undefined;
  if ('header' in timestamp) return onlyHeader(headers, timestamp.header);
  const [value, second] = elements.filter((one) => one.startsWith(timestamp.element));
  if (value === undefined) return { ok: false, why: `there is no ${timestamp.element} in the ${header} header` };
  if (second !== undefined) return { ok: false, why: `the ${header} header has more than one ${timestamp.element}` };
  return { ok: true, value: value.slice(timestamp.element.length) };
}

function readSignature(scheme: Hmac, text: string): Buffer | undefined {
  if (!text.startsWith(scheme.prefix)) return undefined;
  const rest = text.slice(scheme.prefix.length);
  return scheme.encoding === 'hex' ? fromHex(rest) : fromBase64(rest);
}

function describe(scheme: Hmac): string {
  const one = scheme.prefix === '' ? scheme.encoding : `"${scheme.prefix}" and then ${scheme.encoding}`;
  return scheme.separator === undefined ? one : `a list with ${one}`;
}
