// A line that misbehaves on demand: a TCP proxy on loopback to put between the program and Redis, or the vendor.
// It owns the bytes on their way; which moment to strike is the test's business.
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** Whether a piece of what the program sends is the one to strike at. Commands and calls fit into one piece. */
export type Match = (piece: string) => boolean;

/** A connection stopped at a chosen request; nothing more passes on it in either direction until one of the two. */
export interface Held {
  /** Everything kept back goes on its way, in order. */
  release(): void;
  /** RST to both ends; what was kept back is lost. */
  cut(): void;
}

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** `freeze`: connections are taken and stay open, nothing passes. `refuse`: new connections are reset. */
  behave(how: 'pass' | 'freeze' | 'refuse'): void;
  /** Everything takes this much longer, each way, in order. */
  delay(ms: number): void;
  /** RST on every connection there is. */
  reset(): void;
  /** Forwards the next `times` matching requests and resets the connection at the first byte of an answer. */
  cutReplies(match: Match, times: number): { readonly cut: number };
  /**
   * Stops the connection at the `nth` matching request (default 1): `request` keeps the request itself back,
   * `reply` lets it go on and keeps back whatever is answered.
   */
  hold(what: 'request' | 'reply', match: Match, nth?: number): Promise<Held>;
  close(): Promise<void>;
}

/** A request that has not come by then does not come: the test fails rather than waits. */
const HOLD_MS = 20_000;

interface Trap {
  readonly match: Match;
  left: number;
  spring(line: Line): 'forward' | 'keep';
}

/** `to`: where the real one listens, a port on loopback or the path of a socket. */
export async function openProxy(to: { port: number } | { path: string }): Promise<TcpProxy> {
  const lines = new Set<Line>();
  const traps = new Set<Trap>();
  const state = { how: 'pass' as 'pass' | 'freeze' | 'refuse', delayMs: 0 };

  const server = createServer({ noDelay: true }, (near) => {
    if (state.how === 'refuse') return void near.resetAndDestroy();
    const far = createConnection(
      'port' in to ? { port: to.port, host: '127.0.0.1', noDelay: true } : { path: to.path },
    );
    const line = makeLine(near, far, () => state.delayMs);
    lines.add(line);
    line.isHeld = state.how === 'freeze';
    near.on('data', (bytes) => {
      const trap = [...traps].find((one) => one.match(bytes.toString('latin1')));
      if (trap !== undefined) {
        trap.left -= 1;
        if (trap.left <= 0 && trap.spring(line) === 'keep') line.isHeld = true;
      }
      line.send('up', bytes);
      if (trap !== undefined && trap.left <= 0) line.afterTrap?.();
    });
    far.on('data', (bytes) => (line.isDoomed ? line.cut() : line.send('down', bytes)));
    for (const socket of [near, far]) {
      socket.on('error', () => line.cut());
      socket.on('close', () => {
        lines.delete(line);
        line.end();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    behave(how) {
      state.how = how;
      for (const line of lines) {
        line.isHeld = how === 'freeze';
        line.flush();
      }
    },
    delay: (ms) => {
      state.delayMs = ms;
    },
    reset: () => {
      for (const line of lines) line.cut();
    },
    cutReplies(match, times) {
      const count = { cut: 0 };
      const trap: Trap = {
        match,
        left: 1,
        spring(line) {
          line.isDoomed = true;
          count.cut += 1;
          trap.left = 1;
          if (count.cut >= times) traps.delete(trap);
          return 'forward';
        },
      };
      traps.add(trap);
      return count;
    },
    hold: (what, match, nth = 1) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          traps.delete(trap);
          reject(new Error(`no such ${what} within ${HOLD_MS} ms`));
        }, HOLD_MS);
        const trap: Trap = {
          match,
          left: nth,
          spring(line) {
            traps.delete(trap);
            clearTimeout(timer);
            const held = {
              release: () => {
                line.isHeld = false;
                line.flush();
              },
              cut: () => line.cut(),
            };
            // The answer is kept back from the moment that the request is on its way.
            line.afterTrap = () => {
              line.afterTrap = undefined;
              line.isHeld = true;
              resolve(held);
            };
            return what === 'request' ? 'keep' : 'forward';
          },
        };
        traps.add(trap);
      }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const line of lines) line.cut();
      await closed;
    },
  };
}

interface Line {
  isHeld: boolean;
  /** Reset at the first byte of an answer. */
  isDoomed: boolean;
  afterTrap: (() => void) | undefined;
  send(way: 'up' | 'down', bytes: Buffer): void;
  flush(): void;
  /** RST to both ends. */
  cut(): void;
  /** One end closed: the other may still read what it was sent. */
  end(): void;
}

function makeLine(near: Socket, far: Socket, delayMs: () => number): Line {
  const kept: (() => void)[] = [];
  const line: Line = {
    isHeld: false,
    isDoomed: false,
    afterTrap: undefined,
    send(way, bytes) {
      const target = way === 'up' ? far : near;
      const go = () => void (target.writable && target.write(bytes));
      const pass = () => void (line.isHeld || kept.length > 0 ? kept.push(go) : go());
      if (delayMs() > 0) setTimeout(pass, delayMs());
      else pass();
    },
    flush() {
      while (!line.isHeld && kept.length > 0) kept.shift()?.();
    },
    cut() {
      kept.length = 0;
      if (!near.destroyed) near.resetAndDestroy();
      far.destroy();
    },
    end() {
      // A held line stays with the far end, as bytes in a network outlive their sender.
      if (line.isHeld) return;
      near.end();
      far.end();
    },
  };
  return line;
}
