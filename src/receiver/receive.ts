// Owns the story of one delivery: raw bytes → source known? → signature → event → rules decide → commit → 202.
// Promises that unproven bytes are never parsed and that a 2xx is sent only after the commit. Leaves what a signature
// is to the source, what an event means to the rules, and storing to the core.
import type { RequestHandler } from 'express';
import type { Event } from '../event.ts';
import type { Log } from '../log.ts';
import type { Decision } from '../rule/rule.ts';
import type { Source } from '../source/source.ts';
import type { ReadBody } from './body.ts';
import type { Commit } from './commit.ts';
import { type Refusal, sendJson, sendProblem, sendText, unavailable } from './problem.ts';
import type { SenderAddress } from './sender-address.ts';
import { idsOf, tellAnswered, tellReceived, tellRefused } from './wide-line.ts';

/** A configured sender, as far as the door needs it. Only its `verify` can make what its `toEvent` takes. */
export type ReceiverSource = Pick<Source, 'keepMs' | 'accepts' | 'verify' | 'toEvent'>;

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

/** The handler of `POST /hooks/:source`. Rejects only with defects; those become a 500 and a redelivery. */
export function makeReceive(parts: {
  sources: ReadonlyMap<string, ReceiverSource>;
  rules: Rules;
  commit: Commit;
  readBody: ReadBody;
  senderAddress: SenderAddress;
  newId: (prefix: 'ev') => string;
  now: () => number;
  log: Log;
}): RequestHandler {
  const { sources, rules, commit, readBody, senderAddress, newId, now, log } = parts;
  return async function receive(req, res) {
    const startedAt = now();
    const ids = idsOf(req, res);
    const name = String(req.params.source);
    const refuse = (refusal: Refusal): void => {
      tellRefused(log, { ids, source: name, refusal, durationMs: now() - startedAt });
      sendProblem(res, refusal);
    };

    // Before the body is read: a stranger's megabyte for a source that is not there is not worth our memory.
    const source = sources.get(name);
    if (source === undefined) return refuse(unknownSource);
    const address = senderAddress(req);
    if (!source.accepts(address))
      return refuse({
        ...unproven,
        why: `sent from ${address ?? 'an unknown address'}, which is in none of its networks`,
      });
    const read = await readBody(req, res);
    if (!read.ok) return refuse(read.refusal);
    const rawBody = read.body;

    const receivedAt = now();
    // Distinct headers: joined ones would let a second signature hide behind the first.
    const proof = source.verify({ headers: req.headersDistinct, body: rawBody }, receivedAt);
    if (!proof.ok) return refuse({ ...unproven, why: proof.why });

    const reading = source.toEvent(proof.verified, receivedAt);
    if (!reading.ok) {
      if (reading.isStale) return refuse({ ...unproven, why: reading.why });
      if (reading.reply === undefined)
        return refuse({ status: 400, detail: reading.why, why: `proven, but ${reading.why}` });
      tellAnswered(log, { ids, source: name, why: reading.why, durationMs: now() - startedAt });
      return sendText(res, 200, reading.reply.text);
    }

    const event: Event = { ...reading.draft, id: newId('ev'), receivedAt };
    const decisions = rules.decide(event, receivedAt);
    // The kind belongs to the name: a digest and an id that look alike are two deliveries.
    const delivery = { key: `${reading.key.kind}:${reading.key.key}`, windowMs: reading.key.windowMs };
    const version = rules.version === undefined ? {} : { version: rules.version };
    const stored = await commit({ event, rawBody, delivery, keepMs: source.keepMs, decisions, ...version });
    if (stored.kind === 'unavailable') return refuse(unavailable(stored.why));
    if (stored.kind === 'conflict') throw new Error('the core found a conflict for a delivery that has no digest');

    const { notes } = reading;
    const oldSecret = (proof.secretIndex ?? 0) > 0;
    const facts = { ids, event, stored, decisions, notes, oldSecret, bytes: rawBody.length };
    tellReceived(log, { ...facts, durationMs: now() - startedAt });
    sendJson(res, 202, { event: stored.eventId, duplicate: stored.duplicate, changes: stored.changes.length });
  };
}
