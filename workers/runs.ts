// Assembles the clock: rules that act on their own time. What a run does is in src/schedule/run.ts, when rules are due in
// ticks.ts. Started in every worker process through src/cli/service.ts: the leases of the runs see to it that each rule
// runs once.
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { openCore } from '../src/change/open-core.ts';
import { makeNewId } from '../src/id.ts';
import type { Rulebook } from '../src/rule/rulebook.ts';
import { makeClock } from '../src/schedule/clock.ts';
import { makeListing } from '../src/schedule/listing.ts';
import { makeRun } from '../src/schedule/run.ts';
import { openRuns } from '../src/schedule/runs.ts';
import { countedRuns } from './counted.ts';
import { type OfficeSetting, openOffice } from './office.ts';
import { openTicks } from './ticks.ts';

/** The rules on the clock and the version of the file that they stand in. */
export type ClockRules = Pick<Rulebook, 'clockRules' | 'version'>;

export interface ClockSetting extends OfficeSetting {
  readonly rules: ClockRules;
}

export interface RunningClock {
  /** Other rules are in force from now on: those that are gone stop, also in the middle of a run. */
  use(rules: ClockRules): Promise<void>;
  /** Lets the call under way end and gives unfinished runs back. */
  close(): Promise<void>;
}

/** Starts the clock, also without a rule: what earlier rules left behind is put away. Rejects when Redis is not there. */
export async function startClock(setting: ClockSetting): Promise<RunningClock> {
  const { accounts, log } = setting;
  const office = await openOffice(setting);
  const { client, names, tally, desks, pacer } = office;
  const onError = (error: unknown) => log.warn({ error }, 'clock.trouble');
  const sleep = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal });
  const newId = makeNewId(Date.now, randomBytes);
  const core = openCore({ client, names, accounts, newId, now: Date.now, log });
  const runs = openRuns(client, names);
  const list = makeListing({ desks, pacer, gate: core.gate, log, random: Math.random, sleep });
  let rules = setting.rules;
  const clock = makeClock({
    runs,
    run: countedRuns(makeRun({ runs, list, accept: core.accept, newId, log }), tally),
    rules: () => rules,
    newId,
    newToken: randomUUID,
    random: Math.random,
    log,
  });
  const ticks = openTicks({ connection: client, prefix: names.tag, onTick: clock.due, now: Date.now, onError });

  // One after the other: the last rules told are those that stay.
  let using: Promise<void> = Promise.resolve();

  function use(next: ClockRules): Promise<void> {
    const used = using.then(() => putInForce(next));
    using = used.catch(() => {});
    return used;
  }

  async function putInForce(next: ClockRules): Promise<void> {
    rules = next;
    const ticked = await ticks.arrange(next.clockRules);
    const isGone = (name: string) => !next.clockRules.some((rule) => rule.name === name);
    for (const name of new Set([...ticked, ...(await runs.owed())].filter(isGone))) {
      const run = await runs.forget(name);
      log.info({ rule: name, ...(run === undefined ? {} : { run }) }, 'clock.rule-gone');
    }
  }

  async function close(): Promise<void> {
    if (!(await office.drain(Promise.all([clock.stop(), ticks.close()])))) log.warn('clock.cut-short');
    await office.close(core.close);
    log.info('clock.stopped');
  }

  await use(setting.rules).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  clock.start();
  log.info({ rules: setting.rules.clockRules.map(({ name }) => name) }, 'clock.started');
  return { use, close };
}
