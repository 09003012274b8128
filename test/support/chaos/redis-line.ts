// How to recognise on the wire to Redis what the program is doing, and how to move time for one ticket.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Match } from './proxy.ts';
import type { Site } from './site.ts';

const scripts = ['accept', 'begin', 'look', 'finish'] as const;
type Script = (typeof scripts)[number];

/** Matches a call of one of the record's scripts that mentions `about` (a ticket, a delivery); Redis must know it by name. */
export function calling(site: Site, script: Script, about = ''): Match {
  const sha = createHash('sha1').update(textOf(site, script)).digest('hex');
  return (piece) => piece.includes(sha) && piece.includes(about);
}

/** Makes the record's scripts known to Redis, so that the first call of each names it, and is carried out, like any later one. */
export async function teachScripts(site: Site): Promise<void> {
  for (const script of scripts) await site.client.script('LOAD', textOf(site, script));
}

function textOf({ dist }: Site, script: Script): string {
  return ['ledger/ledger.lua', 'change/change.lua', `change/${script}.lua`]
    .map((file) => readFileSync(join(dist, 'src', file), 'utf8'))
    .join('\n');
}

/** Matches BullMQ's queueing of a visit for `ticket`. */
export function queueing(ticket: string): Match {
  return (piece) => piece.includes(`${ticket}.`) && piece.includes(':visits.main');
}

/**
 * As if all that this ticket waits for had passed: its lease has run out, nothing has to settle any more, and its visit is
 * long overdue. Fails for a ticket that nobody has a wish for, so that no test waits in vain for a name it has misspelt.
 */
export async function passTime({ client, names }: Site, ticket: string): Promise<void> {
  await client.del(names.lease(ticket));
  const record = await client.hgetall(names.ticket(ticket));
  if (record.change === undefined) throw new Error(`time passes for ${ticket}, which has no record`);
  if (record.unknownUntil !== undefined) await client.hset(names.ticket(ticket), 'unknownUntil', '1');
  await client.zadd(names.dirty, 'XX', 1, ticket);
}

/**
 * The same for every ticket that is open, for when nobody is alive: no lease is left and every visit is long overdue. What
 * has to settle still has to, because the vendor's time has not moved.
 */
export async function passTimeOfTheDead({ client, names }: Site): Promise<void> {
  for (const ticket of await client.zrange(names.dirty, 0, -1)) {
    await client.del(names.lease(ticket));
    await client.zadd(names.dirty, 'XX', 1, ticket);
  }
}
