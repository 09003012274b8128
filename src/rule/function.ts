import { keysOf, type Meter, spend } from './meter.ts';
import { moment } from './operator.ts';
import { parseDuration, parseMoment } from './time.ts';
import { Failure, type Kind, overworked, Span } from './value.ts';

export type Work = (args: readonly unknown[], meter: Meter) => unknown;

/** What a function takes, in order (a method's receiver first), and what it does with it. */
export interface Overload {
  readonly takes: readonly (Kind | 'any')[];
  readonly work: Work;
}

export const text = (args: readonly unknown[], i = 0): string => String(args[i]);
export const list = (args: readonly unknown[]): readonly unknown[] => (Array.isArray(args[0]) ? args[0] : []);
export const span = (args: readonly unknown[]): Span => (args[0] instanceof Span ? args[0] : new Span(0));

/** Wraps work on a text that takes one pass over it. */
export function onePass(work: (args: readonly unknown[]) => unknown): Work {
  return (args, meter) => (spend(meter, 1 + text(args).length / 64) ? work(args) : overworked);
}

export const overload = (takes: Overload['takes'], work: Work): Overload => ({ takes, work });
export const size = [
  overload(['text'], (args, meter) => countCharacters(text(args), meter)),
  overload(['list'], (args) => BigInt(list(args).length)),
  overload(['map'], (args, meter) => countFields(args[0] as object, meter)),
];

/** Characters as people count them: one for each code point. */
function countCharacters(whole: string, meter: Meter): unknown {
  if (!spend(meter, whole.length / 16)) return overworked;
  let count = whole.length;
  for (let i = 1; i < whole.length; i++) if (isPair(whole.charCodeAt(i - 1), whole.charCodeAt(i))) count--;
  return BigInt(count);
}

/** Two code units that are one character. */
function isPair(first: number, second: number): boolean {
  return first >= 0xd800 && first <= 0xdbff && second >= 0xdc00 && second <= 0xdfff;
}

function countFields(fields: object, meter: Meter): unknown {
  const keys = keysOf(fields, meter);
  return keys === undefined ? overworked : BigInt(keys.length);
}

/** Called as `name(a)`. */
export const functions: Readonly<Record<string, readonly Overload[]>> = {
  size,
  dyn: [overload(['any'], (args) => args[0])],
  string: [
    overload(['text'], (args) => args[0]),
    overload(['bool'], text0),
    overload(['int'], text0),
    overload(['double'], (args) => (isExact(args[0]) ? text0(args) : rounded())),
    overload(['time'], (args) => (args[0] as Date).toISOString()),
    overload(['duration'], (args) => `${span(args).ms / 1000}s`),
  ],
  int: [
    overload(['int'], (args) => args[0]),
    overload(['double'], (args) => toInt(Number(args[0]))),
    overload(['text'], (args) =>
      /^[+-]?\d{1,18}$/.test(text(args)) ? BigInt(text(args)) : notA('whole number', args),
    ),
    overload(['time'], (args) => BigInt(Math.floor((args[0] as Date).getTime() / 1000))),
  ],
  double: [
    overload(['double'], (args) => args[0]),
    overload(['int'], (args) => Number(args[0])),
    overload(['text'], (args) =>
      /^[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?$/.test(text(args)) ? Number(text(args)) : notA('number', args),
    ),
  ],
  bool: [
    overload(['bool'], (args) => args[0]),
    overload(['text'], (args) => toBool(text(args)) ?? notA('true or false', args)),
  ],
  timestamp: [
    overload(['time'], (args) => args[0]),
    overload(['text'], (args) => parseMoment(text(args)) ?? notA('time such as 2026-02-03T10:00:00Z', args)),
    overload(['int'], (args) => moment(Number(args[0]) * 1000)),
    overload(['double'], (args) => moment(Number(args[0]) * 1000)),
  ],
  duration: [
    overload(['duration'], (args) => args[0]),
    overload(['text'], (args) => parseDuration(text(args)) ?? notA('duration such as 90m, 2h or 1h30m', args)),
  ],
};

function text0(args: readonly unknown[]): string {
  return String(args[0]);
}

function notA(wanted: string, args: readonly unknown[]): Failure {
  const length = text(args).length;
  return new Failure(`a text of ${length} characters that is no ${wanted}`);
}

function rounded(): Failure {
  return new Failure(
    'a number beyond 2^53, which JSON rounds; its exact digits are lost unless the sender writes it as a text',
  );
}

/** False for a whole number that the JSON parser may have rounded. */
function isExact(value: unknown): boolean {
  return typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value);
}

function toInt(value: number): bigint | Failure {
  return Number.isSafeInteger(Math.trunc(value)) ? BigInt(Math.trunc(value)) : rounded();
}

function toBool(word: string): boolean | undefined {
  if (['1', 't', 'true', 'TRUE', 'True'].includes(word)) return true;
  return ['0', 'f', 'false', 'FALSE', 'False'].includes(word) ? false : undefined;
}
