// Owns shapes (b) and (d): one HMAC over a template of the raw body and, where the sender gives one, its time of
// sending, in one header. One header holds one signature: a list in it, or the header twice, is no proof.
import { createHmac } from 'node:crypto';
import { fromBase64, fromHex, indexOfMatch } from './bytes.ts';
import { type Check, type Delivery, onlyHeader, timeFault } from './delivery.ts';

export interface Hmac {
  readonly kind: 'hmac';
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha512' | 'sha1';
  readonly encoding: 'hex' | 'base64';
  /** What stands before the signature in the header, e.g. `sha256=`. */
  readonly prefix: string;
  /** What is signed: `{body}` and `{timestamp}` are replaced, the rest stands for itself. */
  readonly signed: string;
  readonly timestamp?: { readonly header: string; readonly toleranceMs: number };
}

/** Checks one delivery. A scheme with a timestamp refuses deliveries without it and those outside its tolerance. */
export function proveHmac(scheme: Hmac, secrets: readonly string[], delivery: Delivery, nowMs: number): Check {
  const { headers, body } = delivery;
  const line = onlyHeader(headers, scheme.header);
  const time = scheme.timestamp && onlyHeader(headers, scheme.timestamp.header);

  const expected = secrets.map((secret) => digest(scheme, secret, body, time?.ok ? time.value : ''));
  const given = line.ok ? readSignature(scheme, line.value) : undefined;
  const secretIndex = indexOfMatch(expected, given === undefined ? [] : [given]);

  if (!line.ok) return line;
  if (time?.ok === false) return time;
  if (given === undefined) return { ok: false, why: `the ${scheme.header} header is not ${describe(scheme)}` };
  if (secretIndex === -1) return { ok: false, why: `the ${scheme.header} header fits none of the secrets` };
  const late = scheme.timestamp && time && timeFault(time.value, nowMs, scheme.timestamp.toleranceMs);
  return late === undefined ? { ok: true, secretIndex } : { ok: false, why: late };
}

/** The header, or the two headers, that prove `body`. */
export function signHmac(scheme: Hmac, secret: string, body: Buffer, nowMs: number): Record<string, string> {
  const time = String(Math.floor(nowMs / 1000));
  const signature = digest(scheme, secret, body, time)?.toString(scheme.encoding);
  if (signature === undefined) throw new Error('cannot sign: the secret is empty');
  return {
    [scheme.header]: scheme.prefix + signature,
    ...(scheme.timestamp && { [scheme.timestamp.header]: time }),
  };
}

function digest(scheme: Hmac, secret: string, body: Buffer, time: string): Buffer | undefined {
  if (secret === '') return undefined;
  const hmac = createHmac(scheme.algorithm, secret);
  for (const part of scheme.signed.split(/(\{body\}|\{timestamp\})/)) {
    hmac.update(part === '{body}' ? body : part === '{timestamp}' ? time : part);
  }
  return hmac.digest();
}

function readSignature(scheme: Hmac, text: string): Buffer | undefined {
  if (!text.startsWith(scheme.prefix)) return undefined;
  const rest = text.slice(scheme.prefix.length);
  return scheme.encoding === 'hex' ? fromHex(rest) : fromBase64(rest);
}

function describe(scheme: Hmac): string {
  return scheme.prefix === '' ? scheme.encoding : `"${scheme.prefix}" and then ${scheme.encoding}`;
}
