// Owns the story of one delivery: raw bytes → source known? → signature → event → rules decide → commit → 202.
// Promises that unproven bytes are never parsed and that a 2xx is sent only after the commit. Leaves what a signature
// is to the source, what an event means to the rules, and storing to the core.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Event } from '../event.ts';
import type { Reason } from '../ledger/rejection.ts';
import type { Log } from '../log.ts';
import type { Tally } from '../metrics/tally.ts';
import type { Decision } from '../rule/rule.ts';
import type { Reply, Source } from '../source/source.ts';
import { breakOff, type ReadBody } from './body.ts';
import type { Commit } from './commit.ts';
import { distinctHeaders } from './distinct-headers.ts';
import type { Note, Turned } from './note.ts';
import type { Excess, Pressure, Stay } from './pressure.ts';
import { type Refusal, sendJson, sendProblem, sendText, unavailable } from './problem.ts';
import type { SenderAddress } from './sender-address.ts';
import { idsOf, tellAnswered, tellReceived, tellRefused } from './wide-line.ts';

/** A configured sender, as far as the door needs it. Only its `verify` can make what its `toEvent` takes. */
export type ReceiverSource = Pick<Source, 'keepMs' | 'limit' | 'giveUp' | 'accepts' | 'verify' | 'toEvent'>;

export interface Rules {
  /** Names the rules; each event is stored with it. */
  readonly version?: string;
  decide(event: Event, now: number): readonly Decision[];
}

// Fixed words for strangers: they learn neither which sources exist nor which part of a proof was wrong.
const unknownSource: Refusal = { status: 404, detail: 'There is nothing here.', why: 'no such source' };
const unproven = {
  status: 401,
  detail: 'The request does not prove where it comes from.',
  // RFC 9110 wants a challenge on a 401; this one names no scheme that a stranger could learn from.
  headers: { 'www-authenticate': 'Webhook' },
} as const;

const tooMuch = {
  status: 429,
  detail: 'Too many requests at once. Send it again later.',
  headers: { 'retry-after': '1' },
} as const;

/** Of those who hold a place while their body comes by and by, so that nobody holds all of them by that. */
const tooSlow = { ...tooMuch, why: 'too much at once, and its body had been on its way longest' };

const tooLong = { ...tooMuch, why: 'too much at once: bytes' };

const brokenHere = { status: 500, why: 'something broke on our side; the request id finds it in the log' };

/** Answers `POST /hooks/SOURCE`. Rejects only with defects; those become a 500 and a redelivery. */
export type Receive = (req: IncomingMessage, res: ServerResponse, source: string) => Promise<void>;

export interface ReceiveParts {
  readonly sources: ReadonlyMap<string, ReceiverSource>;
  readonly rules: Rules;
  readonly commit: Commit;
  readonly pressure: Pressure;
  readonly note: Note;
  readonly tally: Tally;
  readonly readBody: ReadBody;
  /** The most that `readBody` holds of one body. */
  readonly bodyBytes: number;
  readonly senderAddress: SenderAddress;
  readonly newId: (prefix: 'ev') => string;
  readonly now: () => number;
  readonly log: Log;
}

/** Turned away with an answer. */
type TurnedDown = Turned & Proven & { readonly refusal: Refusal };

/** Told in the line of a proven delivery, whatever became of it. */
interface Proven {
  readonly oldSecret?: true | undefined;
}

/** What became of a delivery to a source that is there. */
type Outcome =
  | TurnedDown
  | (Proven & { readonly answered: Reply; readonly why: string })
  | { readonly received: Omit<Parameters<typeof tellReceived>[1], 'ids' | 'durationMs'> };

export function makeReceive(parts: ReceiveParts): Receive {
  const { sources, pressure, note, tally, bodyBytes, now, log } = parts;
  const take = makeTake(parts);
  const tellExcess = makeTellExcess(log, now);

  return async function receive(req, res, name) {
    const startedAt = now();
    const ids = idsOf(req, res);
    const source = sources.get(name);

    function refuse(down: TurnedDown): void {
      const { refusal, oldSecret } = down;
      tellRefused(log, { ids, source: name, refusal, oldSecret, durationMs: now() - startedAt });
      note(req, res, down, name);
      sendProblem(res, refusal);
    }
    function welcome(outcome: 'accepted' | 'duplicate' | 'answered', durationMs: number): void {
      tally.count('deliveries', { source: name, outcome });
      tally.observe('deliverySeconds', { source: name }, durationMs / 1000);
    }

    const stay = pressure.enter(name, announcedBytes(req, bodyBytes), () => breakOff(req, tooSlow));
    if (typeof stay === 'string') {
      tellExcess(ids.requestId, source === undefined ? undefined : name, stay);
      const refusal = { ...tooMuch, why: `too much at once: ${stay}` };
      note(req, res, { reason: stay === 'rate' ? 'flood' : 'busy', refusal }, name);
      return sendProblem(res, refusal);
    }
    try {
      // Before the body is read: a stranger's megabyte for a source that is not there is not worth our memory.
      if (source === undefined) return refuse({ reason: 'unknown-source', refusal: unknownSource });
      const outcome = await take(req, name, source, stay);
      if ('refusal' in outcome) return refuse(outcome);
      const durationMs = now() - startedAt;
      if ('answered' in outcome) {
        welcome('answered', durationMs);
        const { why, oldSecret } = outcome;
        tellAnswered(log, { ids, source: name, why, oldSecret, durationMs });
        return sendText(res, 200, outcome.answered.text);
      }
      const { stored } = outcome.received;
      welcome(stored.duplicate ? 'duplicate' : 'accepted', durationMs);
      tellReceived(log, { ids, ...outcome.received, durationMs });
      sendJson(res, 202, { event: stored.eventId, duplicate: stored.duplicate, changes: stored.changes.length });
    } catch (error) {
      note(req, res, { reason: 'defect', refusal: brokenHere }, name);
      throw error;
    } finally {
      stay.leave();
    }
  };
}

