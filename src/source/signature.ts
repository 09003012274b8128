// Owns the proof: which shapes there are, and the one way from a delivery to a verified one. Pure, over the raw bytes.
// Promises that every secret is tried and that `Verified` is made nowhere else; body.ts parses nothing but that.
import { type Credential, proveCredential, signCredential } from './credential.ts';
import type { Check, Delivery } from './delivery.ts';
import { type Hmac, proveHmac, signHmac } from './hmac.ts';
import { proveStandard, type Standard, signStandard } from './standard.ts';

/**
 * How a sender proves itself, as data. A list of `t=…,v1=…` in one header (Stripe, MaintainX) will be one kind more:
 * a file beside hmac.ts, and a case in each switch below, which do not compile without it.
 */
export type Scheme = Standard | Hmac | Credential | { readonly kind: 'none' };

const proven: unique symbol = Symbol('proven');

/** A delivery that has proven itself (or whose source says `verify: none`). Only `prove` can make one. */
export interface Verified extends Delivery {
  readonly [proven]: true;
  /** The sender's delivery id, where the signature covers it. */
  readonly signedId?: string;
}

export type Proof =
  | { readonly ok: true; readonly verified: Verified; readonly secretIndex?: number }
  /** `why` is for the operator's log only; the sender learns nothing but that it failed. */
  | { readonly ok: false; readonly why: string };

/** Checks `delivery` against all of `secrets` at `nowMs` (milliseconds since the epoch). Never throws on what is sent. */
export function prove(scheme: Scheme, secrets: readonly string[], delivery: Delivery, nowMs: number): Proof {
  const check = checkShape(scheme, secrets, delivery, nowMs);
  if (!check.ok) return check;
  const { secretIndex, signedId } = check;
  const { body, headers } = delivery;
  const verified: Verified = { [proven]: true, body, headers, ...(signedId !== undefined && { signedId }) };
  return { ok: true, verified, ...(secretIndex !== undefined && { secretIndex }) };
}

function checkShape(scheme: Scheme, secrets: readonly string[], delivery: Delivery, nowMs: number): Check {
  switch (scheme.kind) {
    case 'standard':
      return proveStandard(scheme, secrets, delivery, nowMs);
    case 'hmac':
      return proveHmac(scheme, secrets, delivery, nowMs);
    case 'credential':
      return proveCredential(scheme, secrets, delivery);
    case 'none':
      return { ok: true };
    default:
      return scheme satisfies never;
  }
}

/**
 * The headers with which a sender of this scheme proves `body`. `id` is the delivery id and `nowMs` the time of
 * sending, for schemes that sign them. Throws on a secret that this scheme cannot use.
 */
export function sign(
  scheme: Scheme,
  secret: string,
  body: Buffer,
  sending: { readonly id: string; readonly nowMs: number },
): Record<string, string> {
  switch (scheme.kind) {
    case 'standard':
      return signStandard(scheme, secret, body, sending.id, sending.nowMs);
    case 'hmac':
      return signHmac(scheme, secret, body, sending.nowMs);
    case 'credential':
      return signCredential(scheme, secret);
    case 'none':
      return {};
    default:
      return scheme satisfies never;
  }
}

/** The headers (lower-case) that carry the proof of this scheme: worth stealing, so they are not kept. */
export function proofHeaders(scheme: Scheme): readonly string[] {
  switch (scheme.kind) {
    case 'standard':
      return scheme.prefixes.map((prefix) => `${prefix}signature`);
    case 'hmac':
    case 'credential':
      return [scheme.header];
    case 'none':
      return [];
    default:
      return scheme satisfies never;
  }
}
