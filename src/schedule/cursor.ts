// Owns how far a run has come, and how that is written down: the place, the page, and what was counted so far. Pure.
import { z } from 'zod';

const count = z.number();

const Cursor = z.object({
  /** As the rule had them when the run began; one that it no longer has is passed over. */
  locations: z.array(z.string()),
  /** Which of them is being read. */
  index: count,
  /** Counts the pages of the whole run, so that each has a name of its own. */
  page: count,
  /** Pages of this location. */
  pages: count,
  pageToken: z.string().optional(),
  /** The vendor refused a page's token, and the location was begun again. */
  isAgain: z.boolean(),
  looked: count,
  matched: count,
  acted: count,
  held: count,
  busy: count,
  left: count,
  unreadable: count,
  calls: count,
  waitedMs: count,
  /** What went wrong with a location, for the summary. */
  warnings: z.array(z.string()),
});
export type Cursor = z.output<typeof Cursor>;

export type Counts = Pick<Cursor, 'looked' | 'matched' | 'acted' | 'held' | 'busy' | 'left' | 'unreadable'>;

/** A hundred tickets each: more than any location has. */
const MOST_PAGES = 1_000;
const MOST_WARNINGS = 100;

export function startCursor(locations: readonly string[]): Cursor {
  const counts = { looked: 0, matched: 0, acted: 0, held: 0, busy: 0, left: 0, unreadable: 0, calls: 0, waitedMs: 0 };
  return { locations: [...locations], index: 0, page: 0, pages: 0, isAgain: false, ...counts, warnings: [] };
}

/** Throws for a text that `JSON.stringify` of a cursor did not make. */
export function readCursor(text: string): Cursor {
  return Cursor.parse(JSON.parse(text));
}

/** The location to read next; undefined at the end. */
export function locationOf(cursor: Cursor): string | undefined {
  return cursor.locations[cursor.index];
}

/** On to the next location; `warning` tells why this one was left early. */
export function nextLocation(cursor: Cursor, warning?: string): Cursor {
  const { pageToken: _, ...rest } = cursor;
  const warnings = warning === undefined ? cursor.warnings : [...cursor.warnings, warning].slice(0, MOST_WARNINGS);
  return { ...rest, index: cursor.index + 1, pages: 0, isAgain: false, warnings };
}

/** This location from its first page once more. */
export function againFromStart(cursor: Cursor, warning: string): Cursor {
  const again = nextLocation(cursor, warning);
  return { ...again, index: cursor.index, isAgain: true };
}

/** Past a page that was dealt with. A token that leads back to its own page, or a list without end, ends the location. */
export function nextPage(cursor: Cursor, nextToken: string | undefined): { cursor: Cursor; endless: boolean } {
  const on = { ...cursor, page: cursor.page + 1, pages: cursor.pages + 1 };
  if (nextToken === undefined) return { cursor: nextLocation(on), endless: false };
  if (nextToken === cursor.pageToken || on.pages >= MOST_PAGES) {
    const where = `location ${locationOf(cursor)}`;
    const what = on.pages >= MOST_PAGES ? `has more than ${MOST_PAGES} pages` : 'names the same next page twice';
    return { cursor: nextLocation(on, `${where} ${what}`), endless: true };
  }
  return { cursor: { ...on, pageToken: nextToken }, endless: false };
}

export function countIn(cursor: Cursor, counts: Partial<Counts & Pick<Cursor, 'calls' | 'waitedMs'>>): Cursor {
  const { looked = 0, matched = 0, acted = 0, held = 0, busy = 0, left = 0, unreadable = 0 } = counts;
  return {
    ...cursor,
    looked: cursor.looked + looked,
    matched: cursor.matched + matched,
    acted: cursor.acted + acted,
    held: cursor.held + held,
    busy: cursor.busy + busy,
    left: cursor.left + left,
    unreadable: cursor.unreadable + unreadable,
    calls: cursor.calls + (counts.calls ?? 0),
    waitedMs: cursor.waitedMs + (counts.waitedMs ?? 0),
  };
}
