// Owns what a source can do: verify a delivery, and turn a verified one into the draft of an event with its key. Leaves
// the signatures to signature.ts, the catalogue to schemes.ts and the answers to senders to the receiver.
import type { Source as SourceConfig } from '../config/schema.ts';
import { type Accepts, makeNetworks } from '../network.ts';
import { readBody } from './body.ts';
import type { Preset } from './catalogue.ts';
import { type Delivery, timeFault } from './delivery.ts';
import { type DeliveryKey, type Draft, type Expressions, toAt, toKey, toType } from './draft.ts';
import { makeKeepHeaders } from './headers.ts';
import { valueAt } from './place.ts';
import { toPreset } from './schemes.ts';
import { isLive, proveAmong } from './secrets.ts';
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
  | {
      readonly ok: false;
      readonly why: string;
      readonly position?: number;
      /** Its time of sending, in the proven body, is outside the window: to be answered like a wrong proof. */
      readonly isStale?: true;
      /** The sender asks for this answer instead of an event's; nothing is to be stored. */
      readonly reply?: Reply;
    };

/** What a sender wants to hear, with status 200 and as plain text. */
export interface Reply {
  readonly text: string;
}

export interface Source {
  readonly name: string;
  /** How long bodies of its events are kept, in milliseconds; 0 keeps none. */
  readonly keepMs: number;
  /** How much of it may come at once, where it says so itself. */
  readonly limit?: { readonly perSecond?: number; readonly concurrent?: number } | undefined;
  /** The headers that tell its sender to give a delivery up; none where the sender knows no such thing. */
  readonly giveUp?: Readonly<Record<string, string>> | undefined;
  /** May it be sent from this address? Always, where the source names no networks. */
  readonly accepts: Accepts;
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
  const keepHeaders = makeKeepHeaders(proofHeaders(preset.scheme));

  function toEvent(verified: Verified, receivedAt: number): Reading {
    const body = readBody(verified);
    if (!body.ok) return body;
    const stale = staleness(preset, body.value, receivedAt);
    if (stale !== undefined) return { ok: false, why: stale, isStale: true };
    const reply = replyTo(preset, body.value);
    if (reply !== undefined) return { ok: false, why: 'a handshake, not an event', reply };
    const notes: string[] = [];
    const note = (text: string) => notes.push(text);
    const headers = keepHeaders(verified.headers);
    const { body: raw, headers: distinct, signedId, timed } = verified;
    const known = { raw, distinct, headers, body: body.value, signedId, signedTime: timed?.time };
    const type = toType(known, preset, expressions.type, note);
    const at = toAt(known, preset, expressions.at, receivedAt, note);
    const windows = { dedupeMs: config.dedupe, replayMs: replaySpanMs(timed ?? preset.sentAt) };
    const key = toKey(known, preset, expressions.id, windows, note);
    const draft = { source: name, type, ...(at !== undefined && { at }), headers, body: body.value };
    return { ok: true, draft, key, notes };
  }

  return {
    name,
    keepMs: config.keep,
    limit: config.limit,
    giveUp: preset.giveUp,
    accepts: makeNetworks(config.networks),
    verify: (delivery, nowMs) => verifyWith(config.secrets, preset, delivery, nowMs),
    toEvent,
  };
}

/**
 * How long the same bytes would prove themselves again: from as far ahead of their time as is allowed to as far behind, and
 * a second more, since whole ones are compared. 0 where no time of sending is proven.
 */
function replaySpanMs(timed: { readonly toleranceMs: number } | undefined): number {
  return timed === undefined ? 0 : 2 * timed.toleranceMs + 1000;
}

/** Only secrets whose time has not ended prove anything; that an ended or an old one would have is worth knowing. */
function verifyWith(secrets: SourceConfig['secrets'], preset: Preset, delivery: Delivery, nowMs: number): Proof {
  const proveBy = (isWanted: (secret: SourceConfig['secrets'][number]) => boolean) =>
    proveAmong(secrets, isWanted, (some): Proof => {
      const values = some.map(({ value }) => value);
      return prove(preset.scheme, values, delivery, nowMs);
    });
  const proof = proveBy((secret) => isLive(secret, nowMs));
  if (proof.ok) return hasNewer(secrets, proof.secretIndex ?? 0, nowMs) ? { ...proof, isOld: true } : proof;
  if (secrets.every((secret) => isLive(secret, nowMs))) return proof;
  const fitsEnded = proveBy((secret) => !isLive(secret, nowMs)).ok;
  if (!fitsEnded) return proof;
  return { ok: false, why: 'it fits only a secret whose time has ended (`until`)', fault: 'ended-secret' };
}

/** Does one before the secret at `index` count as well? */
function hasNewer(secrets: SourceConfig['secrets'], index: number, nowMs: number): boolean {
  return index > 0 && secrets.findIndex((secret) => isLive(secret, nowMs)) < index;
}

/** Why the time of sending in the body is not one of now; undefined where it is, or where none is asked for. */
function staleness({ sentAt }: Preset, body: unknown, nowMs: number): string | undefined {
  if (sentAt === undefined) return undefined;
  const sent = valueAt(body, [sentAt.key]);
  if (sent === undefined) return `there is no ${sentAt.key} in the body`;
  // An object is no time, and its `toString` may be a key of the sender's.
  return timeFault(typeof sent === 'object' ? '' : String(sent), nowMs, sentAt.toleranceMs);
}

/** A text that a sender wants back: short, so that nobody is made to echo a book. */
function replyTo({ handshake }: Preset, body: unknown): Reply | undefined {
  if (handshake === undefined || valueAt(body, handshake.when) !== handshake.is) return undefined;
  const text = valueAt(body, handshake.echo);
  return typeof text === 'string' && text !== '' && text.length <= 1024 ? { text } : undefined;
}
