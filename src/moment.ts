// Owns how a sender's own time is read, and how a length of time is written. Promises never to guess: what could be meant
// in two ways is no time.

/** Below this a number counts seconds (until the year 5138), from here on milliseconds (since 1973). */
const FIRST_MILLISECONDS = 1e11;

/** No webhook is older; `0` and `0001-01-01T00:00:00Z` are how senders write "not set". */
const FIRST_MOMENT = Date.UTC(2000, 0, 1);

const WRITTEN = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(?:(Z|UTC)|([+-]\d{2}):?(\d{2}))$/i;

/**
 * Milliseconds since the epoch for an ISO date and time with its zone, unix seconds or milliseconds (number, bigint or
 * digits) or a Date; undefined for anything else, and for what lies before the year 2000.
 */
export function toMoment(value: unknown): number | undefined {
  const ms = Math.round(toMilliseconds(value));
  return Number.isSafeInteger(ms) && ms >= FIRST_MOMENT ? ms : undefined;
}

function toMilliseconds(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'bigint') return fromUnix(Number(value));
  if (typeof value === 'number') return fromUnix(value);
  if (typeof value !== 'string') return Number.NaN;
  if (/^\d{1,16}(\.\d{1,9})?$/.test(value)) return fromUnix(Number(value));
  const [, date, time, utc, hours, minutes] = WRITTEN.exec(value) ?? [];
  if (date === undefined || time === undefined) return Number.NaN;
  return Date.parse(`${date}T${time}${utc === undefined ? `${hours}:${minutes}` : 'Z'}`);
}

function fromUnix(count: number): number {
  return count < FIRST_MILLISECONDS ? count * 1000 : count;
}

/** A length of time as it is written in a configuration: `90m`, `2h`, `4d`; the largest unit that keeps it exact. */
export function durationText(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;
