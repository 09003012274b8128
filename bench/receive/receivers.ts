// Owns the processes that are compared: how each is started, when it listens, what CPU it has used, how it is ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeNames } from '../../src/redis/names.ts';

const START_MS = 20_000;
/** Statuswire drains its requests first. */
const END_MS = 10_000;

export interface Receiver {
  readonly name: 'statuswire' | 'express' | 'bare';
  /** Where GitHub's deliveries go. */
  readonly url: string;
  /** A list or sorted set of Redis with one member for each ticket (Statuswire) or event that was accepted. */
  readonly accepted: string;
  /** User and system time of its processes since their start, in µs; NaN where there is no /proc. */
  cpuMicros(): number;
  close(): Promise<void>;
}

export interface Setting {
  readonly redisUrl: string;
  readonly secret: string;
  /** For its files; someone else removes it. */
  readonly folder: string;
}

/** One source, and one rule that makes a change of every event that the benchmark sends. */
const CONFIG = `
accounts:
  main:
    auth: { basic: { clientId: bench, clientSecret: nobody-is-called } }
    baseUrl: http://127.0.0.1:9
sources:
  github: { verify: github, secrets: ["\${GITHUB_WEBHOOK_SECRET}"] }
rules:
  - name: solved-when-issue-closed
    on: github
    when: event.type == "issues.closed" && body.issue.labels.exists(label, label.name == "spacebring")
    ticket: body.issue.body.ticketId()
    set: solved
`;

/** The built `statuswire receiver` as an operator runs it, its log at the usual level and in a file. No worker beside it. */
export async function startStatuswire(
  parts: Setting & { readonly processes: number; readonly profile: string | undefined },
): Promise<Receiver> {
  const { redisUrl, secret, folder, processes, profile } = parts;
  writeFileSync(join(folder, 'statuswire.yaml'), CONFIG);
  const logFile = join(folder, 'statuswire.log');
  const log = openSync(logFile, 'w');
  const program = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
      ...[program, 'receiver'],
      ...(processes === 1 ? [] : ['--processes', String(processes)]),
    ],
    {
      cwd: folder,
      env: { PATH: process.env.PATH, PORT: '0', REDIS_URL: redisUrl, GITHUB_WEBHOOK_SECRET: secret },
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  const url = await listening(child, logFile);
  return toReceiver('statuswire', child, `${url}/hooks/github`, makeNames('statuswire').open);
}

/** One of the two made by hand: `express.ts`, `bare.ts`. */
export async function startByHand(name: 'express' | 'bare', { redisUrl, secret }: Setting): Promise<Receiver> {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', BENCH_REDIS_URL: redisUrl, BENCH_SECRET: secret },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code} before it listened`);
  });
  const [said] = (await Promise.race([once(child, 'message'), ended])) as [{ url: string }];
  return toReceiver(name, child, `${said.url}/hooks/github`, 'bull:events:wait');
}

function toReceiver(name: Receiver['name'], child: ChildProcess, url: string, accepted: string): Receiver {
  const { pid } = child;
  return {
    name,
    url,
    accepted,
    cpuMicros: () => (pid === undefined ? Number.NaN : treeMicros(pid)),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await gone;
      clearTimeout(hard);
    },
  };
}

/** Where Statuswire listens, from its log. When it does not, ends it and rejects with what it has printed. */
async function listening(child: ChildProcess, logFile: string): Promise<string> {
  const deadline = performance.now() + START_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    const line = readFileSync(logFile, 'utf8')
      .split('\n')
      .find((one) => one.includes('"receiver.listening"'));
    if (line !== undefined) return String((JSON.parse(line) as { url: unknown }).url);
    await pause(20);
  }
  child.kill('SIGKILL');
  throw new Error(`statuswire receiver does not listen:\n${readFileSync(logFile, 'utf8')}`);
}

/** User and system time of a process and its children: fields 14 and 15 of proc(5)'s stat, in ticks of 10 ms. */
function treeMicros(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const own = (Number(fields[11]) + Number(fields[12])) * 10_000;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
    return own + children.map(Number).reduce((sum, child) => sum + treeMicros(child), 0);
  } catch {
    return Number.NaN;
  }
}
