// Owns the catalogue: for each word after `verify:`, how such a sender proves itself and where it writes the id and the
// type of a delivery. Data only: a new preset is a row here, unless it needs a new shape (signature.ts).
import type { Verify } from '../config/schema.ts';
import { type Scheme, sign } from './signature.ts';

/** Where a text stands in a delivery: a header (lower-case), or a path of keys into the JSON body. */
export type Place = { readonly header: string } | { readonly body: readonly [string, ...string[]] };

export interface Preset {
  readonly scheme: Scheme;
  /** Where the delivery id may stand, when the signature does not cover one; the first that holds one counts. */
  readonly id: readonly Place[];
  /** The parts of the default type, joined by full stops. Without the first there is no type. */
  readonly type: readonly [Place, ...Place[]];
}

const TOLERANCE_MS = 5 * 60 * 1000;

const bodyType: Preset['type'] = [{ body: ['type'] }];

/**
 * The id headers of senders we know nothing about. Only names whose meaning is "the same for every retry of one
 * delivery, another for every other". Not `x-request-id` and the like: proxies set them, some per hop (a retry would
 * count twice) and some per connection (a new event would be taken for an old one and lost).
 */
const anyId: Preset['id'] = [{ header: 'idempotency-key' }, { header: 'webhook-id' }];

const presets: Record<Extract<Verify, string>, Preset> = {
  // docs.github.com, "Validating webhook deliveries". A redelivery by hand keeps its X-GitHub-Delivery.
  github: {
    scheme: {
      kind: 'hmac',
      header: 'x-hub-signature-256',
      algorithm: 'sha256',
      encoding: 'hex',
      prefix: 'sha256=',
      signed: '{body}',
    },
    id: [{ header: 'x-github-delivery' }],
    type: [{ header: 'x-github-event' }, { body: ['action'] }],
  },
  // docs.svix.com: `svix-`, or `webhook-` where a sender has it white-labelled. The id is covered by the signature.
  svix: {
    scheme: { kind: 'standard', prefixes: ['svix-', 'webhook-'], toleranceMs: TOLERANCE_MS },
    id: [],
    type: bodyType,
  },
  'standard-webhooks': {
    scheme: { kind: 'standard', prefixes: ['webhook-', 'svix-'], toleranceMs: TOLERANCE_MS },
    id: [],
    type: bodyType,
  },
  bearer: {
    scheme: { kind: 'credential', header: 'authorization', form: 'bearer' },
    id: anyId,
    type: bodyType,
  },
  basic: {
    scheme: { kind: 'credential', header: 'authorization', form: 'basic' },
    id: anyId,
    type: bodyType,
  },
  none: { scheme: { kind: 'none' }, id: anyId, type: bodyType },
};

/** What `verify:` of a source means. */
export function toPreset(verify: Verify): Preset {
  if (typeof verify === 'string') return presets[verify];
  if ('header' in verify) {
    return { scheme: { kind: 'credential', header: verify.header.name, form: 'plain' }, id: anyId, type: bodyType };
  }
  const { timestamp, tolerance, ...rest } = verify.hmac;
  const time = timestamp === undefined ? {} : { timestamp: { header: timestamp, toleranceMs: tolerance } };
  return { scheme: { kind: 'hmac', ...rest, ...time }, id: anyId, type: bodyType };
}

/**
 * The headers with which such a sender delivers `body`: its proof, and its delivery id where it has a header for one.
 * The headers that name the type (GitHub's `x-github-event`) are the caller's to add. Throws as `sign` does.
 */
export function signAs(
  preset: Preset,
  secret: string,
  body: Buffer,
  sending: { readonly id: string; readonly nowMs: number },
): Record<string, string> {
  const place = preset.id.find((one) => 'header' in one);
  const id = place && 'header' in place ? { [place.header]: sending.id } : {};
  return { ...id, ...sign(preset.scheme, secret, body, sending) };
}
