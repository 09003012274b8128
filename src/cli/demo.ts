// Owns the demo: everything real but the vendor, on free ports and in a folder of its own, so that it runs beside anything.
// It tells the road of one signed event as it happens, from the log of the parts themselves.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { loadEnv, readEnv } from '../config/env.ts';
import type { EventStory } from '../ledger/ledger.ts';
import { tellDecision, tellEvent } from '../ledger/tell.ts';
import type { Closers } from '../lifecycle.ts';
import { makeLog } from '../log.ts';
import { shippedFile } from './example.ts';
import { runFinite } from './finite.ts';
import { makeNarrator, step } from './narrator.ts';
import { count, Refusal, say } from './output.ts';
import { deliver, notAccepted, type Receipt, readEventFile, toReceipt } from './send.ts';
import { openService } from './service.ts';
import { loadExample, Mistakes, type Setup, type Surroundings } from './setup.ts';
import { isProgramMissing } from './store.ts';

/** A second or two is usual; a slow machine takes longer. */
const PATIENCE_MS = 60_000;
/** Fetching the distribution's package, on the first run where no Redis is installed. */
const DOWNLOAD_MS = 600_000;
const CLOSE_MS = 20_000;

/** Runs the whole road once and ends; what it started is stopped, and its data removed. */
export async function demo(): Promise<void> {
  const startedAt = performance.now();
  const surroundings = ownSurroundings();
  say('Statuswire demo: one signed GitHub event becomes a Spacebring ticket status. Only the vendor is simulated.', '');
  const patienceMs = PATIENCE_MS + (isProgramMissing(surroundings) ? DOWNLOAD_MS : 0);
  await runFinite(CLOSE_MS, (closers) => within(patienceMs, tellRoad(surroundings, closers)));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say('', `Done in ${seconds} s. All that was started has been stopped.`);
  say('To keep it running: npm start    (the example configuration against the simulator, until you write your own)');
}

/** The demo shows itself, not this folder's settings: nothing counts but where the program of Redis is. */
function ownSurroundings(): Surroundings {
  const variables = loadEnv({ cwd: process.cwd() });
  const { REDIS_SERVER_BIN, STATUSWIRE_HOME } = variables;
  const read = readEnv({ REDIS_SERVER_BIN, STATUSWIRE_HOME, PORT: '0', STATUSWIRE_PREFIX: 'demo' });
  if (!read.ok) throw new Mistakes(read.faults);
  return { env: read.env, variables };
}

async function tellRoad(surroundings: Surroundings, closers: Closers): Promise<void> {
  const folder = makeFolder();
  closers.add('data', () => rmSync(folder, { recursive: true, force: true }));
  const narrator = makeNarrator(step);
  const token = randomBytes(24).toString('hex');
  const setup: Setup = {
    variables: surroundings.variables,
    env: { ...surroundings.env, STATUSWIRE_API_TOKEN: token },
    loaded: loadExample(folder, {}),
    isExample: true,
  };
  const { receiver, simulator } = await openService(
    {
      setup,
      parts: { receiver: true, visits: true, clock: true },
      dataDir: join(folder, 'redis'),
      standIn: { latencyMs: 120 },
    },
    { closers, log: makeLog({ level: 'debug', name: 'demo' }, narrator), progress: (line) => step('redis', line) },
  );
  const url = receiver?.url ?? '';

  narrator.hold();
  const { event, changes } = await sendExample(setup, url);
  step('accepted', `202 ${event}, ${count(changes, 'change')}: confirmed by Redis before it was said`);
  const ask = makeAsk(url, token, event);
  const { decisions } = await ask();
  for (const line of decisions.map(tellDecision)) step('rules', line.replace(/^rule +/, ''));
  narrator.release();
  const story = await untilEnded(ask);
  narrator.stop();
  say('', `The same as \`statuswire explain ${event}\` tells it:`, '');
  say(...tellEvent(story).map((line) => `  ${line}`));
  const call = simulator?.requests().find((seen) => seen.method === 'PUT');
  say('', `What the vendor saw: ${call?.method} ${call?.path} → ${call?.status ?? 'no answer'}`);
}

/** Under a short path, where a unix socket has room; the rest of its name would otherwise stay behind under /tmp. */
function makeFolder(): string {
  const base = tmpdir().length <= 40 ? tmpdir() : '/tmp';
  return mkdtempSync(join(base, 'statuswire-demo-'));
}

async function sendExample({ loaded }: Setup, url: string): Promise<Receipt> {
  const source = loaded.config.sources.github;
  if (source === undefined) throw new Refusal(`${loaded.file} has no source github, which the demo sends as.`);
  step('send', 'POST /hooks/github  issues.closed, signed with X-Hub-Signature-256 as GitHub signs');
  const event = readEventFile(shippedFile('examples/github-issue-closed.json'));
  const { status, answer } = await deliver(url, 'github', source, event);
  const receipt = toReceipt(status, answer);
  if (receipt === undefined) throw new Refusal(notAccepted(url, status, answer));
  return receipt;
}

type Ask = () => Promise<EventStory>;

function makeAsk(url: string, token: string, event: string): Ask {
  return async () => {
    const response = await fetch(`${url}/api/events/${event}`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Refusal(`The receiver answered ${response.status} when asked for ${event}.`);
    return (await response.json()) as EventStory;
  };
}

async function untilEnded(ask: Ask): Promise<EventStory> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const story = await ask();
    if (story.changes.length > 0 && story.changes.every(({ verdict }) => verdict !== undefined)) return story;
    await wait(25);
  }
  throw new Refusal(`The change got no verdict within ${PATIENCE_MS / 1000} s.`);
}

/** Rejects when `work` takes longer. */
async function within<T>(patienceMs: number, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = wait(patienceMs, undefined, { signal: over.signal }).then(() => {
    throw new Refusal(`The demo was not through within ${patienceMs / 1000} s. What it did last is told above.`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
