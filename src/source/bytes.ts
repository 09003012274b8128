// Owns how proofs are read and compared: decoded strictly (Node's own decoders drop what they do not know, so that
// different texts would pass for one signature) and compared in constant time, against every secret.
import { createHash, timingSafeEqual } from 'node:crypto';

/** The bytes of `text` in hex, all lower or all upper case; undefined for anything else, also for nothing. */
export function fromHex(text: string): Buffer | undefined {
  if (text.length % 2 !== 0 || !/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(text)) return undefined;
  return Buffer.from(text, 'hex');
}

/** The bytes of `text` in padded, canonical base64 of the standard alphabet; undefined for anything else, also for nothing. */
export function fromBase64(text: string): Buffer | undefined {
  if (text === '') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** SHA-256 of `bytes`: secrets of different lengths become comparable in constant time. */
export function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/**
 * The index of the first of `expected` that equals one of `given`, or -1. Looks at every pair however early one
 * fits, so the time tells nothing about which secret it was. An unusable secret (undefined) equals nothing.
 */
export function indexOfMatch(expected: readonly (Buffer | undefined)[], given: readonly Buffer[]): number {
  let found = -1;
  for (const [index, one] of expected.entries()) {
    for (const other of given) {
      if (isSame(one, other) && found === -1) found = index;
    }
  }
  return found;
}

function isSame(one: Buffer | undefined, other: Buffer): boolean {
  return one !== undefined && one.length === other.length && timingSafeEqual(one, other);
}
