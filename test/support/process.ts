// Real processes of the built program: `npm test` builds it first. Whatever a test leaves running is killed after it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach } from 'vitest';
import { until } from './until.ts';

const root = resolve(import.meta.dirname, '../..');
/** The built command. */
export const program = join(root, 'dist/src/cli.js');

export interface Running {
  readonly pid: number;
  /** All that it has printed on both outputs so far. */
  output(): string;
  /** Its log lines so far, parsed; what is not JSON is left out. */
  lines(): Record<string, unknown>[];
  /** The first log line with this message. */
  line(msg: string, withinMs?: number): Promise<Record<string, unknown>>;
  /** Sends the signal and gives the exit code (null when a signal ended it). */
  end(signal: NodeJS.Signals, withinMs?: number): Promise<number | null>;
  /** Waits for it to end by itself. */
  ended(withinMs?: number): Promise<number | null>;
}

const children = new Set<ChildProcess>();
const folders = new Set<string>();

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
});

/** An empty folder to work in; gone after the test. Files are given by name. */
export function workFolder(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'statuswire-process-'));
  folders.add(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Runs `statuswire ARGS` in `cwd`, with nothing in its environment but PATH, HOME and `env`. */
export function statuswire(args: readonly string[], options: { cwd: string; env?: Record<string, string> }): Running {
  return runProgram(process.execPath, [program, ...args], options);
}

export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): Running {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(command, args, { cwd, env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const gone = once(child, 'close') as Promise<[number | null]>;

  const lines = () =>
    text.split('\n').flatMap((line) => {
      try {
        return line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [];
      } catch {
        return [];
      }
    });
  const ended = async (withinMs = 30_000) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    const [code] = await gone;
    clearTimeout(timer);
    children.delete(child);
    return code;
  };
  return {
    pid: child.pid ?? -1,
    output: () => text,
    lines,
    line: (msg, withinMs = 20_000) =>
      until(`${msg} in the log of ${args.join(' ')}`, withinMs, () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before ${msg}:\n${text}`);
        return lines().find((line) => line.msg === msg);
      }),
    async end(signal, withinMs) {
      child.kill(signal);
      return ended(withinMs);
    },
    ended,
  };
}
