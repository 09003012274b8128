// Owns how the demo tells what the parts log: each line of the road as it happens, in words.
import { say } from './output.ts';

/** One step of the road. */
export function step(name: string, text: string): void {
  say(`${name.padEnd(9)} ${text}`);
}

type Line = Readonly<Record<string, unknown>>;

const words: Readonly<Record<string, (line: Line) => readonly [name: string, text: string]>> = {
  'redis.server.started': ({ dataDir }) => [
    'redis',
    `a private server, append-only with fsync on every write (unix://${dataDir}/redis.sock)`,
  ],
  'simulator.listening': ({ url }) => ['vendor', `Spacebring's stand-in listens on ${url}`],
  'receiver.listening': ({ url }) => ['receiver', `listens on ${url}`],
  'visit.taken': ({ ticket, change }) => ['visit', `a worker takes ticket ${ticket} for ${change}`],
  'visit.turn': ({ waitedMs, share }) => [
    'pace',
    `waited ${waitedMs} ms for its slot (${Math.round(Number(share) * 100)} % of the pace)`,
  ],
  'change.attempted': ({ call, status, answer, httpStatus, durationMs, activity }) => [
    'call',
    `${call} status ${status} → ${httpStatus ?? answer} in ${durationMs} ms${activity ? `, activity ${activity}` : ''}`,
  ],
};

export interface Narrator {
  /** A destination for the log: takes JSON lines. */
  write(lines: string): void;
  /** Keeps what comes for later. */
  hold(): void;
  /** Tells what was kept, and everything from now on at once. */
  release(): void;
  /** Tells nothing more. */
  stop(): void;
}

/** A destination for the log that tells some of its lines in words. */
export function makeNarrator(tell: (name: string, text: string) => void): Narrator {
  let kept: string[] | undefined;
  let isOver = false;

  function tellLine(text: string): void {
    const line = JSON.parse(text) as Line;
    const tale = words[String(line.msg)];
    if (tale !== undefined && !isOver) tell(...tale(line));
  }

  return {
    write(lines) {
      for (const text of lines.split('\n').filter(Boolean)) {
        if (kept === undefined) tellLine(text);
        else kept.push(text);
      }
    },
    hold() {
      kept ??= [];
    },
    release() {
      const waiting = kept ?? [];
      kept = undefined;
      for (const text of waiting) tellLine(text);
    },
    stop() {
      isOver = true;
    },
  };
}
