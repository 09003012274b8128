// Owns the small shapes that all parts of statuswire.yaml are made of: maps, names, durations, CEL texts. Every sentence
// starts with `expected`, because a fault is told as `where is what, expected …`.
import ms, { type StringValue } from 'ms';
import { z } from 'zod';

export const SECOND = 1000;
export const DAY = 24 * 60 * 60 * SECOND;

/** A map of exactly these keys; says them when one is unknown, or when something else stands there. */
export function map<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? `expected ${keys.length === 1 ? keys[0] : `one of ${keys.join(', ')}`}`
        : `expected a map with ${keys.join(', ')}`,
  });
}

/** A map from names of one's own choice to values of one kind. */
export function named<Value extends z.ZodType>(value: Value, what: string) {
  return z.record(name, value, { error: `expected a map from the names of ${what} to their settings` });
}

/** A duration such as `10s`, `2h` or `4d`, at least `min` milliseconds; parsed to milliseconds. */
export function duration(min: number, max = 365 * DAY) {
  const expected = `expected a duration such as 10s, 2h or 4d, from ${ms(min)} to ${ms(max)}`;
  return z
    .string({ error: expected })
    .regex(/^\d{1,9}(\.\d{1,9})?\s?(ms|s|m|h|d|w)$/, { error: expected })
    .transform((text) => ms(text as StringValue))
    .refine((value) => value >= min && value <= max, { error: expected });
}

/** A CEL text; compiled and type-checked by the rulebook, which knows the variables. */
export const cel = z
  .string({ error: 'expected a CEL expression as text' })
  .min(1, { error: 'expected a CEL expression, this is empty' })
  .max(4096, { error: 'expected a CEL expression of at most 4096 characters' });

const nameExpected = 'expected a name: a letter, then letters, digits, - or _, at most 63';
export const name = z.string({ error: nameExpected }).regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, { error: nameExpected });

export const flag = z.boolean({ error: 'expected true or false' });

export const secret = z
  .string({ error: `expected a text, best as "\${NAME}" from the environment` })
  .min(1, { error: 'expected a value, this is empty' });
