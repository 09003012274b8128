// Owns the demo: everything real but the vendor, on free ports and in a folder of its own, so that it runs beside anything.
// It tells the road of one signed event as it happens, from the log of the parts themselves.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startChanges } from '../../workers/changes.ts';
import { callingOnly } from '../config/example.ts';
import { exampleFile } from '../config/find.ts';
import type { EventStory } from '../ledger/ledger.ts';
import { tellDecision, tellEvent } from '../ledger/tell.ts';
import { makeClosers } from '../lifecycle.ts';
import { makeLog } from '../log.ts';
import { startReceiver } from '../server.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { signAs, toPreset } from '../source/schemes.ts';
import { openStore, readExample, readSurroundings, type Surroundings } from './context.ts';
import { Narrator, step } from './narrator.ts';
import { Refusal, say } from './output.ts';

/** No step of the demo takes longer than this, but for the download of a package on the first run. */
const PATIENCE_MS = 20_000;

/** Runs the whole road once and ends; what it started is stopped, and its data removed. */
export async function demo(): Promise<void> {
  const startedAt = performance.now();
  const surroundings = withoutSettings(readSurroundings());
  const closers = makeClosers(PATIENCE_MS);
  const folder = mkdtempSync(join(tmpdir(), 'statuswire-demo-'));
  closers.add('data', () => rmSync(folder, { recursive: true, force: true }));
  const narrator = new Narrator();
  const log = makeLog({ level: 'debug', name: 'demo' }, narrator);
  try {
    say(
      'Statuswire demo: one signed GitHub event becomes a Spacebring ticket status. Only the vendor is simulated.',
      '',
    );
    const store = await openStore(surroundings, log, (line) => step('redis', line), join(folder, 'redis'));
    closers.add('redis', store.close);
    step('redis', `a private server, append-only with fsync on every write (${store.url})`);
    const simulator = await startSimulator({ latencyMs: 120 });
    closers.add('simulator', () => simulator.close());
    step('vendor', `Spacebring's stand-in listens on ${simulator.url}`);

    const example = readExample(surroundings, folder);
    const loaded = { ...example, config: callingOnly(example.config, simulator.url) };
    const { env } = surroundings;
    const changes = await startChanges({
      accounts: loaded.config.accounts,
      redisUrl: store.url,
      prefix: env.STATUSWIRE_PREFIX,
      log,
    });
    closers.add('workers', changes.close);
    const token = randomBytes(24).toString('hex');
    const receiver = await startReceiver({
      loaded,
      env: { ...env, HOST: '127.0.0.1', PORT: 0, STATUSWIRE_API_TOKEN: token },
      redisUrl: store.url,
      log,
    });
    closers.add('receiver', receiver.close);
    step('receiver', `listens on ${receiver.url}`);

    const source = loaded.config.sources.github;
    if (source === undefined) throw new Refusal(`${exampleFile()} has no source github, which the demo sends as.`);
    const { headers, body } = exampleEvent();
    const sending = { id: randomUUID(), nowMs: Date.now() };
    const proof = signAs(toPreset(source.verify), source.secrets[0] ?? '', Buffer.from(body), sending);
    step('send', 'POST /hooks/github  issues.closed, signed with X-Hub-Signature-256 as GitHub signs');
    const response = await fetch(`${receiver.url}/hooks/github`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers, ...proof },
      body,
    });
    const answer = (await response.json()) as { event: string; changes: number };
    if (response.status !== 202)
      throw new Refusal(`The receiver answered ${response.status}: ${JSON.stringify(answer)}`);
    step('accepted', `202 ${answer.event}, ${answer.changes} change: confirmed by Redis before it was said`);

    const ask = makeAsk(receiver.url, token);
    const { decisions } = await ask(answer.event);
    for (const line of decisions.map(tellDecision)) step('rules', line.replace(/^rule +/, ''));
    narrator.start();
    const story = await untilEnded(ask, answer.event);
    narrator.stop();
    say('', `The same as \`statuswire explain ${answer.event}\` tells it:`, '');
    say(...tellEvent(story).map((line) => `  ${line}`));
    const [call] = simulator.requests().filter((seen) => seen.method === 'PUT');
    say('', `What the vendor saw: ${call?.method} ${call?.path} → ${call?.status ?? 'no answer'}`);
  } finally {
    await closers.close();
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say('', `Done in ${seconds} s. All that was started has been stopped.`);
  say('To keep it running: npm start    (the example configuration against the simulator, until you write your own)');
}

/** The demo shows itself, not this folder's settings: only the place of the Redis program is kept. */
function withoutSettings({ env, variables }: Surroundings): Surroundings {
  const { REDIS_URL: _url, STATUSWIRE_API_TOKEN: _token, ...rest } = env;
  return { env: { ...rest, STATUSWIRE_PREFIX: 'demo' }, variables };
}

function exampleEvent(): { headers: Record<string, string>; body: string } {
  const file = join(dirname(exampleFile()), 'examples', 'github-issue-closed.json');
  const { headers, body } = JSON.parse(readFileSync(file, 'utf8')) as {
    headers: Record<string, string>;
    body: unknown;
  };
  return { headers, body: JSON.stringify(body) };
}

type Ask = (event: string) => Promise<EventStory>;

function makeAsk(url: string, token: string): Ask {
  return async (event) => {
    const response = await fetch(`${url}/api/events/${event}`, { headers: { authorization: `Bearer ${token}` } });
    return (await response.json()) as EventStory;
  };
}

async function untilEnded(ask: Ask, event: string): Promise<EventStory> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const story = await ask(event);
    if (story.changes.length > 0 && story.changes.every(({ verdict }) => verdict !== undefined)) return story;
    if (performance.now() > deadline) throw new Refusal(`The change got no verdict within ${PATIENCE_MS / 1000} s.`);
    await wait(25);
  }
}
