// Owns what is answered to what breaks HTTP itself: bytes that are no request, and requests that Node would refuse without
// a word of ours. The form is that of every other problem; no route sees any of it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { giveRequestId, problemOf, type Refusal, sendProblem } from './problem.ts';

export type Breach = Pick<Refusal, 'status' | 'detail'>;

export const wrongHost: Breach = { status: 400, detail: 'Send exactly one Host header.' };
export const unknownExpectation: Breach = { status: 417, detail: 'The only Expect that is met here is 100-continue.' };

/** Exactly one Host, as RFC 9112 asks for (3.2); Node would take the first of several. HTTP/1.0 may have none. */
export function hasOneHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0');
}

/** Answers a request that no route is to see, and ends its connection: what follows on it may not be meant as it reads. */
export function refuseRequest(res: ServerResponse, breach: Breach, requestId: string): void {
  giveRequestId(res, requestId);
  sendProblem(res, { ...breach, headers: { connection: 'close' } });
}

const notHttp = { status: 400, detail: 'The request cannot be read.', why: 'the body cannot be read' };
const unreadable: Readonly<Record<string, typeof notHttp>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The headers are too large.', why: 'the headers are too large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    detail: 'The chunk extensions are too large.',
    why: 'the chunk extensions are too large',
  },
  HPE_INVALID_EOF_STATE: { ...notHttp, why: 'the sender hung up' },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    detail: 'The request took too long to arrive.',
    why: 'the body did not come in time',
  },
};

/** What ends a connection: Node's parser could not go on, or the time was up. `why` tells it of a body. */
export function breachOf(error: NodeJS.ErrnoException): Refusal {
  return { ...(unreadable[error.code ?? ''] ?? notHttp), headers: { connection: 'close' } };
}

/** Whether nobody is there any more to hear an answer. */
export function isGone(error: NodeJS.ErrnoException, socket: Socket): boolean {
  return error.code === 'ECONNRESET' || !socket.writable;
}

/** Answers bytes that no request came of, and ends the connection. */
export function refuseBytes({ status, detail }: Breach, socket: Socket, requestId: string): void {
  const problem = problemOf({ status, detail, requestId });
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${status} ${problem.title}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
