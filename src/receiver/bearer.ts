// Owns the door of the operators' routes: one token, compared in constant time. Leaves rates to flood.ts.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Log } from '../log.ts';
import { requestIdOf, sendProblem } from './problem.ts';

/** Lets a request pass that carries `Authorization: Bearer <token>` exactly once. Without a token set, none passes. */
export function makeBearerGate({ token, log }: { token: string | undefined; log: Log }): RequestHandler {
  const expected = token === undefined || token === '' ? undefined : digestOf(token);
  return function bearerGate(req, res, next) {
    const given = givenToken(req.headersDistinct.authorization);
    // Digests have one length, so the comparison tells nothing about the token, not even how long it is.
    if (expected !== undefined && given !== undefined && timingSafeEqual(expected, digestOf(given))) return next();
    const why = expected === undefined ? 'no token is set' : given === undefined ? 'no token given' : 'wrong token';
    log.info({ requestId: requestIdOf(res), status: 401, why }, 'api.refused');
    sendProblem(res, {
      status: 401,
      detail:
        expected === undefined
          ? 'This interface is closed: set STATUSWIRE_API_TOKEN in the environment to open it.'
          : 'Send the value of STATUSWIRE_API_TOKEN as `Authorization: Bearer …`.',
      headers: { 'www-authenticate': 'Bearer realm="statuswire"' },
    });
  };
}

function givenToken(values: readonly string[] | undefined): string | undefined {
  if (values?.length !== 1) return undefined;
  return /^Bearer +([^\s]+)$/i.exec(values[0] ?? '')?.[1];
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
