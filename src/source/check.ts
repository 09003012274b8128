// Owns the mistakes in `sources` that only somebody who knows the schemes can see: secrets that could never prove
// anything, templates that sign something else than they seem to. Findings name places, never the secrets in them. That
// {timestamp} needs its header is the schema's to say.
import type { Finding, Path } from '../config/fault.ts';
import type { Hmac as HmacConfig, Source as SourceConfig } from '../config/schema.ts';
import { wayOf } from './choice.ts';
import { toPreset } from './schemes.ts';
import { isLive } from './secrets.ts';
import type { Scheme } from './signature.ts';
import { readSigningKey } from './signing-key.ts';

/** Whoever has seen one signed delivery can try all shorter secrets at home. */
const SHORTEST = 8;

/** All faults of all sources, in the order of the file; at `nowMs` (since the epoch) some secrets may have ended. */
export function checkSources(configs: Readonly<Record<string, SourceConfig>>, nowMs: number): Finding[] {
  return Object.entries(configs).flatMap(([name, config]) => {
    const { scheme } = toPreset(config.verify);
    const path = ['sources', name] as const;
    const template = typeof config.verify === 'object' && 'hmac' in config.verify ? config.verify.hmac : undefined;
    return [
      ...(template === undefined ? [] : checkTemplate(template, [...path, 'verify', 'hmac'])),
      ...config.secrets.flatMap(({ value }, index) => checkSecret(scheme, value, [...path, 'secrets', index])),
      ...checkEnds(config.secrets, nowMs, [...path, 'secrets']),
    ];
  });
}

/** Warnings: a secret may end on any day, and no running service may be kept from starting again by that. */
function checkEnds(secrets: SourceConfig['secrets'], nowMs: number, path: Path): Finding[] {
  const isEveryOneOver = secrets.every((secret) => !isLive(secret, nowMs));
  return secrets.flatMap((secret, index): Finding[] => {
    if (isLive(secret, nowMs)) return [];
    const what = `this secret has ended${isEveryOneOver ? ', and so has every other: nothing can prove itself here' : ''}`;
    const expected = isEveryOneOver ? 'expected one without `until`, or with a later one' : 'expected it to be removed';
    return [{ severity: 'warning', path: [...path, index], what, expected }];
  });
}

function checkSecret(scheme: Scheme, secret: string, path: Path): Finding[] {
  if (scheme.kind === 'choice') return checkSecret(wayOf(scheme, secret).scheme, secret, path);
  if (secret.trim() === '') {
    const expected = 'expected it as the sender shows it, or a new one; `openssl rand -hex 32` makes one';
    return [{ path, what: 'this secret is nothing but white space', expected }];
  }
  return [...checkForm(scheme, secret, path), ...checkStrength(scheme, secret, path)];
}

/** A warning, since with a weak secret the service has run until now. */
function checkStrength(scheme: Scheme, secret: string, path: Path): Finding[] {
  const [name, length] = unknownPart(scheme, secret);
  if (length >= SHORTEST) return [];
  const what = `${name} is shorter than ${SHORTEST} characters, so it can be guessed`;
  return [{ severity: 'warning', path, what, expected: 'expected a long one; `openssl rand -hex 32` makes one' }];
}

/** What of a secret only its owners know: not the user of `basic`, and of a key not how it is written. */
function unknownPart(scheme: Scheme, secret: string): readonly [name: string, length: number] {
  if (scheme.kind === 'standard') {
    const key = readSigningKey(secret);
    return ['the key in this secret', key?.version === 'v1' ? key.key.length : Number.POSITIVE_INFINITY];
  }
  const colon = scheme.kind === 'credential' && scheme.form.endsWith('basic') ? secret.indexOf(':') : -1;
  if (colon === -1) return ['this secret', secret.trim().length];
  return ['the password in this secret', secret.slice(colon + 1).trim().length];
}

function checkForm(scheme: Scheme, secret: string, path: Path): Finding[] {
  if (scheme.kind === 'standard' && readSigningKey(secret) === undefined) {
    const expected = 'expected whsec_ and base64, or whpk_ and the base64 of 32 bytes, as the sender shows it';
    return [{ path, what: 'this secret is not a key', expected }];
  }
  if (scheme.kind === 'hmac' && secret !== secret.trim()) {
    const what = 'this secret has a space or a line break at an end, as one from a file often does';
    return [{ severity: 'warning', path, what, expected: 'expected it as the sender shows it' }];
  }
  if (scheme.kind !== 'credential') return [];
  const findings: Finding[] = [];
  if (scheme.form === 'basic' && !secret.includes(':')) {
    findings.push({ path, what: 'this secret has no colon', expected: 'expected user:password' });
  }
  // What `basic` sends is base64, so it may hold spaces; elsewhere HTTP trims the ends and forbids control characters.
  if (scheme.form !== 'basic' && (secret !== secret.trim() || /\p{Cc}/u.test(secret))) {
    const expected = 'expected no space at the ends, no line breaks, no control characters';
    findings.push({ path, what: 'no header can carry this secret', expected });
  }
  return findings;
}

function checkTemplate(hmac: HmacConfig, path: Path): Finding[] {
  const findings: Finding[] = [];
  const unknown = /\{(?!(?:body|timestamp)\})\w+\}/.exec(hmac.signed);
  const key = hmac.timestamp === undefined ? 'timestampPrefix' : 'timestamp';
  if (hmac[key] !== undefined && !hmac.signed.includes('{timestamp}')) {
    const what = 'this time is not signed, so anybody could change it';
    findings.push({ path: [...path, key], what, expected: `expected {timestamp} in \`signed\`, or no \`${key}\`` });
  }
  if (hmac.timestamp !== undefined && hmac.timestampPrefix !== undefined) {
    const what = 'the time cannot stand in two places';
    findings.push({ path: [...path, 'timestampPrefix'], what, expected: 'expected either this or `timestamp`' });
  }
  if (hmac.timestampPrefix !== undefined && hmac.separator === undefined) {
    const what = 'one header holds both time and signature, but nothing says what stands between them';
    findings.push({ path: [...path, 'timestampPrefix'], what, expected: 'expected a `separator` beside it' });
  }
  if (hmac.timestampPrefix !== undefined && hmac.timestampPrefix === hmac.prefix) {
    const what = 'the time and the signature begin alike';
    findings.push({ path: [...path, 'timestampPrefix'], what, expected: 'expected another beginning than `prefix`' });
  }
  if (unknown !== null) {
    const what = `it holds ${unknown[0]}, which means nothing here`;
    findings.push({
      path: [...path, 'signed'],
      offset: unknown.index,
      what,
      expected: 'expected {body} and {timestamp} only',
    });
  }
  if (hmac.timestamp === hmac.header) {
    const what = 'the signature and the time have the same header';
    findings.push({ path: [...path, 'timestamp'], what, expected: 'expected another header' });
  }
  return findings;
}
