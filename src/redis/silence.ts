// Owns that a connection which has gone deaf is left. A host that vanishes ends no connection: without this a client waits
// until the system gives up, a quarter of an hour, though Redis may long be back under the same name.
import type { Redis } from 'ioredis';

/** The part of a client that is watched. */
export type Watched = Pick<Redis, 'stream' | 'commandQueue' | 'once'>;

const LOOK_EVERY_MS = 500;

/**
 * Cuts the connection of `client` when commands wait for an answer and not a byte has come for `patienceMs`; the client
 * connects anew then, as after every cut. Not for a client that blocks for longer than that. Ends with the client.
 */
export function leaveSilence(client: Watched, { patienceMs }: { readonly patienceMs: number }): void {
  let silent: { readonly stream: Redis['stream']; readonly bytes: number; waitedMs: number } | undefined;

  function look(): void {
    const { stream, commandQueue } = client;
    if (!stream || commandQueue.length === 0) {
      silent = undefined;
    } else if (silent?.stream !== stream || silent.bytes !== stream.bytesRead) {
      silent = { stream, bytes: stream.bytesRead, waitedMs: 0 };
    } else {
      // Looks are counted, not the time between them: a machine that slept has not waited for an answer.
      silent.waitedMs += LOOK_EVERY_MS;
      if (silent.waitedMs >= patienceMs) stream.destroy(new Error(`Redis said nothing for ${patienceMs} ms`));
    }
  }
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  client.once('end', () => clearInterval(timer));
}
