// Owns TRUST_PROXY: which proxies in front are believed when they say whom a request came from. Either how many there
// are, exactly, or the networks they stand in; never "any", which would let every sender choose its address.
import { z } from 'zod';
import { isNetwork, makeNetworks } from '../network.ts';

export type TrustProxy = { readonly hops: number } | { readonly networks: readonly string[] };

const expected =
  'expected how many proxies stand in front (1 to 9), or their networks such as 10.0.0.0/8, 2001:db8::/32';

const anyExpected =
  'expected the networks of your own proxies such as 10.0.0.0/8, or how many stand in front (1 to 9): these are every address there is, so each sender could choose its own';

export const TrustProxySchema = z
  .string()
  .refine((text) => isCount(text) || listed(text).every(isNetwork), { error: expected, abort: true })
  .refine((text) => isCount(text) || !isEverybody(listed(text)), { error: anyExpected })
  .transform((text): TrustProxy => (isCount(text) ? { hops: Number(text) } : { networks: listed(text) }));

function isCount(text: string): boolean {
  return /^[1-9]$/.test(text);
}

/** Both ends of all addresses of a kind: no proxy has either of them, and only who means everybody lists both. */
const ends = [
  ['0.0.0.0', '255.255.255.255'],
  ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
];

function isEverybody(networks: readonly string[]): boolean {
  const isTrusted = makeNetworks(networks);
  return ends.some((pair) => pair.every((address) => isTrusted(address)));
}

function listed(text: string): readonly string[] {
  return text.split(',').map((one) => one.trim());
}
