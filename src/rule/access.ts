// Owns reading a field or an element: own properties only, and a failure that says what there is instead.
import { Optional } from '@marcbachmann/cel-js';
import type { Meter } from './meter.ts';
import { cut, mention } from './show.ts';
import { Failure, type Fields, fieldOf, isFields } from './value.ts';

/** How a reason names what was read: the whole (`body.issue.labels`) and where it was looked for (`body.issue`). */
export interface Place {
  readonly whole: string;
  readonly within: string;
  /** Whether `within` may be shown. */
  readonly secret: boolean;
}

/** The field or element, or a failure. With an optional on the left the answer is optional too, as CEL has it. */
export function read(value: unknown, key: unknown, place: Place, meter: Meter): unknown {
  if (value instanceof Failure) return value;
  if (key instanceof Failure) return key;
  if (value instanceof Optional) return value.hasValue() ? readOptional(value.value(), key) : value;
  const found = lookUp(value, key);
  return found === undefined ? missing(value, key, place, meter) : found;
}

/** The field or element as an optional: none where `read` fails. */
export function readOptional(value: unknown, key: unknown): unknown {
  if (value instanceof Failure) return value;
  if (key instanceof Failure) return key;
  if (value instanceof Optional) return value.hasValue() ? readOptional(value.value(), key) : value;
  const found = lookUp(value, key);
  return found === undefined ? Optional.none() : Optional.of(found);
}

/** Undefined where there is no such field or element; JSON has no undefined. */
export function lookUp(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) return typeof key === 'bigint' || typeof key === 'number' ? value[Number(key)] : undefined;
  return typeof key === 'string' && isFields(value) ? fieldOf(value, key) : undefined;
}

function missing(value: unknown, key: unknown, place: Place, meter: Meter): Failure {
  return new Failure(() => {
    if (Array.isArray(value))
      return `${place.whole} is missing (${place.within} has ${count(value.length, 'element')})`;
    if (isFields(value)) return `${place.whole} is missing (${place.within} has${names(value, meter)})`;
    return `${place.within} is ${mention(value, place.secret)}, so there is no ${cut(String(key), 40)} in it`;
  });
}

/** `1 element`, `3 elements` */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** A few names of an object's fields, listed once for an event. Names are the sender's words too, so they are cut. */
function names(fields: Fields, { said }: Meter): string {
  const known = said.names.get(fields) ?? listNames(Object.keys(fields));
  said.names.set(fields, known);
  return known;
}

function listNames(all: readonly string[]): string {
  if (all.length === 0) return ' no fields';
  const told = all.slice(0, 6).map((name) => cut(name.replace(/\s+/g, ' '), 24));
  return `: ${told.join(', ')}${all.length > told.length ? ' …' : ''}`;
}