/** From the body to the commit. */
function makeTake(
  parts: Pick<ReceiveParts, 'rules' | 'commit' | 'tally' | 'readBody' | 'senderAddress' | 'newId' | 'now'>,
) {
  const { rules, commit, tally, readBody, senderAddress, newId, now } = parts;
  const { version } = rules;
  return async function take(
    req: IncomingMessage,
    name: string,
    source: ReceiverSource,
    stay: Pick<Stay, 'grow' | 'arrived'>,
  ): Promise<Outcome> {
    const address = senderAddress(req);
    if (!source.accepts(address)) {
      const why = `sent from ${address ?? 'an unknown address'}, which is in none of its networks`;
      return { reason: 'wrong-network', refusal: { ...unproven, why } };
    }
    if (req.headers['transfer-encoding'] !== undefined)
      req.on('data', (chunk: Buffer) => stay.grow(chunk.length) || breakOff(req, tooLong));
    const read = await readBody(req);
    if (!read.ok) return { reason: unreadBecause[read.refusal.status] ?? 'cut-short', refusal: read.refusal };
    stay.arrived();
    const { body } = read;

    const receivedAt = now();
    // Distinct headers: joined ones would let a second signature hide behind the first.
    const proof = source.verify({ headers: distinctHeaders(req.rawHeaders), body }, receivedAt);
    if (!proof.ok) return { reason: proof.fault ?? 'unproven', refusal: { ...unproven, why: proof.why }, body };
    const oldSecret = proof.isOld;
    if (oldSecret) tally.count('oldSecrets', { source: name });

    const reading = source.toEvent(proof.verified, receivedAt);
    if (!reading.ok) {
      const { why, isStale, reply } = reading;
      if (isStale) return { reason: 'stale', refusal: { ...unproven, why }, body, oldSecret };
      if (reply !== undefined) return { answered: reply, why, oldSecret };
      // The one refusal that no repetition mends: the bytes are the sender's own, and it is told so where it listens.
      const refusal = { status: 400, detail: why, why: `proven, but ${why}`, headers: source.giveUp ?? {} };
      return { reason: 'not-json', refusal, body, oldSecret };
    }

    // The id first: V8 takes ten times as long for an object that begins with the fields of another (measured).
    const event: Event = { id: newId('ev'), ...reading.draft, receivedAt };
    const decisions = rules.decide(event, receivedAt);
    // The kind belongs to the name: a digest and an id that look alike are two deliveries.
    const { kind, key, windowMs, replay } = reading.key;
    const delivery = { key: `${kind}:${key}`, windowMs, replay };
    const stored = await commit({ event, rawBody: body, keepMs: source.keepMs, delivery, decisions, version });
    if (stored.kind === 'unavailable')
      return { reason: 'unavailable', refusal: unavailable(stored.why), body, oldSecret };
    if (stored.kind === 'conflict') throw new Error('the core found a conflict for a delivery that has no digest');
    return { received: { event, stored, decisions, notes: reading.notes, oldSecret, bytes: body.length } };
  };
}

const unreadBecause: Readonly<Record<number, Reason>> = { 413: 'too-large', 415: 'encoded', 429: 'busy' };

/** What its body will take of our memory; nothing yet where it comes in chunks, each of which is counted as it comes. */
function announcedBytes({ headers }: IncomingMessage, mostBytes: number): number {
  if (headers['transfer-encoding'] !== undefined) return 0;
  return Math.min(Number(headers['content-length'] ?? 0), mostBytes);
}

/** One line a second for each source: a line for each delivery would make our log the flood. */
function makeTellExcess(log: Log, now: () => number) {
  const toldAt = new Map<string | undefined, number>();
  return function tellExcess(requestId: string, source: string | undefined, excess: Excess): void {
    if (Math.abs(now() - (toldAt.get(source) ?? Number.NEGATIVE_INFINITY)) < 1000) return;
    toldAt.set(source, now());
    log.warn({ requestId, ...(source === undefined ? {} : { source }), excess }, 'flood.held');
  };
}
