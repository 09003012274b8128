// Owns how tokens rest: AES-256-GCM under STATUSWIRE_SECRET, bound to what they are about, so that a value that was moved
// to another account or installation does not open. Knows nothing of Redis.
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

export interface Seal {
  /** Encrypts `text`; only `open` with the same `about` gives it back. */
  close(text: string, about: readonly string[]): string;
  /** The text, or undefined when key, `about` or value are not those it was closed with. */
  open(sealed: string, about: readonly string[]): string | undefined;
}

const ALGORITHM = 'aes-256-gcm';
const VERSION = 'v1.';
/** 96 bits, the size GCM is made for; drawn by chance, safe for 2^32 values under one key (NIST SP 800-38D, 8.3). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `secret`: 64 hex digits. `randomBytes`: from a source that cannot be guessed. */
export function makeSeal(secret: string, randomBytes: (size: number) => Buffer): Seal {
  const key = Buffer.from(secret, 'hex');
  if (key.length !== 32) throw new Error('STATUSWIRE_SECRET is not 32 bytes as 64 hex digits (openssl rand -hex 32)');
  return {
    close(text, about) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad(about));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return VERSION + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(sealed, about) {
      const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64url');
      // Decoding drops what is not base64url in silence; only what encodes to itself is the value that was stored.
      if (sealed !== VERSION + bytes.toString('base64url') || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(aad(about))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      try {
        return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return undefined;
      }
    },
  };
}

/** Names the chain that begins with this refresh token without telling it: the vendor's tokens cannot be guessed. */
export function chainOf(account: string, refreshToken: string): string {
  return createHash('sha256')
    .update(aad(['chain', account, refreshToken]))
    .digest('hex');
}

/** Unambiguous: no part can pass for two. */
function aad(parts: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(['statuswire', ...parts]));
}
