// Owns the socket: how long a sender may take, how many there may be, what is said to bytes that are not HTTP, and how
// the door closes. Leaves every answer to a readable request to the listener it is given.
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { problemOf } from './problem.ts';

export interface ServerLimits {
  /** From the first byte (or the connection) to the end of the headers; Node's own 60 s invite slow senders to stay. */
  readonly headersMs: number;
  /** From the first byte to the end of the body. */
  readonly requestMs: number;
  /** How often the two above are looked at. */
  readonly checkMs: number;
  /**
   * How long an idle connection stays open. Above the 60 s after which the usual proxies (nginx, the clouds' load
   * balancers) drop theirs: who closes first must be the side that sends, or it meets a closed door with a request in
   * its hand and tells the sender 502.
   */
  readonly keepAliveMs: number;
  /** Open connections; more are closed at once. Idle ones are cheap, each one that sends may hold a body. */
  readonly connections: number;
}

const defaultLimits: ServerLimits = {
  headersMs: 5000,
  requestMs: 10_000,
  checkMs: 2000,
  keepAliveMs: 65_000,
  connections: 1024,
};

/** An open door. */
export interface Listening {
  /** Where it is, for instance `http://127.0.0.1:8080`; the port is the one given by the system when 0 was asked for. */
  readonly url: string;
  readonly port: number;
  /**
   * Stops taking connections, lets requests in flight finish, and destroys what is left after `deadlineMs`. Resolves
   * when no connection is open; a second call gets the promise of the first.
   */
  close(deadlineMs: number): Promise<void>;
}

/** Opens the door. Rejects when the address cannot be had, with the sentence a person needs. */
export async function listen(parts: {
  handler: RequestListener;
  host: string;
  port: number;
  newId: (prefix: 'req') => string;
  limits?: Partial<ServerLimits>;
}): Promise<Listening> {
  const { handler, host, port, newId } = parts;
  const limits = { ...defaultLimits, ...parts.limits };
  const inFlight = new Set<ServerResponse>();
  let closing: Promise<void> | undefined;

  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: limits.keepAliveMs,
    },
    (req, res) => {
      inFlight.add(res);
      res.once('close', () => inFlight.delete(res));
      if (closing !== undefined) res.setHeader('connection', 'close');
      handler(req, res);
    },
  );
  server.maxConnections = limits.connections;
  server.on('clientError', (error, socket) => refuseBytes(error, socket as Socket, newId('req')));
  await bind(server, host, port);

  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    port: bound,
    close(deadlineMs) {
      closing ??= closeServer(server, inFlight, deadlineMs);
      return closing;
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => {
      const why = cause.code === 'EADDRINUSE' ? 'the port is taken' : (cause.code ?? cause.message);
      reject(new Error(`Cannot listen on ${host}:${port}: ${why}. Set HOST and PORT to a free address.`, { cause }));
    };
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function closeServer(server: Server, inFlight: ReadonlySet<ServerResponse>, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = setTimeout(() => server.closeAllConnections(), deadlineMs);
    server.close(() => {
      clearTimeout(end);
      resolve();
    });
    // Their connections end with the answer; without this they would stay open and idle until the deadline.
    for (const res of inFlight) if (!res.headersSent) res.setHeader('connection', 'close');
  });
}

const unreadable: Readonly<Record<string, { status: number; detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The headers are too large.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: 'The chunk extensions are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request took too long to arrive.' },
};

/** Answers what Node's parser could not read, in the same form as every other problem, and ends the connection. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, detail } = unreadable[error.code ?? ''] ?? { status: 400, detail: 'The request cannot be read.' };
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
