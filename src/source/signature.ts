// Owns the proof: which shapes there are, and the one way from a delivery to a verified one. Pure, over the raw bytes.
// Promises that every secret is tried and that `Verified` is made nowhere else; body.ts parses nothing but that.
import { type Choice, proveChoice, type Shape, wayOf } from './choice.ts';
import { proveCredential, signCredential } from './credential.ts';
import type { Check, Delivery, ProofFault, Timed } from './delivery.ts';
import { proveHmac, signHmac } from './hmac.ts';
import { proveStandard, signStandard } from './standard.ts';

/** How a sender proves itself, as data: one shape, one of several, or none. */
export type Scheme = Shape | Choice | { readonly kind: 'none' };

const proven: unique symbol = Symbol('proven');

/** A delivery that has proven itself (or whose source says `verify: none`). Only `prove` can make one. */
export interface Verified extends Delivery {
  readonly [proven]: true;
  /** The sender's delivery id and the time of sending, where the signature covers them. */
  readonly signedId?: string;
  readonly timed?: Timed;
}

export type Proof =
  | {
      readonly ok: true;
      readonly verified: Verified;
      readonly secretIndex?: number;
      /** A newer secret counts as well: the sender has yet to change over, or somebody to remove this one. */
      readonly isOld?: true;
    }
  /** `why` is for the operator's log only; the sender learns nothing but that it failed. */
  | { readonly ok: false; readonly why: string; readonly fault?: ProofFault };

/** Checks `delivery` against all of `secrets` at `nowMs` (milliseconds since the epoch). Never throws on what is sent. */
export function prove(scheme: Scheme, secrets: readonly string[], delivery: Delivery, nowMs: number): Proof {
  const check = checkShape(scheme, secrets, delivery, nowMs);
  if (!check.ok) return check;
  const { secretIndex, signedId, timed } = check;
  const { body, headers } = delivery;
  const covered = { ...(signedId !== undefined && { signedId }), ...(timed !== undefined && { timed }) };
  const verified: Verified = { [proven]: true, body, headers, ...covered };
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
    case 'choice':
      return proveChoice(scheme, secrets, delivery.headers, (shape, some) => checkShape(shape, some, delivery, nowMs));
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
    case 'choice':
      return sign(wayOf(scheme, secret).scheme, secret, body, sending);
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
    case 'choice':
      return scheme.ways.flatMap((way) => proofHeaders(way.scheme));
    case 'none':
      return [];
    default:
      return scheme satisfies never;
  }
}
