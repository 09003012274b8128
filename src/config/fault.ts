// Owns how a mistake in a configuration file is told: where, what, and what was expected.

/** Where in the configuration a value stands: keys and indexes from the root, e.g. `['rules', 0, 'when']`. */
export type Path = readonly (string | number)[];

/** `error` (the default) stops the start; `warning` is told and goes on. */
export type Severity = 'error' | 'warning';

/** One mistake, located. Lines and columns count from 1. */
export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What was wrong and where, e.g. `rules[0].set is "done"`. */
  readonly what: string;
  /** What would be right, e.g. `expected new, inProgress, solved or closed`. */
  readonly expected: string;
  readonly severity?: Severity;
}

/** A mistake found by a part that knows the meaning but not the file: the loader turns the path into a place. */
export interface Finding {
  readonly path: Path;
  /** Characters into the value (a CEL text), when the mistake is inside it. */
  readonly offset?: number;
  /** What is wrong, without the path, which the loader puts in front. */
  readonly what: string;
  readonly expected: string;
  readonly severity?: Severity;
}

/** True for what stops the start. */
export function isError({ severity }: { readonly severity?: Severity }): boolean {
  return severity !== 'warning';
}

/** `file:line:column: what, expected what`: one line, as editors and grep read it; a warning says that it is one. */
export function formatFault(fault: Fault): string {
  const word = isError(fault) ? '' : 'warning: ';
  return `${fault.file}:${fault.line}:${fault.column}: ${word}${fault.what}, ${fault.expected}`;
}

/**
 * The text without what an address has before its `@`, which is a password or a token: `https://…@x.example`. Taken
 * broadly, since who writes an address in a wrong form writes the same password. To be done before a text is cut.
 */
export function withoutUser(text: string): string {
  const end = text.lastIndexOf('@');
  const start = /:[/\\]*(?=[^\s/\\])/.exec(text.slice(0, Math.max(end, 0)));
  return start === null ? text : `${text.slice(0, start.index + start[0].length)}…${text.slice(end)}`;
}

/** `rules[0].set`, as a person writes it; `the file` for the root. */
export function pathText(path: Path): string {
  if (path.length === 0) return 'the file';
  return path.map((part, i) => (isPlain(part) ? `${i === 0 ? '' : '.'}${part}` : `[${shorten(part)}]`)).join('');
}

function isPlain(part: string | number): boolean {
  return typeof part === 'string' && /^[\w-]{1,64}$/.test(part);
}

function shorten(part: string | number): string {
  return typeof part === 'number' ? String(part) : JSON.stringify(withoutUser(part).slice(0, 64));
}
