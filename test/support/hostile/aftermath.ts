// What a storm did to the process itself: whether it lives, what it complained of, and how much memory it holds.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Running } from '../process.ts';

/** It lives, and has printed nothing but its log, without an error in it. */
export function judgeProcess(receiver: Running, note: (fault: string) => void): void {
  try {
    process.kill(receiver.pid, 0);
  } catch {
    note('the process has died');
  }
  for (const line of receiver.lines()) {
    const { level, msg, err } = line as { level?: string; msg?: string; err?: { message?: string } };
    if (level === 'error' || level === 'fatal') note(`it logged ${level}: ${msg}, ${err?.message}`);
  }
  const foreign = receiver
    .output()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{"level"'));
  for (const line of foreign) note(`it printed ${JSON.stringify(line.slice(0, 120))}`);
}

/** What it holds of the machine's memory. */
export function memoryMib(pid: number): number {
  // A bare Linux has no `ps`, and other systems have no /proc.
  const kib =
    process.platform === 'linux'
      ? /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Math.round(Number(kib) / 1024);
}
