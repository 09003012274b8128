// Owns the story of one run: location by location and page by page, list, decide, write down what is to be wished, wish it,
// move the cursor on. Every line between two awaits may be the last one of this process: whoever takes the run over goes on
// from the cursor, and what was planned is wished under the same name, so that each page is wished once.
import { z } from 'zod';
import type { Accept } from '../change/core.ts';
import type { Log } from '../log.ts';
import type { CompiledClockRule } from '../rule/clock-rule.ts';
import { Status } from '../ticket/ticket.ts';
import { choose, matchesOf, type Wish } from './choose.ts';
import {
  againFromStart,
  type Cursor,
  countIn,
  locationOf,
  nextLocation,
  nextPage,
  readCursor,
  startCursor,
} from './cursor.ts';
import type { Asker, List, Listed } from './listing.ts';
import type { Hold, Runs, Taken } from './runs.ts';

export interface RunParts {
  readonly runs: Pick<Runs, 'renew' | 'plan' | 'save' | 'finish' | 'standings'>;
  readonly list: List;
  readonly accept: Accept;
  readonly newId: (prefix: string) => string;
  readonly log: Log;
}

/** A rule and the version of the file that it stands in. */
export interface Order {
  readonly rule: CompiledClockRule;
  readonly version: string;
}

/** Rejects with LostRun, when the signal aborts, and with what Redis rejects with; the run can then be taken again. */
export type Run = (order: Order, taken: Taken, hold: Hold, signal: AbortSignal) => Promise<void>;

/** A page that was wished is not wished again within this, however late the run is taken over. */
const DEDUPE_MS = 7 * 24 * 60 * 60 * 1_000;

const Plan = z.object({
  event: z.string(),
  location: z.string(),
  /** When the page was asked for, by Redis' clock: a wish that came after it is the newer one. */
  listedAt: z.number(),
  wishes: z.array(
    z.object({ ticket: z.string(), status: Status, account: z.string(), dryRun: z.boolean(), reason: z.string() }),
  ),
  /** Where the run stands afterwards, but for what the cap says about the wishes. */
  cursor: z.string(),
});
type Plan = z.output<typeof Plan>;

export function makeRun({ runs, list, accept, newId, log }: RunParts): Run {
  return async function run({ rule, version }, taken, hold, signal) {
    const asker: Asker = { signal, renew: (leaseMs) => runs.renew(hold, leaseMs) };
    let cursor = taken.cursor === undefined ? startCursor(rule.locations) : readCursor(taken.cursor);
    if (taken.resumed > 0) log.info({ rule: rule.name, run: taken.run, page: cursor.page }, 'clock.resumed');
    if (taken.plan !== undefined) cursor = await wish(Plan.parse(JSON.parse(taken.plan.text)), taken.plan.allowed);

    for (let at = locationOf(cursor); at !== undefined; at = locationOf(cursor)) {
      cursor = rule.locations.includes(at) ? await readPage(at) : nextLocation(cursor);
    }
    const summary = summaryOf(cursor);
    await runs.finish(hold, rule.account, summary);
    log.info(summary, 'clock.ran');

    async function readPage(location: string): Promise<Cursor> {
      const listed = await list({ account: rule.account, location, pageToken: cursor.pageToken }, asker);
      const counted = countIn(cursor, { calls: listed.calls, waitedMs: listed.waitedMs });
      if (listed.kind !== 'page') return saved(leave(counted, location, listed));
      const { tickets, unreadable, nextPageToken } = listed.page;
      const nowMs = await asker.renew();
      const matches = matchesOf(rule, tickets, nowMs);
      const standings = await runs.standings(
        rule.name,
        matches.map(({ wish: { ticket } }) => ticket),
      );
      const { wishes, busy, left } = choose(matches, standings, rule.limit - cursor.acted - cursor.held);
      const looked = tickets.length + unreadable;
      const on = countIn(counted, { looked, matched: matches.length, busy, left, unreadable });
      const { cursor: next, endless } = nextPage(on, nextPageToken);
      if (endless) warn(location, next);
      if (wishes.length === 0) return saved(next);
      const { listedAt } = listed;
      const plan: Plan = { event: newId('ev'), location, listedAt, wishes: [...wishes], cursor: JSON.stringify(next) };
      // A dry run takes nothing of the cap: nothing of it is sent.
      const counting = rule.dryRun ? 0 : wishes.length;
      const { cap } = rule;
      const text = JSON.stringify(plan);
      const allowed = await runs.plan(hold, { page: cursor.page, text, wishes: counting, cap });
      return wish(plan, allowed);
    }

    /** Makes wishes of what was planned; once, however often it is done. */
    async function wish(plan: Plan, allowed: number): Promise<Cursor> {
      const { location, listedAt } = plan;
      const after = readCursor(plan.cursor);
      const page = after.page - 1;
      const decisions = plan.wishes.map((planned, i): Wish => {
        // A rule that was put on dry run since does nothing more, whatever it had planned.
        const dryRun = planned.dryRun || rule.dryRun;
        const isHeld = !dryRun && i >= allowed;
        return { kind: 'matched', rule: rule.name, ...planned, dryRun, ...(isHeld ? { held: true } : {}) };
      });
      const body = { rule: rule.name, run: taken.run, page };
      await accept({
        event: {
          id: plan.event,
          source: 'clock',
          type: `clock.${rule.name}`,
          at: listedAt,
          receivedAt: listedAt,
          headers: {},
          body,
        },
        rawBody: Buffer.from(JSON.stringify(body)),
        keepMs: 0,
        delivery: { key: `run:${taken.run}:${location}:${page}`, windowMs: DEDUPE_MS },
        decisions,
        version,
        class: 'clock',
      });
      const held = decisions.filter((decision) => decision.held === true).length;
      return saved(countIn(after, { held, acted: decisions.length - held }));
    }

    async function saved(next: Cursor): Promise<Cursor> {
      await runs.save(hold, JSON.stringify(next));
      return next;
    }

    function leave(from: Cursor, location: string, { kind, why }: Exclude<Listed, { kind: 'page' }>): Cursor {
      const warning = `location ${location} cannot be listed: ${why}`;
      // Tokens may grow old while a run is interrupted: the location is read once more from its start.
      const isOld = kind === 'refused' && from.pageToken !== undefined && !from.isAgain;
      const next = isOld ? againFromStart(from, warning) : nextLocation(from, warning);
      warn(location, next);
      return next;
    }

    function warn(location: string, { warnings }: Cursor): void {
      log.warn({ rule: rule.name, run: taken.run, location, why: warnings.at(-1) }, 'clock.location-left');
    }

    function summaryOf({ looked, matched, acted, held, busy, left, calls, waitedMs, unreadable, warnings }: Cursor) {
      const { run: id, resumed } = taken;
      return {
        ...{ rule: rule.name, run: id, looked, matched, acted, held, busy, left, calls, waitedMs },
        startedAt: new Date(taken.startedAt).toISOString(),
        resumed,
        ...(rule.dryRun ? { dryRun: true } : {}),
        ...(unreadable === 0 ? {} : { unreadable }),
        ...(warnings.length === 0 ? {} : { warnings }),
      };
    }
  };
}
