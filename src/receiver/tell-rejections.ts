// Owns the operators' question "why does nothing happen": what was turned away lately, with how many of each sort there
// were. Leaves who may ask to the bearer gate, and what is kept to the ledger.
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { reasons, unknownSource } from '../ledger/rejection.ts';
import type { RejectionQuery, Rejections } from '../ledger/rejections.ts';
import type { Batches } from '../redis/batches.ts';
import { late, within } from './deadline.ts';
import { word } from './ledger-query.ts';
import { type Refusal, sendJson, sendProblem, unavailable } from './problem.ts';
import { notValid } from './wish.ts';

const sourceExpected = `the name of a source, or ${unknownSource}`;
const limitExpected = 'a number from 1 to 500';

const Query = z.strictObject({
  source: word(/^(?:[A-Za-z][A-Za-z0-9_-]{0,62}|\(unknown\))$/, sourceExpected).optional(),
  reason: z.enum(reasons, { error: `expected one of ${reasons.join(', ')}` }).optional(),
  limit: word(/^\d{1,3}$/, limitExpected)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= 500, { error: `expected ${limitExpected}` })
    .prefault('100'),
});

/** Reads the query string of `GET /api/rejections`; unknown or repeated parameters are told, not ignored. */
export function parseRejectionQuery(
  query: unknown,
): { readonly ok: true; readonly value: RejectionQuery } | { readonly ok: false; readonly refusal: Refusal } {
  const parsed = Query.safeParse({ ...(query as object) });
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, refusal: notValid(parsed.error) };
}

/** The handler of `GET /api/rejections`. What this process has yet to send is sent first: who asks has just tried. */
export function makeTellRejections(parts: {
  rejections: Pick<Rejections, 'read'>;
  turnedAway: Pick<Batches, 'flush'>;
  now: () => number;
  deadlineMs: number;
}): RequestHandler {
  const { rejections, turnedAway, now, deadlineMs } = parts;
  return async function tellRejections(req, res) {
    const query = parseRejectionQuery(req.query);
    if (!query.ok) return sendProblem(res, query.refusal);
    const asked = turnedAway.flush().then(() => rejections.read(query.value, now()));
    const told = await within(deadlineMs, asked);
    if (told === late) return sendProblem(res, unavailable('Redis did not answer in time'));
    sendJson(res, 200, told);
  };
}
