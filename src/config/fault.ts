// Owns how a mistake in a configuration file is told: where, what, and what was expected.

/** Where in the configuration a value stands: keys and indexes from the root, e.g. `['rules', 0, 'when']`. */
export type Path = readonly (string | number)[];

/** One mistake, located. Lines and columns count from 1. */
export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What was wrong and where, e.g. `rules[0].set: "done" is not a status`. */
  readonly what: string;
  /** What would be right, e.g. `expected new, inProgress, solved or closed`. */
  readonly expected: string;
}

/** A mistake found by a part that knows the meaning but not the file: the loader turns the path into a place. */
export interface Finding {
  readonly path: Path;
  /** Characters into the value (a CEL text), when the mistake is inside it. */
  readonly offset?: number;
  readonly what: string;
  readonly expected: string;
}

/** `file:line:column: what, expected what`: one line, as editors and grep read it. */
export function formatFault(fault: Fault): string {
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.what}, ${fault.expected}`;
}
