// Owns how this surface answers: JSON, and RFC 9457 problem documents for everything that is not a success. Promises
// that each answer carries its request id, and that a problem says only what its caller may know.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';

/** Seconds a sender is asked to wait while Redis is away: longer than a restart takes, shorter than a sender's patience. */
const RETRY_AFTER_S = 5;

/** Up to this much is read of a body that nobody wants: it costs less than the connection that its sender would open anew. */
const CHEAP_BYTES = 64 * 1024;

/** One answer that is not a success. `detail` goes to the caller; `why` only into our log. */
export interface Refusal {
  readonly status: number;
  readonly detail: string;
  readonly why: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Which values of a request were wrong; only for callers that have proven themselves. */
  readonly errors?: readonly { readonly path: string; readonly expected: string }[];
}

const requestId = Symbol('request id');

/**
 * Every answer carries it in the end. Not a header from the beginning: with one that is set, Node takes all the others one by
 * one as well (measured).
 */
export function giveRequestId(res: ServerResponse & { [requestId]?: string }, id: string): void {
  res[requestId] = id;
}

/** The request id that the answer was given before anything else ran. */
export function requestIdOf(res: ServerResponse & { [requestId]?: string }): string {
  return res[requestId] ?? '';
}

/** Ends the answer with `body` as JSON. No answer of ours may be cached or read as another type. */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendText(res, status, JSON.stringify(body), { 'content-type': 'application/json; charset=utf-8', ...headers });
}

/** Ends the answer with `text`, as plain text unless `headers` say otherwise. */
export function sendText(
  res: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  // What else would come is not read: the sender is told so, and the connection ends (linger.ts).
  if (leavesMuch(res.req)) res.setHeader('connection', 'close');
  res.writeHead(status, {
    'x-request-id': requestIdOf(res),
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
    'content-length': Buffer.byteLength(text),
  });
  res.end(text);
}

/**
 * Whether more than a little may still come of the request that is answered. Announcements are all that is asked: whoever
 * answers at once does so before the parser has come to the body, be it there already.
 */
function leavesMuch({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  // Who waits for a 100 may send the body or not, and what comes next could be either (Node would say `close` as well).
  if (headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > CHEAP_BYTES;
}

/** Ends the answer with a problem document. The type is `about:blank`: the status says what kind of problem it is. */
export function sendProblem(
  res: ServerResponse,
  { status, detail, headers, errors }: Pick<Refusal, 'status' | 'detail' | 'headers' | 'errors'>,
): void {
  const body = problemOf({ status, detail, requestId: requestIdOf(res) });
  sendJson(res, status, errors === undefined ? body : { ...body, errors }, {
    'content-type': 'application/problem+json; charset=utf-8',
    ...headers,
  });
}

/** The document itself, also for answers that are written without a response object (`listen.ts`). */
export function problemOf(facts: { status: number; detail: string; requestId: string }) {
  const { status, detail, requestId } = facts;
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, requestId };
}

/** Redis cannot confirm: nothing is promised, and the sender should say it again. */
export function unavailable(why: string): Refusal {
  return {
    status: 503,
    detail: 'The request cannot be stored safely right now. Send it again later; a repetition is recognised.',
    why,
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  };
}
