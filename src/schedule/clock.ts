// Owns which runs are under way in this process: what is owed is taken, one run of a rule at a time over all processes; what
// another process did not finish is taken over as soon as its lease has run out. When a rule is due is told from outside.
import { setMaxListeners } from 'node:events';
import type { Log } from '../log.ts';
import type { CompiledClockRule } from '../rule/clock-rule.ts';
import type { Run } from './run.ts';
import { type Hold, LostRun, type Runs } from './runs.ts';

export interface ClockParts {
  readonly runs: Pick<Runs, 'owe' | 'owed' | 'take' | 'release'>;
  readonly run: Run;
  /** The rules in force, and the version of the file they stand in. */
  readonly rules: () => { readonly clockRules: readonly CompiledClockRule[]; readonly version: string };
  readonly newId: (prefix: string) => string;
  readonly newToken: () => string;
  readonly random: () => number;
  readonly log: Log;
}

export interface Clock {
  /** The rule is due, or was at `dueAt` (ms) while nobody was there; repeating it does nothing. */
  due(rule: string, dueAt: number): Promise<void>;
  /** One look at what is owed. Resolves when everything that can be taken is under way. */
  round(): Promise<void>;
  /** Rounds from now on, about one a second, until `stop`. */
  start(): void;
  /** Resolves when every run has given up its lease; others go on with them. */
  stop(): Promise<void>;
}

const EVERY_MS = 1_000;

export function makeClock({ runs, run, rules, newId, newToken, random, log }: ClockParts): Clock {
  const underWay = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  // Every run that waits listens to it; Node warns of a leak from the eleventh on.
  setMaxListeners(0, stopping.signal);
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function round(): Promise<void> {
    for (const name of await runs.owed()) {
      // A rule of another process' configuration is that process' to run.
      const isOurs = rules().clockRules.some((rule) => rule.name === name);
      if (!isOurs || underWay.has(name) || stopping.signal.aborted) continue;
      await begin(name);
    }
  }

  async function begin(name: string): Promise<void> {
    const hold = { rule: name, token: newToken() };
    const taken = await runs.take(hold, newId('run'));
    if (taken === undefined) return;
    const { clockRules, version } = rules();
    const rule = clockRules.find((one) => one.name === name);
    if (rule === undefined || underWay.has(name)) return giveBack(hold);
    const ended = run({ rule, version }, taken, hold, stopping.signal)
      .catch((error: unknown) => afterError(error, hold))
      .finally(() => underWay.delete(name));
    underWay.set(name, ended);
  }

  async function afterError(error: unknown, hold: Hold): Promise<void> {
    if (error instanceof LostRun) log.warn({ rule: hold.rule }, 'clock.lost');
    // After a defect the lease runs out by itself, so that the next try comes in its time and not at once.
    else if (!stopping.signal.aborted) log.error({ rule: hold.rule, error }, 'clock.broke');
    else await giveBack(hold);
  }

  async function giveBack(hold: Hold): Promise<void> {
    await runs.release(hold).catch((error: unknown) => log.warn({ rule: hold.rule, error }, 'clock.trouble'));
  }

  function look(): Promise<void> {
    looking = looking.then(round).catch((error: unknown) => log.warn({ error }, 'clock.trouble'));
    return looking;
  }

  function schedule(): void {
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => void look().finally(schedule), EVERY_MS * (0.75 + random() / 2));
  }

  return {
    async due(rule, dueAt) {
      if (await runs.owe(rule, dueAt)) await look();
    },
    round: look,
    start: schedule,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await looking;
      await Promise.all(underWay.values());
    },
  };
}
