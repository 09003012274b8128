// How to recognise on the wire to Redis what the program is doing, and how to move time for one ticket.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Match } from './proxy.ts';
import type { Site } from './site.ts';

/** Matches a call of one of the record's scripts that mentions `about` (a ticket, a delivery); Redis must know it by name. */
export function calling({ dist }: Site, script: 'accept' | 'begin' | 'look' | 'finish', about = ''): Match {
  const text = ['ledger/ledger.lua', 'change/change.lua', `change/${script}.lua`]
    .map((file) => readFileSync(join(dist, 'src', file), 'utf8'))
    .join('\n');
  const sha = createHash('sha1').update(text).digest('hex');
  return (piece) => piece.includes(sha) && piece.includes(about);
}

/** Matches BullMQ's queueing of a visit for `ticket`. */
export function queueing(ticket: string): Match {
  return (piece) => piece.includes(`${ticket}.`) && piece.includes(':visits.main');
}

/** As if all that this ticket waits for had passed: its lease has run out and nothing has to settle any more. */
export async function passTime({ client, names }: Site, ticket: string): Promise<void> {
  await client.del(names.lease(ticket));
  const record = await client.hgetall(names.ticket(ticket));
  if (record.unknownUntil !== undefined) await client.hset(names.ticket(ticket), 'unknownUntil', '1');
  await client.zadd(names.dirty, 'XX', 1, ticket);
}
