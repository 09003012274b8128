// Owns when a wake-up goes into the queue: at once where the pace of its account can use it soon, else in its turn. A flood
// would otherwise spend a fifth of what Redis has on jobs that wait for hours (decision 0010). What is left behind here (the
// process ends, too many wait) is still due in Redis, and the sweep queues it.
import type { Appointment } from './change.ts';

export interface Wake {
  /** Queues the visit now or in its turn; of one ticket only the newest waits. */
  (appointment: Appointment): void;
  /** How many wait here for their turn. */
  waiting(): number;
  /** Forgets those that wait, and whatever is woken from now on. */
  close(): void;
}

export interface WakeParts {
  readonly queue: { add(appointment: Appointment): Promise<void> };
  /** How many calls a second the account may make. */
  readonly pace: (account: string) => number;
  readonly now: () => number;
  /** Hears of wake-ups that failed; the sweep makes up for them. */
  readonly onLost: (error: unknown, ticket: string) => void;
}

/** What the pace uses in this time is queued at once. */
const AHEAD_S = 20;
/** The queue is fed so many times as fast as the pace can use it, so that it never runs dry before we do. */
const LEAD = 4;
const EVERY_MS = 100;
/** In one process, of one account and class; some 20 MB. */
const MOST_WAITING = 100_000;

/** So many jobs wait in the queue, at the least, while a wake-up waits here; a second's work is with those who do it. */
export function jobsAhead(pace: number): number {
  return (AHEAD_S - 1) * Math.max(1, pace);
}

/** What may be queued now of one account and class, and what waits, by ticket, the oldest first. */
interface Line {
  readonly perSecond: number;
  readonly waiting: Map<string, Appointment>;
  tokens: number;
  at: number;
}

export function makeWake({ queue, pace, now, onLost }: WakeParts): Wake {
  const lines = new Map<string, Line>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  function lineOf({ account, class: kind }: Appointment): Line {
    const name = `${kind} ${account}`;
    const known = lines.get(name);
    if (known !== undefined) return known;
    const perSecond = Math.max(1, pace(account));
    const line = { perSecond, waiting: new Map(), tokens: AHEAD_S * perSecond, at: now() };
    lines.set(name, line);
    return line;
  }

  function refill(line: Line): void {
    const at = now();
    // A clock that steps back gives nothing; one that steps ahead gives a full line, once.
    const earned = (LEAD * line.perSecond * Math.max(0, at - line.at)) / 1000;
    line.tokens = Math.min(AHEAD_S * line.perSecond, line.tokens + earned);
    line.at = at;
  }

  function send(line: Line, appointment: Appointment): void {
    line.tokens -= 1;
    queue.add(appointment).catch((error: unknown) => onLost(error, appointment.ticket));
  }

  function feed(): void {
    timer = undefined;
    for (const line of lines.values()) {
      refill(line);
      for (const [ticket, appointment] of line.waiting) {
        if (line.tokens < 1) break;
        line.waiting.delete(ticket);
        send(line, appointment);
      }
    }
    arm();
  }

  function arm(): void {
    if (timer === undefined && waiting() > 0) timer = setTimeout(feed, EVERY_MS).unref();
  }

  function waiting(): number {
    return [...lines.values()].reduce((sum, line) => sum + line.waiting.size, 0);
  }

  function wake(appointment: Appointment): void {
    // A commit that was under way at the end: its queue is closed, and nobody would feed what waits.
    if (isClosed) return;
    const line = lineOf(appointment);
    refill(line);
    if (line.waiting.size === 0 && line.tokens >= 1) {
      send(line, appointment);
    } else if (line.waiting.size < MOST_WAITING || line.waiting.has(appointment.ticket)) {
      line.waiting.set(appointment.ticket, appointment);
      arm();
    }
  }

  return Object.assign(wake, {
    waiting,
    close() {
      isClosed = true;
      clearTimeout(timer);
      for (const line of lines.values()) line.waiting.clear();
    },
  });
}
