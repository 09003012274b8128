// Owns the command explain: the whole story of an event, a change or a ticket, straight from Redis; nothing else need run.
import type { ChangeStory, EventStory, TicketStory } from '../ledger/ledger.ts';
import { makeLedger } from '../ledger/redis-ledger.ts';
import { tellChange, tellEvent, tellTicket } from '../ledger/tell.ts';
import { makeLog } from '../log.ts';
import { connect, type RedisClient, waitReady } from '../redis/connection.ts';
import { makeNames } from '../redis/names.ts';
import { toTicketId } from '../ticket/ticket.ts';
import { examplePrefix } from './example.ts';
import { runFinite } from './finite.ts';
import { complain, Refusal, say, sayJson } from './output.ts';
import { REDIS_PATIENCE_MS } from './service.ts';
import { readSurroundings } from './setup.ts';
import { hasStore, openStore } from './store.ts';

/** A private Redis that was started for the question ends in a moment. */
const CLOSE_MS = 15_000;

/** Tells the story of `id`. Throws a Refusal when nothing is known of it. */
export async function explain(id: string, options: { json?: boolean | undefined }): Promise<void> {
  const surroundings = readSurroundings();
  const { env } = surroundings;
  if (!hasStore(env)) {
    throw new Refusal(
      `Nothing is known of ${id}: there is no ${env.STATUSWIRE_HOME} here. Run this in the folder where Statuswire runs, or set REDIS_URL.`,
    );
  }
  const log = makeLog({ level: 'silent', name: 'explain' });
  const story = await runFinite(CLOSE_MS, async (closers) => {
    const store = await closers.open('redis', () => openStore(surroundings, { log, progress: complain }));
    const client = connect({ url: store.url }, 'command', { log, random: Math.random });
    closers.add('client', () => client.disconnect());
    await waitReady(client, REDIS_PATIENCE_MS);
    return (await find(client, env.STATUSWIRE_PREFIX, id)) ?? (await find(client, examplePrefix(env), id));
  });
  if (story === undefined) {
    throw new Refusal(
      `Nothing is known of ${id}. Expected the id of an event (ev_…), of a change (ch_…) or of a ticket.`,
    );
  }
  if (options.json) sayJson(story.json);
  else say(...story.lines);
}

interface Story {
  readonly json: EventStory | ChangeStory | TicketStory;
  readonly lines: readonly string[];
}

async function find(client: RedisClient, prefix: string, id: string): Promise<Story | undefined> {
  const ledger = makeLedger(client, makeNames(prefix));
  const event = await ledger.event(id);
  if (event !== undefined) return { json: event, lines: tellEvent(event) };
  const change = await ledger.change(id);
  if (change !== undefined) return { json: change, lines: tellChange(change) };
  const ticketId = toTicketId(id);
  const ticket = ticketId === undefined ? undefined : await ledger.ticket(ticketId);
  return ticket && { json: ticket, lines: tellTicket(ticket) };
}
