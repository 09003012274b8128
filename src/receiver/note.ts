// Owns how a request that was turned away becomes a line for the operator (`/api/rejections`), whoever turned it away.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reason } from '../ledger/rejection.ts';
import { type Refusal, requestIdOf } from './problem.ts';
import { describeRequest, toRejection } from './rejection.ts';
import type { SenderAddress } from './sender-address.ts';
import type { TurnedAway } from './turned-away.ts';

/** Why a request is turned away, and what was read of it. */
export interface Turned {
  readonly reason: Reason;
  readonly refusal: Pick<Refusal, 'status' | 'why'>;
  readonly body?: Buffer;
}

/** Notes it, under its source where `asked` is one of those configured. Never throws, never waits. */
export type Note = (req: IncomingMessage, res: ServerResponse, turned: Turned, asked?: string) => void;

export function makeNote(parts: {
  sources: { has(name: string): boolean };
  turnedAway: Pick<TurnedAway, 'note'>;
  senderAddress: SenderAddress;
  now: () => number;
}): Note {
  const { sources, turnedAway, senderAddress, now } = parts;
  return function note(req, res, { reason, refusal, body }, asked) {
    const isKnown = asked !== undefined && sources.has(asked);
    const who = isKnown ? { source: asked } : { source: undefined, asked };
    const facts = { ...who, at: now(), reason, refusal, requestId: requestIdOf(res), from: senderAddress(req) };
    turnedAway.note(toRejection(facts, describeRequest(req, body)));
  };
}
