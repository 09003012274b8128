// Owns the socket: how long a sender may take, how many there may be, in which order bytes that are not HTTP are answered,
// and how the door closes. Leaves every answer to a readable request to the listener it is given.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { breakOff } from './body.ts';
import {
  type Breach,
  breachOf,
  hasOneHost,
  isGone,
  refuseBytes,
  refuseRequest,
  unknownExpectation,
  wrongHost,
} from './breach.ts';
import { type Connections, makeConnections } from './connections.ts';
import { endInStages } from './linger.ts';
import { unavailable } from './problem.ts';

export interface ServerLimits {
  /** From the first byte (or the connection) to the end of the headers; Node's own 60 s invite slow senders to stay. */
  readonly headersMs: number;
  /** From the first byte to the end of the body. */
  readonly requestMs: number;
  /** Above that: how long an answer may be made and taken. Whoever does not read would keep all that it is owed with us. */
  readonly answerMs: number;
  /** How often the three above are looked at. */
  readonly checkMs: number;
  /**
   * How long an idle connection stays open. Above the 60 s after which the usual proxies (nginx, the clouds' load
   * balancers) drop theirs: who closes first must be the side that sends, or it meets a closed door with a request in
   * its hand and tells the sender 502.
   */
  readonly keepAliveMs: number;
  /**
   * Open connections; for one more, the one that has waited longest without a request is closed. Twice as many as
   * deliveries may be under way at once, so that there is such a one.
   */
  readonly connections: number;
}

const defaultLimits: ServerLimits = {
  headersMs: 5000,
  requestMs: 10_000,
  answerMs: 3000,
  checkMs: 2000,
  keepAliveMs: 65_000,
  connections: 2048,
};

/** The request of a connection that was opened right before the end is on its way. */
const MOMENT_MS = 100;
/** For handlers whose connection is gone: longer than a confirmation of Redis is waited for. */
const HANDLERS_MS = 1000;
const LOOK_MS = 5;

/** For who is still sending at the end: somebody else will take it. */
const tooLate = unavailable('we ended before the body had come');

/** An open door. */
export interface Listening {
  /** Where it is, for instance `http://127.0.0.1:8080`; the port is the one given by the system when 0 was asked for. */
  readonly url: string;
  readonly port: number;
  /**
   * Stops taking connections, lets requests in flight finish, and destroys what is left after `deadlineMs`. Resolves
   * when no connection is open and the handlers are done with what they began, at most a second later; a second call gets
   * the promise of the first.
   */
  close(deadlineMs: number): Promise<void>;
}

