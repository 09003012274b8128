// Owns the commands that look and tell: check, explain, send. They end by themselves.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { makeLedger } from '../ledger/redis-ledger.ts';
import { tellChange, tellEvent, tellTicket } from '../ledger/tell.ts';
import { makeLog } from '../log.ts';
import { connect, waitReady } from '../redis/connection.ts';
import { makeNames } from '../redis/names.ts';
import { signAs, toPreset } from '../source/schemes.ts';
import { toTicketId } from '../ticket/ticket.ts';
import { openStore, readConfig, readSurroundings } from './context.ts';
import { complain, Refusal, say, sayJson } from './output.ts';

interface Common {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Reads configuration and environment and says that they are right, or every fault. */
export function check(options: Common): void {
  const chosen = readConfig(readSurroundings(), options.config);
  const { accounts, sources, rules } = chosen.config;
  const counts = {
    file: chosen.file,
    version: chosen.version,
    accounts: Object.keys(accounts).length,
    sources: Object.keys(sources).length,
    rules: rules.length,
  };
  if (options.json) {
    sayJson({ ok: true, ...counts });
    return;
  }
  const { file, version } = counts;
  say(
    `${file} is valid: ${counts.accounts} accounts, ${counts.sources} sources, ${counts.rules} rules (version ${version})`,
  );
}

/** Tells the whole story of an event, a change or a ticket. */
export async function explain(id: string, options: Common): Promise<void> {
  const surroundings = readSurroundings();
  const log = makeLog({ level: 'silent', name: 'explain' });
  const store = await openStore(surroundings, log, complain);
  const client = connect({ url: store.url }, 'command', { log, random: Math.random });
  try {
    await waitReady(client, 10_000);
    const ledger = makeLedger(client, makeNames(surroundings.env.STATUSWIRE_PREFIX));
    const ticket = toTicketId(id);
    const [event, change, ticketStory] = await Promise.all([
      ledger.event(id),
      ledger.change(id),
      ticket === undefined ? undefined : ledger.ticket(ticket),
    ]);
    const story = event ?? change ?? ticketStory;
    if (story === undefined) {
      throw new Refusal(
        `Nothing is known of ${id}. It takes the id of an event (ev_…), of a change (ch_…) or of a ticket.`,
      );
    }
    if (options.json) return sayJson(story);
    say(...(event ? tellEvent(event) : change ? tellChange(change) : ticketStory ? tellTicket(ticketStory) : []));
  } finally {
    client.disconnect();
    await store.close();
  }
}

const EventFile = z.object({
  id: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown(),
});

/** Signs a saved event as the source's sender would and sends it to a running receiver. */
export async function send(source: string, file: string, options: Common & { url?: string }): Promise<void> {
  const surroundings = readSurroundings();
  const { config } = readConfig(surroundings, options.config);
  const configured = config.sources[source];
  if (configured === undefined) {
    throw new Refusal(`There is no source ${source}; the configuration has ${Object.keys(config.sources).join(', ')}.`);
  }
  const { id, headers, body } = readEventFile(file);
  const bytes = Buffer.from(JSON.stringify(body));
  const sending = { id: id ?? crypto.randomUUID(), nowMs: Date.now() };
  const proof = signAs(toPreset(configured.verify), configured.secrets[0] ?? '', bytes, sending);
  const base = options.url ?? `http://${surroundings.env.HOST}:${surroundings.env.PORT}`;
  const response = await fetch(`${base}/hooks/${source}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers, ...proof },
    body: bytes,
  }).catch((error: unknown) => {
    throw new Refusal(`Nobody answers on ${base}: is \`npm start\` running there? (${causeOf(error)})`);
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Refusal(`${base} answered ${response.status}: ${JSON.stringify(answer)}`);
  if (options.json) return sayJson(answer);
  const { event, duplicate, changes } = answer as { event: string; duplicate: boolean; changes: number };
  say(`${response.status} ${event}${duplicate ? ' (seen before)' : ''}, ${changes} change${changes === 1 ? '' : 's'}`);
  say(`The story: npx statuswire explain ${event}`);
}

function readEventFile(file: string): z.output<typeof EventFile> {
  try {
    return EventFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : '';
    throw new Refusal(`${file} is not an event file, expected JSON with {id?, headers?, body}: ${why}`);
  }
}

function causeOf(error: unknown): string {
  return error instanceof Error ? String((error.cause as Error | undefined)?.message ?? error.message) : String(error);
}
