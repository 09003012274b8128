// Owns the way from what zod says to what a person reads: which value, what it is, what was expected, "did you mean".
// Prints a value only when it was written in the file in plain sight: nothing from the environment, no secret, no user
// of an address.
import { z } from 'zod';
import { didYouMean } from './closest.ts';
import type { Document } from './document.ts';
import { type Path, pathText, withoutUser } from './fault.ts';
import type { Trouble } from './walk.ts';

type Issue = z.core.$ZodIssue;

/** The issues of `schema` about the document's data as troubles, each at its own key or value. */
export function explainIssues(document: Document, schema: z.ZodType, issues: readonly Issue[]): readonly Trouble[] {
  return issues.flatMap((issue) => explain(document, schema, issue, []));
}

function explain(document: Document, schema: z.ZodType, issue: Issue, base: Path): readonly Trouble[] {
  const path = [...base, ...issue.path.filter((part) => typeof part !== 'symbol')];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        unknownKey([...path, key], issue.message, keysOf(schemaAt(schema, issue.path), issue.message)),
      );
    case 'invalid_key':
      return [
        { path, at: 'key', what: `${pathText(path)} is not a name`, expected: sentence(issue.issues[0] ?? issue) },
      ];
    case 'invalid_union':
      return explainUnion(document, schemaAt(schema, issue.path), issue, path);
    default:
      return [wrongValue(document, path, sentence(issue), wordsOf(issue))];
  }
}

function unknownKey(path: Path, expected: string, known: readonly string[]): Trouble {
  const key = String(path.at(-1));
  const hint = key === '<<' ? '; merging with << is not read, write the keys out' : didYouMean(key, known);
  return { path, at: 'key', what: `${pathText(path)} is not a known key`, expected: `${expected}${hint}` };
}

/** The union's own sentence; and where the value is nearly right, what is wrong inside the branch it comes closest to. */
function explainUnion(
  document: Document,
  schema: z.ZodType | undefined,
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
): readonly Trouble[] {
  const branch = closestBranch(issue.errors);
  const inside = issue.errors[branch] ?? [];
  const option =
    unwrap(schema) instanceof z.ZodUnion ? (unwrap(schema) as z.ZodUnion<z.ZodType[]>).options[branch] : undefined;
  const isWhole = inside.some((each) => each.path.length === 0 && each.code !== 'unrecognized_keys');
  if (option === undefined || isWhole || inside.length === 0) {
    return [
      wrongValue(
        document,
        path,
        issue.message,
        issue.errors.flatMap((each) => each.flatMap(wordsOf)),
      ),
    ];
  }
  const troubles = inside.flatMap((each) => explain(document, option, each, path));
  const key = path.at(-1);
  // An element of a list, such as a rule, says by its other keys which branch is meant.
  if (typeof key !== 'string') return troubles;
  return troubles.map((trouble) => ({ ...trouble, expected: `${trouble.expected} (${key}: ${issue.message})` }));
}

/** The branch with the least against it: the wrong kind of value weighs most, then unknown keys, then the rest. */
function closestBranch(branches: readonly (readonly Issue[])[]): number {
  const weights = branches.map((issues) => issues.reduce((sum, issue) => sum + weight(issue), 0));
  return weights.indexOf(Math.min(...weights));
}

function weight(issue: Issue): number {
  if (issue.code === 'unrecognized_keys') return 10 * issue.keys.length;
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value') ? 1000 : 1;
}

function wrongValue(document: Document, path: Path, expected: string, words: readonly string[] = []): Trouble {
  const value = valueAt(document.data, path);
  const hint = typeof value === 'string' && !isHidden(document, path) ? didYouMean(value, words) : '';
  // Where a way to verify is expected, people also put the secret itself; it is no slip of any word.
  const isShown = hint !== '' || !isVerify(path);
  return { path, what: `${pathText(path)} ${tell(document, path, isShown)}`, expected: `${expected}${hint}` };
}

function isVerify(path: Path): boolean {
  return path[0] === 'sources' && path[2] === 'verify';
}

/** What stands at `path`, as far as it may be said: `is "done"`, `is missing`, `is an empty list`. */
export function tell(document: Document, path: Path, isShown = true): string {
  const value = valueAt(document.data, path);
  if (value === undefined) return 'is missing';
  if (value === null || value === '') return 'is empty';
  if (Array.isArray(value)) return value.length === 0 ? 'is an empty list' : 'is a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'is an empty map' : 'is a map';
  const names = document.namesAt(path);
  if (names.length > 0) return `comes from ${names.map((name) => `\${${name}}`).join(', ')} (value not shown)`;
  if (!isShown || isHidden(document, path))
    return `is a ${typeof value === 'string' ? 'text' : typeof value} not shown here`;
  const text = typeof value === 'string' ? JSON.stringify(withoutUser(value)) : String(value);
  return `is ${text.length > 64 ? `${text.slice(0, 60)}…` : text}`;
}

/** True for values that are never printed: the whole file, what the environment gave, and places for secrets. */
function isHidden(document: Document, path: Path): boolean {
  return path.length === 0 || document.namesAt(path).length > 0 || isSecret(path);
}

/** True for a place that holds secrets, also under a key that is not quite right. */
export function isSecret(path: Path): boolean {
  // The second part is a name that the operator chose, `accounts.main`, and says nothing about what it holds.
  return path.some((part, i) => i !== 1 && typeof part === 'string' && /auth|secret|token|password|basic/i.test(part));
}

/** The value at `path` in plain data, undefined where there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[part];
  }
  return value;
}

function sentence(issue: Issue | z.core.$ZodIssueBase): string {
  return issue.message.startsWith('expected') ? issue.message : `expected something else (${issue.message})`;
}

function wordsOf(issue: Issue): readonly string[] {
  return issue.code === 'invalid_value' ? issue.values.filter((value) => typeof value === 'string') : [];
}

/** The keys that a map may have; of a union those of the branch that `message` lists, as the schema's own words do. */
function keysOf(schema: z.ZodType | undefined, message: string): readonly string[] {
  const plain = unwrap(schema);
  if (plain instanceof z.ZodObject) return Object.keys(plain.shape);
  if (!(plain instanceof z.ZodUnion)) return [];
  const branches = plain.options.map((option) => keysOf(option as z.ZodType, message));
  return branches.find((keys) => message.endsWith(keys.join(', '))) ?? [];
}

/** The schema that judged the value at `path`. */
function schemaAt(schema: z.ZodType | undefined, path: readonly PropertyKey[]): z.ZodType | undefined {
  let at = unwrap(schema);
  for (const [index, part] of path.entries()) {
    if (at instanceof z.ZodUnion) {
      // Where zod saw which branch is meant, it tells of that branch alone.
      const inside = at.options.map((option) => schemaAt(option as z.ZodType, path.slice(index)));
      return inside.find((found) => found !== undefined);
    }
    if (at instanceof z.ZodObject) at = unwrap((at.shape as Readonly<Record<PropertyKey, z.ZodType>>)[part]);
    else if (at instanceof z.ZodRecord) at = unwrap(at.valueType as z.ZodType);
    else if (at instanceof z.ZodArray) at = unwrap(at.element as z.ZodType);
    else return undefined;
  }
  return at;
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  let at = schema;
  while (
    at instanceof z.ZodOptional ||
    at instanceof z.ZodDefault ||
    at instanceof z.ZodPrefault ||
    at instanceof z.ZodPipe
  ) {
    at = (at instanceof z.ZodPipe ? at.in : at.unwrap()) as z.ZodType;
  }
  return at;
}
