// Owns how history is let go of: the script on a connection.
import { defineScript, type RedisClient, type Script } from '../redis/script.ts';

/** Takes how long entries are kept (ms), how many of the ledger and of the ring at most, and how many may go at once. */
export function openRetire(client: RedisClient, tag: string): Script {
  const files = ['./ledger.lua', './retire.lua'].map((file) => new URL(file, import.meta.url));
  return defineScript(client, files, [tag]);
}
