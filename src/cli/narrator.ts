// Owns how the demo tells what the parts log: each line of the road as it happens, in words.
import { Writable } from 'node:stream';
import { say } from './output.ts';

/** One step of the road. */
export function step(name: string, text: string): void {
  say(`${name.padEnd(9)} ${text}`);
}

type Line = Readonly<Record<string, unknown>>;

const words: Readonly<Record<string, (line: Line) => [name: string, text: string]>> = {
  'visit.taken': ({ ticket, change }) => ['visit', `a worker takes ticket ${ticket} for ${change}`],
  'visit.turn': ({ waitedMs, share }) => [
    'pace',
    `waited ${waitedMs} ms for its slot (${Number(share) * 100} % of the pace)`,
  ],
  'change.attempted': ({ call, status, answer, httpStatus, durationMs, activity }) => [
    'call',
    `${call} status ${status} → ${httpStatus ?? answer} in ${durationMs} ms${activity ? `, activity ${activity}` : ''}`,
  ],
};

/** A destination for the log that tells some of its lines in words; what comes before `start` waits. */
export class Narrator extends Writable {
  private waiting: string[] | undefined = [];
  private isOver = false;

  /** Tells what has waited, and everything from now on at once. */
  start(): void {
    for (const text of this.waiting ?? []) this.tell(text);
    this.waiting = undefined;
  }

  /** Tells nothing more. */
  stop(): void {
    this.isOver = true;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const text of chunk.toString().split('\n').filter(Boolean)) {
      if (this.waiting === undefined) this.tell(text);
      else this.waiting.push(text);
    }
    done();
  }

  private tell(text: string): void {
    if (this.isOver) return;
    const line = JSON.parse(text) as Line;
    const tale = words[String(line.msg)];
    if (tale !== undefined) step(...tale(line));
  }
}
