// Owns fixtures, `*.test.yaml`: an event in, the changes that rules shall make of it out. What a fixture may say, where
// fixtures are found, and which rules they are about.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { DAY, duration, map, name, SECOND } from '../config/scalar.ts';
import type { Shaped } from '../config/shaped.ts';
import { readShaped } from '../config/shaped.ts';
import { Status, statuses, toTicketId } from '../ticket/ticket.ts';
import { readSavedEvent, readTextOf, type SavedEvent, SavedEventSchema, soundOr } from './event-file.ts';
import { Refusal } from './output.ts';

/** An id, or how a ticket is named before its id is known: `link:KEY`, `number:30@LOCATION`. */
const ticketExpected = 'expected a ticket id, link:NAME or number:N@LOCATION';
const ticket = z
  .string({ error: ticketExpected })
  .min(1, { error: ticketExpected })
  .transform((text) => toTicketId(text) ?? text);

const ExpectedSchema = map({
  rule: name.optional(),
  ticket,
  status: Status.optional(),
  link: z.string({ error: 'expected the name that is remembered' }).optional(),
  cancels: z.literal(true, { error: 'expected true: the wait for this ticket ends' }).optional(),
  account: name.optional(),
  from: z.array(Status, { error: 'expected a list of statuses' }).optional(),
  after: duration(SECOND, 30 * DAY).optional(),
  dryRun: z.boolean({ error: 'expected true or false' }).optional(),
  shadowedBy: name.optional(),
}).refine(({ status, link, cancels }) => [status, link, cancels].filter((one) => one !== undefined).length === 1, {
  error: `expected either status (${statuses.join(', ')}), link or cancels beside ticket`,
  when: ({ issues }) => issues.length === 0,
});

/** One thing that the rules shall make of an event. Keys that it does not have may be anything. */
export type Expected = z.output<typeof ExpectedSchema>;

const FixtureSchema = map({
  name: z.string({ error: 'expected a text that says what is so' }).min(1, { error: 'expected a text, this is empty' }),
  event: SavedEventSchema.optional(),
  file: z.string({ error: 'expected the path of a saved event, from the folder of this file' }).optional(),
  expect: z
    .array(ExpectedSchema, { error: 'expected a list of changes; for no change at all: `none: true`' })
    .min(1, { error: 'expected at least one change; for no change at all: `none: true`' })
    .optional(),
  none: z.literal(true, { error: 'expected true: no change' }).optional(),
})
  .refine(({ event, file }) => (event === undefined) !== (file === undefined), {
    error: 'expected either event or file',
    path: ['event'],
    when: ({ issues }) => issues.length === 0,
  })
  .refine(({ expect, none }) => (expect === undefined) !== (none === undefined), {
    error: 'expected either expect or `none: true`',
    path: ['expect'],
    when: ({ issues }) => issues.length === 0,
  });

const FixturesSchema = z
  .array(FixtureSchema, { error: 'expected a list of {name, event or file, expect or none}' })
  .min(1, { error: 'expected at least one test' });

export type Fixture = z.output<typeof FixtureSchema>;

/** The tests in a file, and where they stand. Throws Mistakes. */
export function readFixtures(file: string): Shaped<readonly Fixture[]> {
  return soundOr(readShaped(file, readTextOf(file, 'tests of rules'), FixturesSchema));
}

/** The event of a test: its own, or the one in the file it names. Throws Mistakes. */
export function eventOf({ event, file = '' }: Fixture, fixtureFile: string): SavedEvent {
  return event ?? readSavedEvent(isAbsolute(file) ? file : join(dirname(fixtureFile), file)).value;
}

const ENDING = /\.test\.ya?ml$/;

export function isFixtureFile(path: string): boolean {
  return ENDING.test(path);
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The fixture files in a folder, by name. Throws a Refusal where there is none. */
export function fixturesIn(folder: string): readonly string[] {
  const files = readdirSync(folder).filter(isFixtureFile).toSorted();
  if (files.length === 0)
    throw new Refusal(`There is no *.test.yaml in ${folder}. docs/rules.md says how to write one.`);
  return files.map((file) => join(folder, file));
}

/** The rules that stand beside a fixture file under the same name: `alerts.yaml` for `alerts.test.yaml`. */
export function rulesBeside(file: string): string | undefined {
  return ['.yaml', '.yml'].map((ending) => file.replace(ENDING, ending)).find((path) => existsSync(path));
}
