// Owns shape (e), the secret itself in a header: bearer, basic, or a header of any name. It proves who sent the request
// and nothing about the body, so it needs TLS in front. Compared as SHA-256 digests, so length tells nothing either.
import { fromBase64, indexOfMatch, sha256 } from './bytes.ts';
import { type Check, type Delivery, onlyHeader } from './delivery.ts';

export interface Credential {
  readonly kind: 'credential';
  readonly header: string;
  /** How the secret stands in the header: after `Bearer`, as base64 after `Basic`, as the sender says, or as it is. */
  readonly form: 'bearer' | 'basic' | 'bearer or basic' | 'plain';
}

/** Checks one delivery. For `basic` the secret is `user:password`. */
export function proveCredential(scheme: Credential, secrets: readonly string[], delivery: Delivery): Check {
  const line = onlyHeader(delivery.headers, scheme.header);
  const given = line.ok ? readCredential(scheme, line.value) : undefined;

  const expected = secrets.map((secret) => sha256(Buffer.from(secret)));
  const secretIndex = indexOfMatch(expected, given === undefined ? [] : [sha256(given)]);

  if (!line.ok) return line;
  if (given === undefined) return { ok: false, why: `the ${scheme.header} header is not of the form ${scheme.form}` };
  if (secretIndex === -1) return { ok: false, why: `the ${scheme.header} header fits none of the secrets` };
  return { ok: true, secretIndex };
}

/** The header that carries `secret`. */
export function signCredential(scheme: Credential, secret: string): Record<string, string> {
  const bytes = Buffer.from(secret);
  const form = scheme.form === 'bearer or basic' ? (secret.includes(':') ? 'basic' : 'bearer') : scheme.form;
  switch (form) {
    case 'bearer':
      return { [scheme.header]: `Bearer ${bytes.toString('latin1')}` };
    case 'basic':
      return { [scheme.header]: `Basic ${bytes.toString('base64')}` };
    case 'plain':
      return { [scheme.header]: bytes.toString('latin1') };
  }
}

/**
 * The secret in a header, never an empty one. Node gives header bytes as latin1 text; read back, a secret in UTF-8 is
 * again the bytes that were sent.
 */
function readCredential(scheme: Credential, text: string): Buffer | undefined {
  if (scheme.form === 'plain') return Buffer.from(text, 'latin1');
  const [, word, rest] = /^([a-z]+) +([^ ].*)$/i.exec(text) ?? [];
  const form = word?.toLowerCase();
  if (rest === undefined || (form !== 'basic' && form !== 'bearer')) return undefined;
  if (scheme.form !== 'bearer or basic' && form !== scheme.form) return undefined;
  return form === 'basic' ? fromBase64(rest) : Buffer.from(rest, 'latin1');
}
