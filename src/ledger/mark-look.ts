// Owns how Redis is asked for what it still has of the marks: the script on a connection, and its answer read.
import { defineScript, type RedisClient } from '../redis/script.ts';
import type { Findings, Found, Marks } from './mark.ts';

/** What there is of these marks, both streams at one moment. Rejects with Redis' own error when it is away. */
export type MarkLook = (marks: Marks) => Promise<Findings>;

export function openMarkLook(client: RedisClient, tag: string): MarkLook {
  const script = defineScript(client, [new URL('./mark.lua', import.meta.url)], [tag]);
  return async ({ ledger = '', unmatched = '' }) => {
    const reply = await script(ledger, unmatched);
    if (!Array.isArray(reply) || reply.length !== 6) throw new Error('mark.lua answered something else than six words');
    const words = reply.map(String);
    return { ledger: toFound(words.slice(0, 3)), unmatched: toFound(words.slice(3)) };
  };
}

function toFound([last, upTo, isWhole]: readonly string[]): Found {
  return { last: last || undefined, upTo: upTo || undefined, isWhole: isWhole === '1' };
}
