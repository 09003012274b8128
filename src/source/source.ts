// Owns what a source can do: verify a delivery, and turn a verified one into the draft of an event with its key. Leaves
// the signatures to signature.ts, the catalogue to schemes.ts and the answers to senders to the receiver.
import type { Source as SourceConfig } from '../config/schema.ts';
import { readBody } from './body.ts';
import type { Delivery } from './delivery.ts';
import { type DeliveryKey, type Draft, type Expressions, toAt, toKey, toType } from './draft.ts';
import { keepHeaders } from './headers.ts';
import { type Preset, toPreset } from './schemes.ts';
import { type Proof, proofHeaders, prove, type Verified } from './signature.ts';

/** What became of a verified delivery. */
export type Reading =
  | {
      readonly ok: true;
      readonly draft: Draft;
      readonly key: DeliveryKey;
      /** What could not be used and what was done instead; sentences for the log, without values from the delivery. */
      readonly notes: readonly string[];
    }
  /** Proven, but not an event; `why` may be told to the sender. `position` counts characters from 0. */
  | { readonly ok: false; readonly why: string; readonly position?: number };

export interface Source {
  readonly name: string;
  /** How long bodies of its events are kept, in milliseconds; 0 keeps none. */
  readonly keepMs: number;
  /** Does this request come from the sender? Over the raw bytes, at `nowMs`; nothing is parsed. */
  verify(delivery: Delivery, nowMs: number): Proof;
  /** The event in a verified delivery that arrived at `receivedAt` (milliseconds since the epoch). */
  toEvent(verified: Verified, receivedAt: number): Reading;
}

/**
 * The configured sources by name. `expressions` holds, per source, the compiled `id`, `type` and `at` that its
 * configuration has; one that is missing is a defect of the caller and throws.
 */
export function makeSources(
  configs: Readonly<Record<string, SourceConfig>>,
  expressions: ReadonlyMap<string, Expressions>,
): ReadonlyMap<string, Source> {
  return new Map(
    Object.entries(configs).map(([name, config]) => {
      const compiled = expressions.get(name) ?? {};
      for (const field of ['id', 'type', 'at'] as const) {
        if ((config[field] === undefined) !== (compiled[field] === undefined)) {
          throw new Error(`sources.${name}.${field}: its configuration and its compiled expression do not go together`);
        }
      }
      return [name, makeSource(name, config, toPreset(config.verify), compiled)];
    }),
  );
}

function makeSource(name: string, config: SourceConfig, preset: Preset, expressions: Expressions): Source {
  const proofs = proofHeaders(preset.scheme);

  function toEvent(verified: Verified, receivedAt: number): Reading {
    const body = readBody(verified);
    if (!body.ok) return body;
    const notes: string[] = [];
    const note = (text: string) => notes.push(text);
    const headers = keepHeaders(verified.headers, proofs);
    const { body: raw, headers: distinct, signedId } = verified;
    const known = { raw, distinct, headers, body: body.value, ...(signedId !== undefined && { signedId }) };
    const type = toType(known, preset.type, expressions.type, note);
    const at = toAt(known, expressions.at, receivedAt, note);
    const key = toKey(known, preset.id, expressions.id, config.dedupe, note);
    const draft = { source: name, type, ...(at !== undefined && { at }), headers, body: body.value };
    return { ok: true, draft, key, notes };
  }

  return {
    name,
    keepMs: config.keep,
    verify: (delivery, nowMs) => prove(preset.scheme, config.secrets, delivery, nowMs),
    toEvent,
  };
}
