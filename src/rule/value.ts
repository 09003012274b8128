// Owns the values that expressions work on: JSON as it was parsed, times, durations, optionals, and failures. Objects
// are read by their own properties only. Comparing is bounded by the meter, showing by a number of characters.
import { Optional } from '@marcbachmann/cel-js';
import { running } from './limits.ts';
import { keysOf, type Meter, spend } from './meter.ts';

/**
 * Why a value could not be had. It travels through an evaluation as a value, as CEL's errors do: `false && failure` is
 * false. The sentence is made only when it is asked for, because most failures are never told.
 */
export class Failure {
  readonly #what: string | (() => string);
  constructor(what: string | (() => string)) {
    this.#what = what;
  }
  reason(): string {
    return typeof this.#what === 'string' ? this.#what : this.#what();
  }
}

/** A CEL duration. A class, so that no JSON of an event can pass for one. */
export class Span {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
}

export type Kind = 'null' | 'bool' | 'int' | 'double' | 'text' | 'list' | 'map' | 'time' | 'duration' | 'optional';

const words: Record<Kind, string> = {
  null: 'null',
  bool: 'true or false',
  int: 'a number',
  double: 'a number',
  text: 'a text',
  list: 'a list',
  map: 'an object',
  time: 'a time',
  duration: 'a duration',
  optional: 'an optional value',
};

/** The kind as a person says it. */
export function inWords(kind: Kind): string {
  return words[kind];
}

/** What a value is. JSON numbers are doubles; whole numbers written in a rule are ints. */
export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
      return 'double';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
    case 'object':
      return value === null ? 'null' : kindOfObject(value);
    default:
      return 'null';
  }
}

function kindOfObject(value: object): Kind {
  if (Array.isArray(value)) return 'list';
  if (value instanceof Date) return 'time';
  if (value instanceof Span) return 'duration';
  return value instanceof Optional ? 'optional' : 'map';
}

export type Fields = Readonly<Record<string, unknown>>;

/** True for a JSON object (and `event`, `headers`): something with named fields. */
export function isFields(value: unknown): value is Fields {
  return kindOf(value) === 'map';
}

/** The own field of that name, also for names such as `__proto__` and `constructor`; undefined when there is none. */
export function fieldOf(value: Fields, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Said when the work for one rule and event is used up. */
export const overworked = new Failure(
  `the event makes this rule too much work: at most ${running.ruleSteps} steps for a rule and ${running.eventSteps} for an event`,
);

/**
 * CEL equality: values of different kinds differ, numbers are equal by worth, lists and objects by content. Pays one
 * step per pair compared, and one per 256 characters of text.
 */
export function equal(a: unknown, b: unknown, meter: Meter, depth = 0): boolean | Failure {
  if (!spend(meter, 1)) return overworked;
  if (a === b) return typeof a !== 'string' || spend(meter, a.length / 256) || overworked;
  const kind = kindOf(a);
  if (isNumber(a) && isNumber(b)) return equalNumbers(a, b);
  if (kind !== kindOf(b)) return false;
  if (depth > running.depth) return new Failure(`values nested deeper than ${running.depth} levels are not compared`);
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (a instanceof Span && b instanceof Span) return a.ms === b.ms;
  if (a instanceof Optional && b instanceof Optional) return equalOptionals(a, b, meter, depth);
  if (Array.isArray(a) && Array.isArray(b)) return equalLists(a, b, meter, depth);
  if (kind === 'map' && isFields(a) && isFields(b)) return equalFields(a, b, meter, depth);
  return false;
}

export function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** By exact worth: a bigint and a number that rounds it are not equal. */
function equalNumbers(a: number | bigint, b: number | bigint): boolean {
  if (typeof a === typeof b) return a === b;
  return Number(a) === Number(b) && a <= b && a >= b;
}

function equalOptionals(a: Optional, b: Optional, meter: Meter, depth: number): boolean | Failure {
  if (!a.hasValue() || !b.hasValue()) return a.hasValue() === b.hasValue();
  return equal(a.value(), b.value(), meter, depth + 1);
}

function equalLists(a: readonly unknown[], b: readonly unknown[], meter: Meter, depth: number): boolean | Failure {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const same = equal(a[i], b[i], meter, depth + 1);
    if (same !== true) return same;
  }
  return true;
}

function equalFields(a: Fields, b: Fields, meter: Meter, depth: number): boolean | Failure {
  const names = keysOf(a, meter);
  const others = keysOf(b, meter);
  if (names === undefined || others === undefined) return overworked;
  if (names.length !== others.length) return false;
  for (const name of names) {
    if (!Object.hasOwn(b, name)) return false;
    const same = equal(a[name], b[name], meter, depth + 1);
    if (same !== true) return same;
  }
  return true;
}