/** Opens the door. Rejects when the address cannot be had, with the sentence a person needs. */
export async function listen(parts: {
  handler: RequestListener;
  host: string;
  port: number;
  newId: (prefix: 'req') => string;
  /** Hears of what was refused before it came to `handler`: the answer, its request id, and from which connection. */
  onBreach?: (breach: Breach, requestId: string, from: string | undefined) => void;
  limits?: Partial<ServerLimits>;
}): Promise<Listening> {
  const { handler, host, port, newId, onBreach = () => {} } = parts;
  const limits = { ...defaultLimits, ...parts.limits };
  const { checkMs, requestMs, answerMs, connections: most } = limits;
  const connections = makeConnections({ most, checkMs, owedMs: requestMs + answerMs });
  let closing: Promise<void> | undefined;

  const refuse = (req: IncomingMessage, res: ServerResponse, breach: Breach): void => {
    const requestId = newId('req');
    refuseRequest(res, breach, requestId);
    onBreach(breach, requestId, req.socket.remoteAddress);
  };
  const refuseUnread = (error: Error, socket: Socket): void => {
    // One request has one answer. What is wrong with the rest of it changes nothing any more, and is no news to anybody.
    if (connections.hasAnswered(socket)) return void socket.destroySoon();
    if (isGone(error, socket)) return void socket.destroy();
    const requestId = newId('req');
    const breach = breachOf(error);
    // Of a request that has come to the handler it is for the handler to tell.
    const isBegun = connections.owed(socket).some((res) => !res.req.complete);
    // A connection that was only opened, by a load balancer that looks whether we live, is nothing that was turned away.
    if (!isBegun && socket.bytesRead > 0) onBreach(breach, requestId, socket.remoteAddress);
    refuseBytes(breach, socket, requestId);
  };
  const owing = (answer: RequestListener): RequestListener => {
    return (req, res) => {
      if (!connections.begin(res)) return;
      if (closing !== undefined) res.setHeader('connection', 'close');
      answer(req, res);
    };
  };
  const answerReadable = owing((req, res) => (hasOneHost(req) ? handler(req, res) : refuse(req, res, wrongHost)));
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkMs,
      keepAliveTimeout: limits.keepAliveMs,
      requireHostHeader: false, // Node's own answer would have neither a request id nor a reason
    },
    answerReadable,
  );
  // Node drops the lines after the thousandth without a word: whoever sends that many could hide a header from us, for instance
  // the one that a proxy in front adds. The head stays bounded by its bytes: Node takes 16 kB.
  server.maxHeadersCount = 0;
  // Who ends his side behind a whole request waits for the answer; Node by itself would end the other side unanswered. Afterwards
  // the connection ends: by Node with the last answer, or by `tick` when there is none. (Node has no type for it.)
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    // A body is asked for by whoever begins to read it; Node by itself would ask for those that are refused unread as well.
    // After an answer Node reads too, to throw it away.
    req.once('resume', () => res.headersSent || res.writeContinue());
    answerReadable(req, res);
  });
  server.on(
    'checkExpectation',
    owing((req, res) => refuse(req, res, unknownExpectation)),
  );
  // By a count of our own: with `maxConnections` a process of a crew does not close what is too much but hands it back,
  // and when all are full it goes round among them for ever.
  server.on('connection', (socket: Socket) => {
    endInStages(socket, () => connections.hasAnswered(socket));
    connections.open(socket);
  });
  server.on('clientError', inTheirOrder(connections, refuseUnread));
  const ticking = setInterval(connections.tick, checkMs).unref();
  server.once('close', () => clearInterval(ticking));
  await bind(server, host, port);

  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    port: bound,
    close(deadlineMs) {
      closing ??= closeServer(server, connections, deadlineMs);
      return closing;
    },
  };
}

/**
 * Refuses once, and after the answers that the connection is owed for what came whole: a refusal that overtakes a 202 would
 * tell a sender that the delivery before the garbage was not taken. The reader of a body that goes wrong refuses it himself,
 * under the request id and the source that are his; Node keeps that answer in its order.
 */
function inTheirOrder(connections: Pick<Connections, 'owed'>, refuse: (error: Error, socket: Socket) => void) {
  const refused = new WeakSet<Socket>();
  return (error: Error, stream: Duplex): void => {
    const socket = stream as Socket; // of a server without TLS it is one
    if (refused.has(socket) && socket.writable) return;
    const owed = connections.owed(socket);
    const begun = owed.find((res) => !res.req.complete && !res.headersSent);
    if (begun !== undefined && !isGone(error, socket) && breakOff(begun.req, breachOf(error))) return;
    const last = owed.findLast((res) => res.req.complete || res.headersSent);
    if (last === undefined || !socket.writable) {
      refuse(error, socket);
      return;
    }
    refused.add(socket);
    last.once('finish', () => refuse(error, socket));
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

async function closeServer(
  server: Server,
  connections: Pick<Connections, 'owed' | 'endIdle' | 'areBusy'>,
  deadlineMs: number,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = setTimeout(() => {
      for (const { req } of connections.owed()) if (!req.complete) breakOff(req, tooLate);
      setImmediate(() => server.closeAllConnections()); // by then the answers are on their way
    }, deadlineMs);
    const quiet = setTimeout(connections.endIdle, MOMENT_MS);
    server.close(() => {
      clearTimeout(end);
      clearTimeout(quiet);
      resolve();
    });
    // Their connections end with the last answer; without this they would stay open and idle until the deadline.
    const last = new Map(connections.owed().map((res) => [res.req.socket, res]));
    for (const res of last.values()) if (!res.headersSent) res.setHeader('connection', 'close');
  });
  // Handlers hear later than the server that a connection is gone, or are waiting for Redis; what they tell is to be kept.
  for (let leftMs = HANDLERS_MS; leftMs > 0 && connections.areBusy(); leftMs -= LOOK_MS) await wait(LOOK_MS);
}
