// Owns judging when a clock rule runs: a cron text that can be read and will come round, a time zone that exists.
import { CronExpressionParser } from 'cron-parser';

const expected = 'expected five fields such as "0 8 * * 1-5": minute, hour, day of month, month, day of week';

/** A leap year lies ahead of it, so that each day that exists comes round. */
const FROM = new Date('2023-12-31T00:00:00Z');

/** What is expected in place of this text; undefined when it is right. */
export function cronFault(text: string): string | undefined {
  // Not `H`, which stands for a random moment, another one in each process; and not `@daily`, which hides the hour.
  if (text.length > 200 || !/^[\w*/,#?-]+( [\w*/,#?-]+){4,5}$/.test(text) || /(?<![a-z])h/i.test(text)) return expected;
  try {
    CronExpressionParser.parse(text, { currentDate: FROM, tz: 'UTC' }).next();
    return undefined;
  } catch (error) {
    return `${expected} (${error instanceof Error ? plain(error.message) : 'it cannot be read'})`;
  }
}

/** The parser's sentence, on one line and without its own name for our mistake. */
function plain(message: string): string {
  return message.replace(/\s+/g, ' ').slice(0, 120);
}

/** True for an IANA name such as `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
