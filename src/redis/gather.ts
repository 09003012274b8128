// Owns that commands which arise together leave together: one write to the socket, and one read for Redis, instead of one
// for each. A system call costs about as much as all else that a command takes of the client (profiled).
import type { Redis } from 'ioredis';

/** The part of a client that is watched. */
export type Gathered = Pick<Redis, 'sendCommand' | 'stream'>;

/**
 * Holds what `client` writes until everything that has arrived in this turn of the event loop was looked at. Order, replies,
 * timeouts and what happens to a cut connection stay the client's.
 */
export function gatherWrites(client: Gathered): void {
  const send = client.sendCommand.bind(client);
  let held: Redis['stream'] | undefined;

  function release(): void {
    held?.uncork();
    held = undefined;
  }
  client.sendCommand = (command, stream) => {
    // A connection of its own for every life of the client: what was held for the one before is let go with it.
    if (client.stream && held !== client.stream) {
      if (held === undefined) setImmediate(release);
      else held.uncork();
      held = client.stream;
      held.cork();
    }
    return send(command, stream);
  };
}
