// Owns the secrets of Standard Webhooks (spec 1.0.0): `whsec_` is a shared key (v1), `whpk_` and `whsk_` are the public and
// the private half of an ed25519 pair (v1a). What signs for one never proves for the other.
import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { fromBase64, indexOfMatch } from './bytes.ts';

export type SigningKey =
  | { readonly version: 'v1'; readonly key: Buffer }
  /** Without `privateKey` it can only verify. */
  | { readonly version: 'v1a'; readonly publicKey: KeyObject; readonly privateKey?: KeyObject };

/** What DER (RFC 8410) puts before the 32 bytes of an ed25519 key. */
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');
const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key in a secret as the sender shows it (`whsec_` may be missing); undefined if it is none. */
export function readSigningKey(secret: string): SigningKey | undefined {
  const [, mark = 'whsec_', text = ''] = /^(whsec_|whpk_|whsk_)?(.*)$/s.exec(secret) ?? [];
  const bytes = fromBase64(text);
  if (bytes === undefined) return undefined;
  if (mark === 'whsec_') return { version: 'v1', key: bytes };
  if (mark === 'whpk_') return bytes.length === 32 ? { version: 'v1a', publicKey: publicKeyOf(bytes) } : undefined;
  // The seed alone, or followed by the public key, as libsodium writes it.
  return bytes.length === 32 || bytes.length === 64 ? pairOf(bytes.subarray(0, 32)) : undefined;
}

/** Is one of `signatures` made over `content` with this key? */
export function proves(key: SigningKey, content: Buffer, signatures: readonly Buffer[]): boolean {
  if (key.version === 'v1') return indexOfMatch([hmac(key.key, content)], signatures) !== -1;
  return signatures.some((signature) => signature.length === 64 && verify(null, content, key.publicKey, signature));
}

/** The signature over `content`; undefined for a key that can only verify. */
export function signWith(key: SigningKey, content: Buffer): Buffer | undefined {
  if (key.version === 'v1') return hmac(key.key, content);
  return key.privateKey && sign(null, content, key.privateKey);
}

function hmac(key: Buffer, content: Buffer): Buffer {
  return createHmac('sha256', key).update(content).digest();
}

function publicKeyOf(bytes: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_DER, bytes]), format: 'der', type: 'spki' });
}

function pairOf(seed: Buffer): SigningKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE_DER, seed]), format: 'der', type: 'pkcs8' });
  return { version: 'v1a', publicKey: createPublicKey(privateKey), privateKey };
}
