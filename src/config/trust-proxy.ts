// Owns TRUST_PROXY: which proxies in front are believed when they say whom a request came from. Either how many there
// are, exactly, or the networks they stand in; never "any", which would let every sender choose its address.
import { z } from 'zod';
import { isNetwork } from '../network.ts';

export type TrustProxy = { readonly hops: number } | { readonly networks: readonly string[] };

const expected =
  'expected how many proxies stand in front (1 to 9), or their networks such as 10.0.0.0/8, 2001:db8::/32';

export const TrustProxySchema = z
  .string()
  .refine((text) => /^[1-9]$/.test(text) || listed(text).every(isNetwork), { error: expected })
  .transform((text): TrustProxy => (/^[1-9]$/.test(text) ? { hops: Number(text) } : { networks: listed(text) }));

function listed(text: string): readonly string[] {
  return text.split(',').map((one) => one.trim());
}
