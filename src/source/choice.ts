// Owns presets whose sender has several ways to prove itself. Promises that a delivery is judged by the strongest way it
// shows and by no other: a wrong signature is never made good by a token beside it.
import type { Credential } from './credential.ts';
import type { Check, DistinctHeaders } from './delivery.ts';
import type { Hmac } from './hmac.ts';
import { proveAmong } from './secrets.ts';
import type { Standard } from './standard.ts';

/** One shape of proof. */
export type Shape = Standard | Hmac | Credential;

export interface Choice {
  readonly kind: 'choice';
  /** Strongest first. `secrets`: the form of the secrets for this way; without it any. */
  readonly ways: readonly [Way, ...Way[]];
}

export interface Way {
  readonly scheme: Shape;
  readonly secrets?: RegExp;
}

/** Checks one delivery by the first way that has secrets here and whose headers are there; `check` knows the shapes. */
export function proveChoice(
  choice: Choice,
  secrets: readonly string[],
  headers: DistinctHeaders,
  check: (scheme: Shape, secrets: readonly string[]) => Check,
): Check {
  const usable = choice.ways.filter((way) => secrets.some((secret) => fits(way, secret)));
  const way = usable.find(({ scheme }) => isShown(scheme, headers)) ?? usable[0];
  if (way === undefined) return { ok: false, why: 'no secret is of a form that this sender uses' };
  return proveAmong(
    secrets,
    (secret) => fits(way, secret),
    (some) => check(way.scheme, some),
  );
}

/** The way for which `secret` is meant. */
export function wayOf(choice: Choice, secret: string): Way {
  return choice.ways.find((way) => fits(way, secret)) ?? choice.ways[0];
}

function fits({ secrets }: Way, secret: string): boolean {
  return secrets === undefined || secrets.test(secret);
}

/** Does the delivery claim to prove itself in this way? With half a proof it does: that half is wrong, not absent. */
function isShown(scheme: Shape, headers: DistinctHeaders): boolean {
  const has = (name: string) => Object.hasOwn(headers, name);
  switch (scheme.kind) {
    case 'standard':
      return scheme.prefixes.some((prefix) => has(`${prefix}signature`));
    case 'hmac': {
      const { timestamp } = scheme;
      return has(scheme.header) && (timestamp === undefined || !('header' in timestamp) || has(timestamp.header));
    }
    case 'credential':
      return has(scheme.header);
    default:
      return scheme satisfies never;
  }
}
