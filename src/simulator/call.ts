// Owns one call on the wire: it is answered at most once, whole, in drips or not at all, and its ending is written down
// before the caller can know of it. What to answer is decided elsewhere.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import type { Answer } from './answer.ts';
import type { Draft } from './journal.ts';
import type { World } from './world.ts';

/** `world` and `seen` are where this call is remembered. */
export function makeCall(world: World, seen: Draft, request: Request, response: Response) {
  const { journal, open, life } = world;
  const { elapsed } = world.settings;
  const { socket } = request;
  const left = () => journal.end(seen, elapsed(), 'left');
  // A caller that gives up may call again at once on another connection: its closing is noticed here before 'close'.
  socket.once('end', left);
  open.add(response);
  response.once('close', () => {
    socket.off('end', left);
    open.delete(response);
    left();
  });
  response.on('error', () => undefined);

  function begin(status: number, text: string, headers: Answer['headers']): boolean {
    if (response.destroyed || response.headersSent) return false;
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      ...headers,
    });
    return true;
  }

  function sendText(status: number, text: string, headers?: Answer['headers']): void {
    if (!begin(status, text, headers)) return;
    journal.end(seen, elapsed(), 'answered', status);
    response.end(text);
  }

  /** Waits; throws when the world ends meanwhile. A caller that leaves does not end the wait: the vendor works on. */
  async function wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: life });
  }

  return {
    world,
    seen,
    request,
    wait,
    sendText,
    send: (answer: Answer): void => sendText(answer.status, JSON.stringify(answer.body), answer.headers),
    /** Sends `bytes` at a time, `ms` apart, until done or the caller has left. */
    async drip(answer: Answer, bytes: number, ms: number): Promise<void> {
      const text = JSON.stringify(answer.body);
      if (!begin(answer.status, text, answer.headers)) return;
      const body = Buffer.from(text);
      response.flushHeaders();
      for (let from = 0; from < body.length && !response.destroyed; from += bytes) {
        await wait(ms);
        if (from + bytes >= body.length) journal.end(seen, elapsed(), 'answered', answer.status);
        response.write(body.subarray(from, from + bytes));
      }
      response.end();
    },
    /** Closes the connection without an answer. */
    cut(): void {
      journal.end(seen, elapsed(), 'cut');
      response.destroy();
    },
  };
}

export type Call = ReturnType<typeof makeCall>;
