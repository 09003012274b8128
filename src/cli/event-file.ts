// Owns what an event looks like when it is written down, for `test` and in fixtures, and how such a file is read: strictly,
// with every mistake at its place. What rules make of it is trial.ts's.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { explainReadError } from '../config/read-text.ts';
import { map } from '../config/scalar.ts';
import { readShaped, type Shaped, type ShapedResult, shapeJson } from '../config/shaped.ts';
import { toMoment } from '../moment.ts';
import { findJsonFault } from '../source/json-fault.ts';
import { Mistakes } from './setup.ts';

const momentExpected = 'expected a time with its zone, such as 2026-03-01T08:00:00Z, or unix seconds or milliseconds';
const moment = z
  .union([z.string(), z.number()], { error: momentExpected })
  .transform((value) => toMoment(value))
  .refine((at) => at !== undefined, { error: momentExpected });

const text = (what: string) => z.string({ error: `expected ${what}` });

export const SavedEventSchema = map({
  id: text('a text, our id for the event').optional(),
  source: text('the name of a source of the configuration'),
  type: text('a text; without it the source finds the type, as for a delivery').optional(),
  at: moment.optional(),
  receivedAt: moment.optional(),
  headers: z
    .record(
      z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,256}$/, { error: 'expected the name of a header' }),
      text('a text, as a header has it'),
      { error: 'expected a map from names of headers to texts' },
    )
    .default({}),
  body: z.unknown().refine((body) => body !== undefined, { error: 'expected the JSON body of the request' }),
});

/** An event as it is written down. What is not given is found as the source would find it. */
export type SavedEvent = z.output<typeof SavedEventSchema>;

/** The event in a JSON or YAML file, and where its parts stand. Throws Mistakes. */
export function readSavedEvent(file: string): Shaped<SavedEvent> {
  const content = readTextOf(file, 'a saved event');
  if (/\.ya?ml$/.test(file)) return soundOr(readShaped(file, content, SavedEventSchema));
  return soundOr(shapeJson(file, content, parseJson(file, content), SavedEventSchema));
}

function parseJson(file: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    const position = findJsonFault(content) ?? 0;
    const before = content.slice(0, position).split('\n');
    const place = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    const what = position === content.length ? 'the JSON ends too early' : 'this is not JSON';
    throw new Mistakes([
      { ...place, what, expected: 'expected {id?, source, type?, at?, receivedAt?, headers, body}' },
    ]);
  }
}

/** The text of a file, without a byte order mark. Throws Mistakes with the sentence that a person needs. */
export function readTextOf(file: string, wanted: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    const why = explainReadError(error);
    const what = why.ok ? 'the file cannot be read' : why.what;
    throw new Mistakes([{ file, line: 1, column: 1, what, expected: `expected ${wanted}` }]);
  }
}

/** Throws Mistakes where there are any. */
export function soundOr<Value>(read: ShapedResult<Value>): Shaped<Value> {
  if (!read.ok) throw new Mistakes(read.faults);
  return read;
}
