// Owns reading a YAML file that is no configuration, but is read as strictly: shape from a zod schema, every mistake told
// at once and at its place. Texts are taken as they stand; nothing comes from the environment.
import type { z } from 'zod';
import { type Document, type Place, readDocument } from './document.ts';
import { explainIssues, tell } from './explain.ts';
import { type Fault, type Path, pathText } from './fault.ts';

export interface Shaped<Value> {
  readonly ok: true;
  readonly value: Value;
  /** Where a value stands in the file. */
  locate(path: Path): Place;
  /** A fault at the value at `path`, which is told with what stands there. */
  fault(path: Path, expected: string): Fault;
}

/** What `schema` makes of `text`, which is the content of `file`; or every mistake, sorted by place. */
export function readShaped<Value>(
  file: string,
  text: string,
  schema: z.ZodType<Value>,
): Shaped<Value> | { readonly ok: false; readonly faults: readonly Fault[] } {
  const read = readDocument(text, undefined);
  if (!read.ok) return { ok: false, faults: read.faults.map((fault) => ({ file, ...fault })) };
  const { document } = read;
  const parsed = schema.safeParse(document.data);
  const troubles = [
    ...document.troubles,
    ...(parsed.success ? [] : explainIssues(document, schema, parsed.error.issues)),
  ];
  if (parsed.success && troubles.length === 0) {
    return {
      ok: true,
      value: parsed.data,
      locate: (path) => document.locate(path),
      fault: (path, expected) => ({ file, ...document.locate(path), what: whatIs(document, path), expected }),
    };
  }
  const faults = troubles.map(({ path, at, what, expected }) => ({
    file,
    ...document.locate(path, undefined, at),
    what,
    expected,
  }));
  return { ok: false, faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

function whatIs(document: Document, path: Path): string {
  return `${pathText(path)} ${tell(document, path)}`;
}
