// Owns the functions that an expression may call: CEL's own, and ours for ticket ids. Only what stands in these tables
// can be called. Each function pays for the size of what it is given before it works on it.
import type { Optional } from '@marcbachmann/cel-js';
import { running } from './limits.ts';
import { keysOf, type Meter, spend } from './meter.ts';
import { joined, moment, tooLong } from './operator.ts';
import { ticketIdsIn } from './ticket-text.ts';
import { parseDuration, parseMoment } from './time.ts';
import { Failure, inWords, type Kind, kindOf, overworked, Span } from './value.ts';

type Work = (args: readonly unknown[], meter: Meter) => unknown;

/** What a function takes, in order (a method's receiver first), and what it does with it. */
export interface Overload {
  readonly takes: readonly (Kind | 'any')[];
  readonly work: Work;
}

const text = (args: readonly unknown[], i = 0): string => String(args[i]);
const list = (args: readonly unknown[]): readonly unknown[] => (Array.isArray(args[0]) ? args[0] : []);
const span = (args: readonly unknown[]): Span => (args[0] instanceof Span ? args[0] : new Span(0));

/** Wraps work on a text that takes one pass over it. */
function onePass(work: (args: readonly unknown[]) => unknown): Work {
  return (args, meter) => (spend(meter, 1 + text(args).length / 64) ? work(args) : overworked);
}

/**
 * Wraps a search for one text in another. The engine's own search takes the product of both lengths in the worst case:
 * 60 s were measured for half a megabyte in one.
 */
function search(work: (args: readonly unknown[]) => unknown): Work {
  return (args, meter) => {
    const cost = 1 + text(args).length / 64 + (text(args).length * text(args, 1).length) / 400;
    return spend(meter, cost) ? work(args) : overworked;
  };
}

const overload = (takes: Overload['takes'], work: Work): Overload => ({ takes, work });
const size = [
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

/** Called as `value.name(…)`. */
export const methods: Readonly<Record<string, readonly Overload[]>> = {
  size,
  contains: [
    overload(
      ['text', 'text'],
      search((args) => text(args).includes(text(args, 1))),
    ),
  ],
  startsWith: [
    overload(
      ['text', 'text'],
      onePass((args) => text(args).startsWith(text(args, 1))),
    ),
  ],
  endsWith: [
    overload(
      ['text', 'text'],
      onePass((args) => text(args).endsWith(text(args, 1))),
    ),
  ],
  indexOf: [
    overload(
      ['text', 'text'],
      search((args) => BigInt(text(args).indexOf(text(args, 1)))),
    ),
  ],
  lastIndexOf: [
    overload(
      ['text', 'text'],
      search((args) => BigInt(text(args).lastIndexOf(text(args, 1)))),
    ),
  ],
  lowerAscii: [
    overload(
      ['text'],
      onePass((args) => text(args).replace(/[A-Z]+/g, (found) => found.toLowerCase())),
    ),
  ],
  upperAscii: [
    overload(
      ['text'],
      onePass((args) => text(args).replace(/[a-z]+/g, (found) => found.toUpperCase())),
    ),
  ],
  trim: [
    overload(
      ['text'],
      onePass((args) => text(args).trim()),
    ),
  ],
  substring: [
    overload(
      ['text', 'int'],
      onePass((args) => part(text(args), args[1], text(args).length)),
    ),
    overload(
      ['text', 'int', 'int'],
      onePass((args) => part(text(args), args[1], args[2])),
    ),
  ],
  split: [
    overload(
      ['text', 'text'],
      search((args) => pieces(text(args), text(args, 1))),
    ),
  ],
  join: [
    overload(['list'], (args, meter) => joinList(list(args), '', meter)),
    overload(['list', 'text'], (args, meter) => joinList(list(args), text(args, 1), meter)),
  ],
  ticketId: [
    overload(
      ['text'],
      inText((found) => ticketIdsIn(found)[0] ?? new Failure('no ticket id in the text')),
    ),
  ],
  ticketIds: [
    overload(
      ['text'],
      inText((found) => ticketIdsIn(found).slice(0, running.elements)),
    ),
  ],
  hasValue: [overload(['optional'], (args) => (args[0] as Optional).hasValue())],
  value: [overload(['optional'], (args) => orFailure(args[0] as Optional))],
  getHours: [overload(['duration'], (args) => BigInt(Math.trunc(span(args).ms / 3_600_000)))],
  getMinutes: [overload(['duration'], (args) => BigInt(Math.trunc(span(args).ms / 60_000)))],
  getSeconds: [overload(['duration'], (args) => BigInt(Math.trunc(span(args).ms / 1000)))],
  getMilliseconds: [overload(['duration'], (args) => BigInt(Math.trunc(span(args).ms)))],
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
export function isExact(value: unknown): boolean {
  return typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value);
}

function toInt(value: number): bigint | Failure {
  return Number.isSafeInteger(Math.trunc(value)) ? BigInt(Math.trunc(value)) : rounded();
}

function toBool(word: string): boolean | undefined {
  if (['1', 't', 'true', 'TRUE', 'True'].includes(word)) return true;
  return ['0', 'f', 'false', 'FALSE', 'False'].includes(word) ? false : undefined;
}

function part(whole: string, from: unknown, to: unknown): string | Failure {
  const [start, end] = [Number(from), Number(to)];
  if (start < 0 || end < start || end > whole.length) {
    return new Failure(`substring from ${start} to ${end} of a text with ${whole.length} characters`);
  }
  return whole.substring(start, end);
}

function pieces(whole: string, separator: string): string[] | Failure {
  const found = whole.split(separator, running.elements + 1);
  return found.length > running.elements ? new Failure(`more than ${running.elements} pieces`) : found;
}

function joinList(texts: readonly unknown[], between: string, meter: Meter): string | Failure {
  if (texts.length > running.elements) return tooLong(texts.length);
  const wrong = texts.find((one) => typeof one !== 'string');
  if (wrong !== undefined) return new Failure(`join works on texts, the list has ${inWords(kindOf(wrong))}`);
  return joined(texts as readonly string[], between, meter);
}

/** Wraps a search through a text that a stranger may have made long. */
function inText(work: (whole: string) => unknown): Work {
  return (args, meter) => {
    const { length } = text(args);
    if (!spend(meter, 1 + length / 8)) return overworked;
    if (length > running.characters) {
      return new Failure(`a text of ${length} characters, at most ${running.characters} are searched`);
    }
    return work(text(args));
  };
}

function orFailure(optional: Optional): unknown {
  return optional.hasValue() ? optional.value() : new Failure('an optional without a value');
}
