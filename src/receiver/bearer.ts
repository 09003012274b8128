// Owns the door of the operators' routes: one token, compared in constant time. Leaves rates to flood.ts.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Log } from '../log.ts';
import { distinctHeaders } from './distinct-headers.ts';
import { requestIdOf, sendProblem } from './problem.ts';

/** Whether a request carries `Authorization: Bearer <token>` exactly once. Without a token set, none does. */
export function makeHasToken(token: string | undefined): (req: IncomingMessage) => boolean {
  const expected = isSet(token) ? digestOf(token) : undefined;
  return function hasToken(req) {
    const given = givenToken(req);
    // Digests have one length, so the comparison tells nothing about the token, not even how long it is.
    return expected !== undefined && given !== undefined && timingSafeEqual(expected, digestOf(given));
  };
}

/** Lets a request pass that carries the token; the others are told how to. */
export function makeBearerGate({ token, log }: { token: string | undefined; log: Log }): RequestHandler {
  const hasToken = makeHasToken(token);
  return function bearerGate(req, res, next) {
    if (hasToken(req)) return next();
    const why = !isSet(token) ? 'no token is set' : givenToken(req) === undefined ? 'no token given' : 'wrong token';
    log.info({ requestId: requestIdOf(res), status: 401, why }, 'api.refused');
    sendProblem(res, {
      status: 401,
      detail: !isSet(token)
        ? 'This interface is closed: set STATUSWIRE_API_TOKEN in the environment to open it.'
        : 'Send the value of STATUSWIRE_API_TOKEN as `Authorization: Bearer …`.',
      headers: { 'www-authenticate': 'Bearer realm="statuswire"' },
    });
  };
}

function isSet(token: string | undefined): token is string {
  return token !== undefined && token !== '';
}

function givenToken({ rawHeaders }: IncomingMessage): string | undefined {
  const values = distinctHeaders(rawHeaders).authorization;
  if (values?.length !== 1) return undefined;
  return /^Bearer +([^\s]+)$/i.exec(values[0] ?? '')?.[1];
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
