// Owns the story of one wish of a script: bytes → key → wish → event and decision → commit → 202. The bearer gate stands
// before it; everything after the commit is the same road that a webhook's change takes.
import type { RequestHandler } from 'express';
import type { Log } from '../log.ts';
import type { ReadBody } from './body.ts';
import type { Commit } from './commit.ts';
import { distinctHeaders } from './distinct-headers.ts';
import { type Refusal, sendJson, sendProblem, unavailable } from './problem.ts';
import { idsOf, tellReceived, tellRefused } from './wide-line.ts';
import { decisionOf, digestOf, eventOf, parseIdempotencyKey, parseWish } from './wish.ts';

/** How long an Idempotency-Key is recognised and the body of a wish is kept: as for a webhook that has an id. */
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

/** The handler of `POST /api/changes`. Rejects only with defects. */
export function makeRequestChange(parts: {
  accounts: readonly string[];
  commit: Commit;
  readBody: ReadBody;
  newId: (prefix: 'ev') => string;
  now: () => number;
  log: Log;
}): RequestHandler {
  const { accounts, commit, readBody, newId, now, log } = parts;
  return async function requestChange(req, res) {
    const startedAt = now();
    const ids = idsOf(req, res);
    const refuse = (refusal: Refusal): void => {
      tellRefused(log, { ids, source: 'api', refusal, durationMs: now() - startedAt });
      sendProblem(res, refusal);
    };

    const read = await readBody(req);
    if (!read.ok) return refuse(read.refusal);
    const key = parseIdempotencyKey(distinctHeaders(req.rawHeaders)['idempotency-key']);
    if (!key.ok) return refuse(key.refusal);
    const parsed = parseWish(read.body, accounts);
    if (!parsed.ok) return refuse(parsed.refusal);
    const wish = parsed.value;

    const event = eventOf(wish, newId('ev'), now());
    const decisions = [decisionOf(wish)];
    // Without a key every request is a wish of its own. The two sorts of names cannot meet.
    const name = key.value === undefined ? `once:${event.id}` : `key:${key.value}`;
    const stored = await commit({
      event,
      rawBody: read.body,
      delivery: { key: name, windowMs: WEEK_MS },
      keepMs: WEEK_MS,
      decisions,
      digest: digestOf(wish),
    });
    if (stored.kind === 'unavailable') return refuse(unavailable(stored.why));
    if (stored.kind === 'conflict') return refuse(conflictWith(stored.eventId));
    const [change] = stored.changes;
    if (change === undefined)
      throw new Error(`event ${stored.eventId} was stored without the change that was asked for`);

    const durationMs = now() - startedAt;
    tellReceived(log, { ids, event, stored, decisions, notes: [], bytes: read.body.length, durationMs });
    sendJson(res, 202, { change, event: stored.eventId, duplicate: stored.duplicate });
  };
}

function conflictWith(eventId: string): Refusal {
  return {
    status: 422,
    detail: `This Idempotency-Key was used before with another body, by event ${eventId}. Use a new key for a new wish.`,
    why: `Idempotency-Key was used with another body by ${eventId}`,
  };
}
