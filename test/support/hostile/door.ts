// A receiver as a real process on a Redis of its own, somebody honest who goes on sending, and the account of it all: what
// was answered wrong, what it cost, and what was left where it must not be.
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { scale } from '../chaos/scale.ts';
import { builtProgram } from '../chaos/site.ts';
import { runProgram, workFolder } from '../process.ts';
import { openClient, spawnRedis } from '../redis.ts';
import { until } from '../until.ts';
import { judgeProcess, memoryMib } from './aftermath.ts';
import { judge } from './judge.ts';
import { contentsOf, historyOf, type Passage, watchFor } from './leaks.ts';
import { linesOf, request, type Shot } from './shot.ts';
import { configOf, environmentOf, type HostileSource, makeHostileSources, proofOf } from './sources.ts';
import { type Heard, say } from './wire.ts';

const HONEST_WITHIN_MS = 2_000;
/** Generous: what V8 and the kernel hold back after a storm, not what a leak of thousands of requests would be. */
const GROWTH_MIB = scale(200, 300);

export interface HostileDoor {
  readonly port: number;
  readonly sources: readonly HostileSource[];
  readonly token: string;
  /** Stands in what strangers send. */
  readonly marker: string;
  /** Throws one and notes what was wrong with what came back. */
  throwOne(shot: Shot): Promise<Heard>;
  /** Throws `count` of them, some at a time; after every hundredth something honest is sent. */
  throwMany(count: number, next: () => Shot): Promise<void>;
  /** A delivery of GitHub as it should be; gives the status of its answer. */
  deliverHonest(): Promise<number | undefined>;
  /** All that it has printed. */
  output(): string;
  note(fault: string): void;
  /** All that was wrong from the first request to the last, each sort once with its count. */
  faults(): Promise<string[]>;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export async function openHostileDoor(): Promise<HostileDoor> {
  const redis = await spawnRedis();
  closers.push(redis.close);
  // As a worker: what Redis holds after a long run takes longer to read than a receiver would wait.
  const client = await openClient(redis.url, 'worker');
  closers.push(() => client.disconnect());
  // A rewrite would leave out what was stored and removed again.
  await client.config('SET', 'auto-aof-rewrite-percentage', '0');

  const sources = makeHostileSources();
  const token = `t0ken-${randomBytes(16).toString('hex')}`;
  const marker = `m4rker-${randomBytes(8).toString('hex')}`;
  const clientSecret = `s3cret-${randomBytes(12).toString('hex')}`;
  const watch = watchFor(sources, { token, marker, clientSecret });
  const env = {
    ...environmentOf(sources),
    REDIS_URL: redis.url,
    STATUSWIRE_API_TOKEN: token,
    CLIENT_SECRET: clientSecret,
    PORT: '0',
  };
  const cwd = workFolder({ 'statuswire.yaml': configOf(sources, 'http://127.0.0.1:9') });
  const receiver = runProgram(process.execPath, [join(builtProgram, 'src/cli.js'), 'receiver'], { cwd, env });
  const port = Number(new URL(String((await receiver.line('receiver.listening')).url)).port);

  const wrong = new Map<string, number>();
  const note = (fault: string) => void wrong.set(fault, (wrong.get(fault) ?? 0) + 1);
  const honest: string[] = [];
  const taken: string[] = [];

  async function throwOne(shot: Shot): Promise<Heard> {
    for (const proof of shot.proofs ?? []) watch.keepProof(proof);
    const heard = await say(port, shot.steps, shot.listening);
    for (const fault of judge(shot, heard, watch)) note(`${shot.name}: ${fault}`);
    for (const { status, body } of heard.answers) if (status === 202) taken.push(eventIn(body));
    return heard;
  }

  async function deliverHonest(): Promise<number | undefined> {
    const github = sources.find(({ name }) => name === 'github');
    if (github === undefined) throw new Error('there is no honest source');
    const body = Buffer.from(JSON.stringify({ action: 'closed', ticket: `h-${honest.length}`, status: 'solved' }));
    const lines = linesOf({ ...proofOf(github, body, randomUUID()), 'X-GitHub-Event': 'issues' });
    const steps = [request({ target: '/hooks/github', lines, body })];
    const { answers, tookMs } = await say(port, steps, { patienceMs: 5_000 });
    const [answer] = answers;
    if (answer?.status === 202) honest.push(eventIn(answer.body));
    if (tookMs > HONEST_WITHIN_MS) note(`an honest delivery waited longer than ${HONEST_WITHIN_MS} ms`);
    return answer?.status;
  }

  async function sendHonest(): Promise<void> {
    const status = await deliverHonest();
    if (status !== 202) note(`an honest delivery was answered ${status ?? 'nothing'}`);
  }

  async function throwMany(count: number, next: () => Shot): Promise<void> {
    let left = count;
    const thrower = async () => {
      while (left > 0) {
        left -= 1;
        if (left % 100 === 0) await sendHonest();
        await throwOne(next());
      }
    };
    await Promise.all(Array.from({ length: 12 }, thrower));
  }

  /** A question with the token, answered 200. */
  async function ask(path: string): Promise<unknown> {
    const lines = [['Authorization', `Bearer ${token}`]] as const;
    // Beyond its flood limit the door asks to be asked later.
    const answer = await until(`an answer to GET ${path}`, 10_000, async () => {
      const { answers } = await say(port, [request({ method: 'GET', target: path, lines })]);
      return answers[0]?.status === 429 ? undefined : answers[0];
    });
    if (answer.status !== 200) throw new Error(`GET ${path} was answered ${answer.status}`);
    return JSON.parse(answer.body);
  }

  async function judgeStories(): Promise<void> {
    // Each of the honest ones, and as many of the others as there is time for.
    const asked = [...new Set([...honest, ...taken.slice(-scale(200, 2_000))])];
    const asker = async () => {
      for (let id = asked.pop(); id !== undefined; id = asked.pop()) {
        const story = (await ask(`/api/events/${id}`).catch((error: Error) => note(error.message))) as
          | { id?: string }
          | undefined;
        if (story !== undefined && story.id !== id) note('an event that was taken has no story');
      }
    };
    await Promise.all(Array.from({ length: 8 }, asker));
    if (honest.length === 0) note('nothing honest was sent');
  }

  /** Looks for what must be nowhere; what must be there, the honest events, shows that the search sees something. */
  async function search(passages: Iterable<Passage> | AsyncIterable<Passage>): Promise<void> {
    const missing = new Set(honest);
    for await (const { place, text } of passages) {
      for (const name of watch.found(text)) note(`${place} holds ${name}`);
      const proofs = watch.proofsIn(text);
      if (proofs > 0) note(`${place} holds ${proofs} proofs of deliveries`);
      for (const id of missing) if (text.includes(id)) missing.delete(id);
    }
    if (missing.size > 0) note(`${missing.size} honest events are not where everything was looked for`);
  }

  for (let i = 0; i < 20; i += 1) await sendHonest();
  const restMib = memoryMib(receiver.pid);

  return {
    ...{ port, sources, token, marker, throwOne, throwMany, deliverHonest, note, output: receiver.output },
    async faults() {
      await sendHonest();
      await judgeStories();
      judgeProcess(receiver, note);
      const ready = (await ask('/readyz')) as { ready?: unknown };
      if (ready.ready !== true) note('it is not ready afterwards');
      const grownMib = memoryMib(receiver.pid) - restMib;
      if (grownMib > GROWTH_MIB) note(`its memory grew by ${grownMib} MiB`);
      await search([{ place: 'what it printed', text: receiver.output() }]);
      await search(contentsOf(client));
      await search(historyOf(redis));
      return [...wrong].map(([fault, times]) => (times === 1 ? fault : `${fault} (${times} times)`)).sort();
    },
  };
}

function eventIn(body: string): string {
  const { event } = JSON.parse(body) as { event?: unknown };
  return String(event);
}
