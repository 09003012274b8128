// Owns the count of connections and what each may take: those that wait make room for new ones, and nobody is owed many
// answers, or one for long. Leaves what is answered to listen.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that one connection may have open. Nobody who waits for answers has two; more are only made to be heavy. */
const MOST_OWED = 16;

export interface ConnectionLimits {
  /** Open connections; beyond it the one that has waited longest is closed. */
  readonly most: number;
  /** How often `tick` is called. */
  readonly checkMs: number;
  /** From the headers of a request until its answer is taken. */
  readonly owedMs: number;
}

/** One connection. */
interface Held {
  /** Its unfinished answers in their order, with the tick at which each was begun. */
  readonly owed: Map<ServerResponse, number>;
  /** The last request whose answer was taken before it had come whole; the rest of it may have come since. */
  answeredEarly?: IncomingMessage;
}

export interface Connections {
  /** Takes a connection in; when that is one too many, another ends. */
  open(socket: Socket): void;
  /** Begins an answer. False where the connection has ended, or is about to, and nothing needs to be done. */
  begin(res: ServerResponse): boolean;
  /** Ends the connections whose answers are not taken. */
  tick(): void;
  /** Ends the connections on which no request is coming. Those that have had one and wait for the next Node ends itself. */
  endIdle(): void;
  /** The unfinished answers of one connection, or of all, in their order. */
  owed(socket?: Socket): ServerResponse[];
  /** Whether the request that is coming in has been answered already. */
  hasAnswered(socket: Socket): boolean;
  /** Whether a handler is at work: it owes an answer, be it one that nobody is there to hear any more. */
  areBusy(): boolean;
}

export function makeConnections({ most, checkMs, owedMs }: ConnectionLimits): Connections {
  const held = new Map<Socket, Held>();
  /** Those that owe us a request, the one that has waited longest first. */
  const waiting = new Set<Socket>();
  /** Answers whose connection ended first. Their handlers end them all the same, and tell of them before that. */
  const unheard = new Set<ServerResponse>();
  // Ticks instead of a clock: what is looked at every two seconds needs no time of day for each request.
  let now = 0;
  const patience = Math.ceil(owedMs / checkMs);

  /** At once and not with its `close`: until then it would be counted, and others would end in its place. */
  function forget(socket: Socket): void {
    for (const res of held.get(socket)?.owed.keys() ?? []) if (!res.writableEnded) unheard.add(res);
    held.delete(socket);
    waiting.delete(socket);
  }

  function end(socket: Socket): void {
    forget(socket);
    socket.destroy();
  }

  function owedOn(socket?: Socket): ServerResponse[] {
    const some = socket === undefined ? [...held.values()] : [held.get(socket)];
    return some.flatMap((one) => [...(one?.owed.keys() ?? [])]);
  }

  function hasAnswered(socket: Socket): boolean {
    const one = held.get(socket);
    if (one === undefined) return false;
    return one.answeredEarly?.complete === false || [...one.owed.keys()].some(isAnsweredEarly);
  }

  return {
    open(socket) {
      socket.once('close', () => forget(socket));
      if (held.size >= most) {
        const [longest] = waiting;
        if (longest === undefined) return void socket.destroy();
        end(longest);
      }
      held.set(socket, { owed: new Map() });
      waiting.add(socket);
    },

    begin(res) {
      const { socket } = res.req;
      const one = held.get(socket);
      if (one === undefined || !socket.writable) return false;
      const { owed } = one;
      // Of what comes behind a last answer nobody would hear what became of it: the sender has to say it again elsewhere.
      if (owed.size > 0 && [...owed.keys()].some(isLast)) return false;
      if (owed.size >= MOST_OWED) {
        end(socket);
        return false;
      }
      waiting.delete(socket);
      owed.set(res, now);
      // Where the connection ends first, Node tells it only to the first of its answers; `forget` is for the others.
      res.on('close', () => {
        owed.delete(res);
        if (!res.req.complete) one.answeredEarly = res.req;
        if (owed.size === 0 && held.has(socket)) waiting.add(socket);
      });
      return true;
    },

    tick() {
      now += 1;
      for (const res of unheard) if (res.writableEnded) unheard.delete(res);
      for (const [socket, { owed }] of held) {
        const [oldest] = owed.values();
        if (oldest !== undefined && now - oldest > patience) end(socket);
      }
    },

    endIdle() {
      for (const socket of waiting) if (socket.bytesRead === 0 || hasAnswered(socket)) socket.destroySoon();
    },

    owed: owedOn,

    hasAnswered,

    areBusy: () => [...unheard, ...owedOn()].some((res) => !res.writableEnded),
  };
}

function isLast(res: ServerResponse): boolean {
  return res.getHeader('connection') === 'close';
}

function isAnsweredEarly({ headersSent, req }: ServerResponse): boolean {
  return headersSent && !req.complete;
}
