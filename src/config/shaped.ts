// Owns reading a file that is no configuration, but is read as strictly: shape from a zod schema, every mistake told at
// once and at its place. YAML, or JSON with the same words. Texts are taken as they stand, nothing is from the environment.
import type { z } from 'zod';
import { type Document, type Place, readDocument } from './document.ts';
import { explainIssues, tell } from './explain.ts';
import { type Fault, type Path, pathText } from './fault.ts';
import type { Trouble } from './walk.ts';

export interface Shaped<Value> {
  readonly ok: true;
  readonly value: Value;
  /** Where a value stands in the file. */
  locate(path: Path): Place;
  /** A fault at the value at `path`, which is told with what stands there. */
  fault(path: Path, expected: string): Fault;
}

export type ShapedResult<Value> = Shaped<Value> | { readonly ok: false; readonly faults: readonly Fault[] };

/** What `schema` makes of the YAML in `text`, which is the content of `file`; or every mistake, sorted by place. */
export function readShaped<Value>(file: string, text: string, schema: z.ZodType<Value>): ShapedResult<Value> {
  const read = readDocument(text, undefined);
  if (!read.ok) return { ok: false, faults: read.faults.map((fault) => ({ file, ...fault })) };
  const { document } = read;
  return judged(file, () => document, schema, document.data, document.troubles);
}

/**
 * The same of JSON, whose value `data` is taken as JSON has it. JSON is YAML as well, so the places are found there; only
 * when they are needed, since that takes a hundred times as long as reading the JSON.
 */
export function shapeJson<Value>(
  file: string,
  text: string,
  data: unknown,
  schema: z.ZodType<Value>,
): ShapedResult<Value> {
  let read: Document | undefined;
  const document = () => {
    read ??= documentOf(text, data);
    return read;
  };
  return judged(file, document, schema, data, []);
}

function documentOf(text: string, data: unknown): Document {
  const read = readDocument(text, undefined);
  if (read.ok) return { ...read.document, data };
  return { data, troubles: [], namesAt: () => [], locate: () => ({ line: 1, column: 1 }) };
}

function judged<Value>(
  file: string,
  document: () => Document,
  schema: z.ZodType<Value>,
  data: unknown,
  found: readonly Trouble[],
): ShapedResult<Value> {
  const parsed = schema.safeParse(data);
  if (parsed.success && found.length === 0) {
    return {
      ok: true,
      value: parsed.data,
      locate: (path) => document().locate(path),
      fault: (path, expected) => toFault(file, document(), { path, what: whatIs(document(), path), expected }),
    };
  }
  const issues = parsed.success ? [] : explainIssues(document(), schema, parsed.error.issues);
  const faults = [...found, ...issues].map((trouble) => toFault(file, document(), trouble));
  return { ok: false, faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

function toFault(file: string, document: Document, { path, at, what, expected }: Trouble): Fault {
  return { file, ...document.locate(path, undefined, at), what, expected };
}

function whatIs(document: Document, path: Path): string {
  return `${pathText(path)} ${tell(document, path)}`;
}
