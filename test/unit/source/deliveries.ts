// Makes deliveries for the tests of sources: headers as Node gives them (`headersDistinct`), bodies as bytes.
import type { Delivery } from '../../../src/source/delivery.ts';
import { type Proof, prove, type Scheme, type Verified } from '../../../src/source/signature.ts';

/** 2026-11-23T12:00:00Z. */
export const NOW = Date.UTC(2026, 10, 23, 12);

/** A delivery with one line per header. */
export function delivery(body: string | Buffer, headers: Record<string, string | string[]> = {}): Delivery {
  const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()] as const);
  return { body: Buffer.isBuffer(body) ? body : Buffer.from(body), headers: Object.fromEntries(lines) };
}

/** A delivery that has proven itself, by way of a source that asks for nothing. */
export function verified(body: string | Buffer, headers: Record<string, string | string[]> = {}): Verified {
  const proof = prove({ kind: 'none' }, [], delivery(body, headers), NOW);
  if (!proof.ok) throw new Error(proof.why);
  return proof.verified;
}

/** Is `body` with `headers` proof enough for `scheme`? */
export function ask(
  scheme: Scheme,
  secrets: readonly string[],
  body: string | Buffer,
  headers: Record<string, string | string[]>,
  nowMs = NOW,
): Proof {
  return prove(scheme, secrets, delivery(body, headers), nowMs);
}

/** `text` with one bit of one byte changed, chosen by `seed`. */
export function flipBit(bytes: Buffer, seed: number): Buffer {
  const flipped = Buffer.from(bytes);
  const index = seed % flipped.length;
  flipped[index] = (flipped[index] ?? 0) ^ (1 << (seed % 7));
  return flipped;
}
