// Owns the calls to the vendor: one method an endpoint, one total deadline a call, every reply turned into an Answer.
// Keeps no pace and retries nothing: who calls has taken a slot first and judges what to do with the answer.
import { errors, Pool } from 'undici';
import type { Account } from '../config/schema.ts';
import { type Answer, type Applied, clockOffset, judge, parseApplied, parseTicket, type Ticket } from './answer.ts';
import type { Status } from './ticket.ts';

export interface Spacebring {
  /** `PUT /support/tickets/v1/{id}/status` with `{"ticket":{"status":…}}` (vendor contract). Never throws. */
  setStatus(ticket: string, status: Status): Promise<Answer<Applied>>;
  /** `GET /support/tickets/v1/{id}` (vendor contract). Never throws. */
  readTicket(ticket: string): Promise<Answer<Ticket>>;
  /** Drops the connections; calls under way end as `unknown`. */
  close(): Promise<void>;
}

/** undici's codes that mean the request never left this machine; everything else may have arrived. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The calls of one account. `now` is the wall clock in ms. The pool connects on the first call, not before. */
export function makeSpacebring(account: Account, now: () => number): Spacebring {
  const base = new URL(account.baseUrl);
  const pool = new Pool(base.origin, {
    connections: Math.max(10, account.rate * 2),
    pipelining: 1,
    // Below the idle time of common servers and proxies: a socket that they close while we write fails the call.
    keepAliveTimeout: 3_000,
    connect: { timeout: Math.min(3_000, account.callTimeout) },
    headersTimeout: account.callTimeout,
    bodyTimeout: account.callTimeout,
    maxResponseSize: 1_000_000,
  });
  const { clientId, clientSecret } = account.auth.basic;
  const headers = {
    authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    accept: 'application/json',
    'user-agent': 'statuswire',
    ...(account.networkId === undefined ? {} : { 'spacebring-network-id': account.networkId }),
  };
  const path = (ticket: string) =>
    `${base.pathname.replace(/\/$/, '')}/support/tickets/v1/${encodeURIComponent(ticket)}`;

  async function call<T>(
    request: { method: 'GET' | 'PUT'; path: string; body?: string },
    parse: (offsetMs: number) => (body: unknown) => T | undefined,
  ): Promise<Answer<T>> {
    try {
      const reply = await pool.request({
        ...request,
        headers: request.body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        // The only bound that covers the whole call: undici's own timeouts start again with every chunk.
        signal: AbortSignal.timeout(account.callTimeout),
      });
      const text = await reply.body.text();
      const offsetMs = clockOffset(reply.headers.date, now());
      return judge({ httpStatus: reply.statusCode, headers: reply.headers, text }, parse(offsetMs), now());
    } catch (error) {
      return fromError(error, account.callTimeout);
    }
  }

  return {
    setStatus: (ticket, status) =>
      call({ method: 'PUT', path: `${path(ticket)}/status`, body: JSON.stringify({ ticket: { status } }) }, () =>
        parseApplied(status),
      ),
    readTicket: (ticket) => call({ method: 'GET', path: path(ticket) }, parseTicket),
    close: () => pool.destroy(),
  };
}

/** A transport error as an answer; its text holds a code and a sentence, never the request (credentials are in there). */
function fromError(error: unknown, timeoutMs: number): Answer<never> {
  const { name, code, message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  if (
    name === 'TimeoutError' ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  ) {
    return { kind: 'unknown', why: `no complete answer within ${timeoutMs} ms` };
  }
  const why = `${code ?? name}: ${message}`.slice(0, 200);
  if (code !== undefined && NOT_SENT.has(code)) return { kind: 'failed', why: `could not reach the vendor (${why})` };
  return { kind: 'unknown', why: `the connection broke (${why})` };
}
