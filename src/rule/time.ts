// Owns times and durations in expressions: how they are read from text, and the parts of a time in a time zone.
import { moment } from './operator.ts';
import { Failure, Span } from './value.ts';

const isoMoment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** An RFC 3339 time; undefined for anything else, also for dates that do not exist. */
export function parseMoment(text: string): Date | undefined {
  if (text.length > 40 || !isoMoment.test(text)) return undefined;
  const found = moment(Date.parse(text));
  return found instanceof Failure ? undefined : found;
}

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000_001,
};

/** A duration as CEL and Go write it: `90m`, `1h30m`, `-1.5h`; undefined for anything else. */
export function parseDuration(text: string): Span | undefined {
  if (text.length > 64 || !/^[+-]?(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)) {
    ms += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  }
  return new Span(text.startsWith('-') ? -ms : ms);
}

interface Clock {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  /** Of the month, from 1. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

/** CEL's parts of a time: months, days of the month and days of the year count from 0, Sunday is day 0. */
export const clockParts: Readonly<Record<string, (clock: Clock) => number>> = {
  getFullYear: (clock) => clock.year,
  getMonth: (clock) => clock.month,
  getDate: (clock) => clock.day,
  getDayOfMonth: (clock) => clock.day - 1,
  getDayOfWeek: (clock) => new Date(Date.UTC(clock.year, clock.month, clock.day)).getUTCDay(),
  getDayOfYear: (clock) => (Date.UTC(clock.year, clock.month, clock.day) - Date.UTC(clock.year, 0, 1)) / 86_400_000,
  getHours: (clock) => clock.hour,
  getMinutes: (clock) => clock.minute,
  getSeconds: (clock) => clock.second,
  getMilliseconds: (clock) => clock.millisecond,
};

/** Reads a time off the clock of a zone. Made once, because making a formatter takes longer than using it. */
export type ReadClock = (time: Date) => Clock;

export const readUtc: ReadClock = (time) => ({
  year: time.getUTCFullYear(),
  month: time.getUTCMonth(),
  day: time.getUTCDate(),
  hour: time.getUTCHours(),
  minute: time.getUTCMinutes(),
  second: time.getUTCSeconds(),
  millisecond: time.getUTCMilliseconds(),
});

/** A clock for an IANA zone such as `Europe/Berlin`; undefined for a name that is none. */
export function makeClock(timeZone: string): ReadClock | undefined {
  const format = formatter(timeZone);
  if (format === undefined) return undefined;
  return (time) => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return { year, month: month - 1, day, hour, minute, second, millisecond: time.getUTCMilliseconds() };
  };
}

function formatter(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
}
