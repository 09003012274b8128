// Owns what the operators of an expression do: arithmetic, comparison, membership. Numbers of JSON (doubles) and of
// rules (ints) mix freely. What cannot be done is a failure that names the operands.
import { running } from './limits.ts';
import type { Meter } from './meter.ts';
import { spend } from './meter.ts';
import { equal, Failure, inWords, isFields, isNumber, kindOf, overworked, Span } from './value.ts';

export const binaryOperators = ['==', '!=', '<', '<=', '>', '>=', 'in', '+', '-', '*', '/', '%'] as const;
export type BinaryOperator = (typeof binaryOperators)[number];

/** Does `a op b`, paying for what depends on the size of the operands. */
export function operate(op: BinaryOperator, a: unknown, b: unknown, meter: Meter): unknown {
  switch (op) {
    case '==':
      return equal(a, b, meter);
    case '!=':
      return negated(equal(a, b, meter));
    case 'in':
      return isIn(a, b, meter);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(op, a, b, meter);
    case '+':
      return add(a, b, meter);
    case '-':
      return subtract(a, b);
    default:
      return isNumber(a) && isNumber(b) ? calculate(op, a, b) : cannot(op, a, b);
  }
}

function negated(same: boolean | Failure): boolean | Failure {
  return typeof same === 'boolean' ? !same : same;
}

/** Kinds only, no values: an operand may be a secret. */
function cannot(op: string, a: unknown, b: unknown): Failure {
  return new Failure(() => `${op} does not work between ${inWords(kindOf(a))} and ${inWords(kindOf(b))}`);
}

function isIn(a: unknown, b: unknown, meter: Meter): boolean | Failure {
  if (isFields(b)) return typeof a === 'string' && Object.hasOwn(b, a);
  if (!Array.isArray(b)) return cannot('in', a, b);
  let failure: Failure | undefined;
  for (const element of b) {
    const same = equal(a, element, meter);
    if (same === true) return true;
    if (same === overworked) return overworked;
    if (same instanceof Failure) failure ??= same;
  }
  return failure ?? false;
}

function compare(op: '<' | '<=' | '>' | '>=', a: unknown, b: unknown, meter: Meter): boolean | Failure {
  if (isNumber(a) && isNumber(b)) return ordered(op, a, b);
  if (typeof a === 'string' && typeof b === 'string') {
    return spend(meter, Math.min(a.length, b.length) / 256) ? ordered(op, a, b) : overworked;
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return ordered(op, Number(a), Number(b));
  if (a instanceof Date && b instanceof Date) return ordered(op, a.getTime(), b.getTime());
  if (a instanceof Span && b instanceof Span) return ordered(op, a.ms, b.ms);
  return cannot(op, a, b);
}

function ordered<T extends number | bigint | string>(op: '<' | '<=' | '>' | '>=', a: T, b: T): boolean {
  if (op === '<') return a < b;
  if (op === '<=') return a <= b;
  return op === '>' ? a > b : a >= b;
}

function add(a: unknown, b: unknown, meter: Meter): unknown {
  if (isNumber(a) && isNumber(b)) return calculate('+', a, b);
  if (typeof a === 'string' && typeof b === 'string') return joined([a, b], '', meter);
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length + b.length > running.elements) return tooLong(a.length + b.length);
    return spend(meter, (a.length + b.length) / 16) ? [...a, ...b] : overworked;
  }
  if (a instanceof Span && b instanceof Span) return new Span(a.ms + b.ms);
  if (a instanceof Date && b instanceof Span) return moment(a.getTime() + b.ms);
  if (a instanceof Span && b instanceof Date) return moment(b.getTime() + a.ms);
  return cannot('+', a, b);
}

function subtract(a: unknown, b: unknown): unknown {
  if (isNumber(a) && isNumber(b)) return calculate('-', a, b);
  if (a instanceof Date && b instanceof Date) return new Span(a.getTime() - b.getTime());
  if (a instanceof Date && b instanceof Span) return moment(a.getTime() - b.ms);
  if (a instanceof Span && b instanceof Span) return new Span(a.ms - b.ms);
  return cannot('-', a, b);
}

/** A time within what ISO 8601 writes with four digits (years 1 to 9999), as CEL has it. */
export function moment(ms: number): Date | Failure {
  if (ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999) return new Date(ms);
  return new Failure('a time outside the years 1 to 9999');
}

/** Texts put together, refused before they are made when the result would be too long. */
export function joined(texts: readonly string[], between: string, meter: Meter): string | Failure {
  let length = Math.max(0, texts.length - 1) * between.length;
  for (const text of texts) length += text.length;
  if (length > running.characters)
    return new Failure(`a text of ${length} characters, at most ${running.characters} are made`);
  return spend(meter, texts.length / 16 + length / 256) ? texts.join(between) : overworked;
}

export function tooLong(elements: number): Failure {
  return new Failure(`a list of ${elements} elements, at most ${running.elements} are looked at`);
}

const largestInt = 2n ** 63n - 1n;
const smallestInt = -(2n ** 63n);

/** Two ints stay an int, as in CEL (`7 / 2` is 3); with a number of JSON among them the result is a double. */
function calculate(op: '+' | '-' | '*' | '/' | '%', a: number | bigint, b: number | bigint): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') return calculateInts(op, a, b);
  const [x, y] = [Number(a), Number(b)];
  switch (op) {
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      return x / y;
    case '%':
      return y === 0 ? new Failure('a division by zero') : x % y;
  }
}

function calculateInts(op: '+' | '-' | '*' | '/' | '%', a: bigint, b: bigint): unknown {
  if ((op === '/' || op === '%') && b === 0n) return new Failure('a division by zero');
  const result = exact(op, a, b);
  return result > largestInt || result < smallestInt ? new Failure('a whole number beyond 64 bits') : result;
}

function exact(op: '+' | '-' | '*' | '/' | '%', a: bigint, b: bigint): bigint {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}

/** `-a` */
export function negate(a: unknown): unknown {
  if (typeof a === 'bigint') return calculateInts('-', 0n, a);
  if (typeof a === 'number') return -a;
  return new Failure(() => `- does not work on ${inWords(kindOf(a))}`);
}
