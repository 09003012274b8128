// Owns shape (a), Standard Webhooks (github.com/standard-webhooks, spec 1.0.0) as Svix sends it too: id + "." + time + "."
// + body, signed with HMAC-SHA256 (v1) or ed25519 (v1a), under headers that begin with `webhook-` or `svix-`.
import { fromBase64 } from './bytes.ts';
import { type Check, type Delivery, onlyHeader, timeFault } from './delivery.ts';
import { proves, readSigningKey, type SigningKey, signWith } from './signing-key.ts';

export interface Standard {
  readonly kind: 'standard';
  /** Accepted beginnings of the header names; the first is the one we sign with. */
  readonly prefixes: readonly [string, ...string[]];
  readonly toleranceMs: number;
}

/** A sender that rotates keys gives two or three; this many would be somebody trying their luck. */
const MOST_SIGNATURES = 16;

/** Checking one of these costs as much as hundreds of the others, and any stranger can ask for it. */
const MOST_ASYMMETRIC = 4;

/** Visible ASCII without the full stop: the spec forbids it, as it separates id, time and body in what is signed. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;

/** Checks one delivery; the id it gives back is the one that was signed. */
export function proveStandard(scheme: Standard, secrets: readonly string[], delivery: Delivery, nowMs: number): Check {
  const { headers, body } = delivery;
  // One family of headers for all three, else a foreign id could be put beside a signature that does not cover it.
  const prefix = scheme.prefixes.find((one) => Object.hasOwn(headers, `${one}signature`)) ?? scheme.prefixes[0];
  const id = onlyHeader(headers, `${prefix}id`);
  const time = onlyHeader(headers, `${prefix}timestamp`);
  const signature = onlyHeader(headers, `${prefix}signature`);

  const content = contentOf(id.ok ? id.value : '', time.ok ? time.value : '', body);
  const given = readSignatures(signature.ok ? signature.value : '');
  // Every secret is asked, however early one fits: the time tells nothing about which it was.
  const fitting = secrets.map((secret) => fits(readSigningKey(secret), content, given));
  const secretIndex = fitting.indexOf(true);

  if (!signature.ok) return signature;
  if (!id.ok) return id;
  if (!time.ok) return time;
  if (!ID.test(id.value)) return { ok: false, why: `the ${prefix}id header holds a full stop or unusual characters` };
  if (given.v1.length + given.v1a.length === 0)
    return { ok: false, why: `the ${prefix}signature header holds no readable v1 or v1a signature` };
  if (secretIndex === -1) return { ok: false, why: `the ${prefix}signature fits none of the secrets` };
  const late = timeFault(time.value, nowMs, scheme.toleranceMs);
  if (late !== undefined) return { ok: false, why: late, fault: 'stale' };
  return { ok: true, secretIndex, signedId: id.value, timed: { time: time.value, toleranceMs: scheme.toleranceMs } };
}

/** The three headers that prove `body`. Throws on a secret that cannot sign and on an id that no receiver would take. */
export function signStandard(scheme: Standard, secret: string, body: Buffer, id: string, nowMs: number) {
  const key = readSigningKey(secret);
  if (key === undefined) throw new Error('cannot sign: the secret is not whsec_ or whsk_ and base64');
  if (!ID.test(id)) throw new Error('cannot sign: the id must be visible ASCII without a full stop, at most 256');
  const time = String(Math.floor(nowMs / 1000));
  const signature = signWith(key, contentOf(id, time, body));
  if (signature === undefined) throw new Error('cannot sign: a whpk_ key only verifies; its sender has the whsk_ key');
  const [prefix] = scheme.prefixes;
  return {
    [`${prefix}id`]: id,
    [`${prefix}timestamp`]: time,
    [`${prefix}signature`]: `${key.version},${signature.toString('base64')}`,
  };
}

function contentOf(id: string, time: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${time}.`), body]);
}

function fits(key: SigningKey | undefined, content: Buffer, given: Signatures): boolean {
  return key !== undefined && proves(key, content, given[key.version]);
}

type Signatures = Readonly<Record<SigningKey['version'], readonly Buffer[]>>;

/** The signatures of a space-separated list; other versions are ignored, as the spec asks, and so is what is not base64. */
function readSignatures(text: string): Signatures {
  const values = text.split(' ', MOST_SIGNATURES + 1);
  if (values.length > MOST_SIGNATURES) return { v1: [], v1a: [] };
  const of = (mark: string) =>
    values.flatMap((one) => (one.startsWith(mark) ? (fromBase64(one.slice(mark.length)) ?? []) : []));
  return { v1: of('v1,'), v1a: of('v1a,').slice(0, MOST_ASYMMETRIC) };
}
