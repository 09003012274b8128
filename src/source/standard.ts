// Owns shape (a), Standard Webhooks (github.com/standard-webhooks, spec 1.0.0) as Svix sends it too: HMAC-SHA256 over
// id + "." + time + "." + body, under headers that begin with `webhook-` or `svix-`. Version v1 only: v1a is ed25519.
import { createHmac } from 'node:crypto';
import { fromBase64, indexOfMatch } from './bytes.ts';
import { type Check, type Delivery, onlyHeader, timeFault } from './delivery.ts';

export interface Standard {
  readonly kind: 'standard';
  /** Accepted beginnings of the header names; the first is the one we sign with. */
  readonly prefixes: readonly [string, ...string[]];
  readonly toleranceMs: number;
}

/** A sender that rotates keys gives two or three; this many would be somebody trying their luck. */
const MOST_SIGNATURES = 16;

/** Visible ASCII without the full stop: the spec forbids it, as it separates id, time and body in what is signed. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;

/** The key in a secret such as `whsec_…` (the mark may be missing); undefined if the rest is not base64. */
export function standardKey(secret: string): Buffer | undefined {
  return fromBase64(secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : secret);
}

/** Checks one delivery; the id it gives back is the one that was signed. */
export function proveStandard(scheme: Standard, secrets: readonly string[], delivery: Delivery, nowMs: number): Check {
  const { headers, body } = delivery;
  // One family of headers for all three, else a foreign id could be put beside a signature that does not cover it.
  const prefix = scheme.prefixes.find((one) => Object.hasOwn(headers, `${one}signature`)) ?? scheme.prefixes[0];
  const id = onlyHeader(headers, `${prefix}id`);
  const time = onlyHeader(headers, `${prefix}timestamp`);
  const signature = onlyHeader(headers, `${prefix}signature`);

  const signed = `${id.ok ? id.value : ''}.${time.ok ? time.value : ''}.`;
  const expected = secrets.map((secret) => digest(standardKey(secret), signed, body));
  const given = signature.ok ? readSignatures(signature.value) : [];
  const secretIndex = indexOfMatch(expected, given);

  if (!signature.ok) return signature;
  if (!id.ok) return id;
  if (!time.ok) return time;
  if (!ID.test(id.value)) return { ok: false, why: `the ${prefix}id header holds a full stop or unusual characters` };
  if (given.length === 0) return { ok: false, why: `the ${prefix}signature header holds no readable v1 signature` };
  if (secretIndex === -1) return { ok: false, why: `the ${prefix}signature fits none of the secrets` };
  const late = timeFault(time.value, nowMs, scheme.toleranceMs);
  return late === undefined ? { ok: true, secretIndex, signedId: id.value } : { ok: false, why: late };
}

/** The three headers that prove `body`. Throws on a secret or an id that no receiver would take. */
export function signStandard(scheme: Standard, secret: string, body: Buffer, id: string, nowMs: number) {
  const key = standardKey(secret);
  if (key === undefined) throw new Error('cannot sign: the secret is not whsec_ and base64');
  if (!ID.test(id)) throw new Error('cannot sign: the id must be visible ASCII without a full stop, at most 256');
  const time = String(Math.floor(nowMs / 1000));
  const [prefix] = scheme.prefixes;
  return {
    [`${prefix}id`]: id,
    [`${prefix}timestamp`]: time,
    [`${prefix}signature`]: `v1,${digest(key, `${id}.${time}.`, body)?.toString('base64')}`,
  };
}

function digest(key: Buffer | undefined, signed: string, body: Buffer): Buffer | undefined {
  return key && createHmac('sha256', key).update(signed).update(body).digest();
}

/** The v1 values of a space-separated list; other versions are ignored, as the spec asks, and so is what is not base64. */
function readSignatures(text: string): Buffer[] {
  const values = text.split(' ', MOST_SIGNATURES + 1);
  if (values.length > MOST_SIGNATURES) return [];
  return values.flatMap((value) => (value.startsWith('v1,') ? (fromBase64(value.slice(3)) ?? []) : []));
}
