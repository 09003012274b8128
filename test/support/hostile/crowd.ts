// Senders that hold on to the door: they say nothing, or a little at a time, or do not listen. Each connection counts until
// the other side has closed it.
import { connect, type Socket } from 'node:net';
import { until } from '../until.ts';

export interface Crowd {
  readonly size: number;
  /** Waits until each is connected, or was turned away. */
  arrived(): Promise<void>;
  /** Waits until the other side has closed all of them. Rejects when one is still open `withinMs` after the beginning. */
  gone(withinMs: number): Promise<void>;
  leave(): void;
}

export interface Manner {
  readonly count: number;
  readonly first: string;
  /** Said again and again until the connection ends. */
  readonly drip?: string;
  readonly everyMs?: number;
  /** Never reads what it is told. It has to `drip`: only who speaks to a closed connection notices that it is closed. */
  readonly isDeaf?: boolean;
}

/** Opens all connections at once and keeps them as long as the other side does. */
export function gather(port: number, manners: readonly Manner[]): Crowd {
  const startedAt = performance.now();
  const members = manners.flatMap((manner) => Array.from({ length: manner.count }, () => join(port, manner)));
  const open = () => members.filter(({ socket }) => !socket.closed);
  return {
    size: members.length,
    async arrived() {
      await until('the crowd before the door', 10_000, () => members.every(({ socket }) => !socket.connecting));
    },
    async gone(withinMs) {
      const leftMs = Math.max(0, withinMs - (performance.now() - startedAt));
      await until('the end of a crowd', leftMs, () => open().length === 0).catch(() => {
        const left = new Set(open().map(({ manner }) => JSON.stringify(manner.first.slice(0, 90))));
        throw new Error(`${open().length} of ${members.length} held on for ${withinMs} ms: ${[...left].join(', ')}`);
      });
    },
    leave() {
      for (const { socket } of members) socket.resetAndDestroy();
    },
  };
}

interface Member {
  readonly manner: Manner;
  readonly socket: Socket;
}

function join(port: number, manner: Manner): Member {
  const { first, drip, everyMs = 250, isDeaf = false } = manner;
  const socket = connect(port, '127.0.0.1');
  const dripping = drip === undefined ? undefined : setInterval(() => socket.writable && socket.write(drip), everyMs);
  socket.on('connect', () => socket.write(first));
  if (isDeaf) socket.pause();
  else socket.resume();
  socket.on('error', () => {});
  socket.on('close', () => clearInterval(dripping));
  return { manner, socket };
}
