// Owns the calls to the vendor: one method an endpoint, one total deadline a call, every reply turned into an Answer.
// Keeps no pace and retries nothing: who calls has prepared the credentials, has taken a slot, and judges the answer.
import { errors, Pool } from 'undici';
import type { Account } from '../config/schema.ts';
import { type Answer, type Applied, clockOffset, judge, parseApplied, parseTicket, type Ticket } from './answer.ts';
import type { Credentials } from './credentials.ts';
import { parseTicketPage, type TicketPage } from './list.ts';
import type { Status } from './ticket.ts';
import type { Sent } from './token-grant.ts';

export interface Spacebring {
  /** `PUT /support/tickets/v1/{id}/status` with `{"ticket":{"status":…}}` (vendor contract). Never throws. */
  setStatus(ticket: string, status: Status): Promise<Answer<Applied>>;
  /** `GET /support/tickets/v1/{id}` (vendor contract). Never throws. */
  readTicket(ticket: string): Promise<Answer<Ticket>>;
  /**
   * `GET /support/tickets/v1?locationRef=…`, a hundred tickets a page (vendor contract), the oldest first: what changes or
   * comes meanwhile does not move the pages that are still to be read. Never throws.
   */
  listTickets(location: string, pageToken?: string): Promise<Answer<TicketPage>>;
  /** Drops the connections; calls under way end as `unknown`. */
  close(): Promise<void>;
}

/** Codes of Node and undici that mean the request never left this machine, where it had no connection yet. */
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

/** The connections of one account. */
export interface Line {
  /** One request below the base address, one reply. Never rejects. */
  send(request: {
    readonly method: 'GET' | 'PUT' | 'POST';
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  }): Promise<Sent>;
  close(): Promise<void>;
}

/** Opens a line for an account. The pool connects on the first call, not before. */
export function openLine(account: Pick<Account, 'baseUrl' | 'rate' | 'callTimeout'>): Line {
  const { origin, pathname } = new URL(account.baseUrl);
  const pool = new Pool(origin, {
    connections: Math.max(10, account.rate * 2),
    pipelining: 1,
    // Below the idle time of common servers and proxies: a socket that they close while we write fails the call.
    keepAliveTimeout: 3_000,
    connect: { timeout: Math.min(3_000, account.callTimeout) },
    headersTimeout: account.callTimeout,
    bodyTimeout: account.callTimeout,
    maxResponseSize: 1_000_000,
  });
  return {
    async send({ path, headers, ...request }) {
      try {
        const reply = await pool.request({
          ...request,
          path: pathname.replace(/\/$/, '') + path,
          headers: { accept: 'application/json', 'user-agent': 'statuswire', ...headers },
          // The only bound that covers the whole call: undici's own timeouts start again with every chunk.
          signal: AbortSignal.timeout(account.callTimeout),
        });
        const text = await reply.body.text();
        return { kind: 'reply', reply: { httpStatus: reply.statusCode, headers: reply.headers, text } };
      } catch (error) {
        return fromError(error, account.callTimeout);
      }
    },
    close: () => pool.destroy(),
  };
}

/** POST {baseUrl}/oauth2/token, form-encoded (vendor: Authentication). Never rejects. */
export function exchangeForm(line: Pick<Line, 'send'>, form: string): Promise<Sent> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return line.send({ method: 'POST', path: '/oauth2/token', headers, body: form });
}

export interface SpacebringParts {
  readonly line: Line;
  readonly credentials: Pick<Credentials, 'proof' | 'refused'>;
  /** The network to act in; a bearer token needs one. */
  readonly networkId?: string | undefined;
  /** The wall clock, ms. */
  readonly now: () => number;
}

/** The calls of one account, on its line. */
export function makeSpacebring({ line, credentials, networkId, now }: SpacebringParts): Spacebring {
  const network = networkId === undefined ? {} : { 'spacebring-network-id': networkId };
  const path = (ticket: string) => `/support/tickets/v1/${encodeURIComponent(ticket)}`;

  async function call<T>(
    request: { method: 'GET' | 'PUT'; path: string; body?: string },
    parse: (offsetMs: number) => (body: unknown) => T | undefined,
  ): Promise<Answer<T>> {
    const proof = credentials.proof();
    if (proof === undefined) return { kind: 'failed', why: 'there is no access token yet' };
    const type = request.body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = await line.send({ ...request, headers: { ...proof.headers, ...network, ...type } });
    if (sent.kind !== 'reply') return sent;
    const answer = judge(sent.reply, parse(clockOffset(sent.reply.headers.date, now())), now());
    if (answer.kind === 'unauthorized' && answer.httpStatus === 401) credentials.refused(proof);
    return answer;
  }

  return {
    setStatus: (ticket, status) =>
      call({ method: 'PUT', path: `${path(ticket)}/status`, body: JSON.stringify({ ticket: { status } }) }, () =>
        parseApplied(status),
      ),
    readTicket: (ticket) => call({ method: 'GET', path: path(ticket) }, parseTicket),
    listTickets(location, pageToken) {
      const query = new URLSearchParams({ locationRef: location, limit: '100', order: 'createDate:asc' });
      if (pageToken !== undefined) query.set('nextPageToken', pageToken);
      return call({ method: 'GET', path: `/support/tickets/v1?${query}` }, () => parseTicketPage);
    },
    close: () => line.close(),
  };
}

/** A transport error as an answer; its text holds a code and a sentence, never the request (credentials are in there). */
/** What an error of a request says: it did not reach the vendor (`failed`), or nobody knows (`unknown`). */
export function fromError(error: unknown, timeoutMs: number): Sent {
  const { name, code, syscall, message }: NodeJS.ErrnoException =
    error instanceof Error ? error : new Error(String(error));
  if (
    name === 'TimeoutError' ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  ) {
    return { kind: 'unknown', why: `no complete answer within ${timeoutMs} ms` };
  }
  const why = `${code ?? name}: ${message}`.slice(0, 200);
  // A route that is lost while a connection is in use has the same code: then the request may be there already.
  const wasInUse = syscall === 'read' || syscall === 'write';
  if (code !== undefined && NOT_SENT.has(code) && !wasInUse)
    return { kind: 'failed', why: `could not reach the vendor (${why})` };
  return { kind: 'unknown', why: `the connection broke (${why})` };
}
