// Owns the methods that an expression may call on a value: CEL's own, and ours for ticket ids. Only what stands in this
// table (and in special.ts) can be called. Each pays for the size of what it is given before it works on it.
import type { Optional } from '@marcbachmann/cel-js';
import { list, type Overload, onePass, overload, size, span, text, type Work } from './function.ts';
import { running } from './limits.ts';
import { type Meter, spend } from './meter.ts';
import { joined, tooLong } from './operator.ts';
import { ticketIdsIn } from './ticket-text.ts';
import { Failure, inWords, kindOf, overworked } from './value.ts';

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
