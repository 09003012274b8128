// Owns which questions may be asked of the ledger over HTTP, and what a wrong one is told.
import ms, { type StringValue } from 'ms';
import { z } from 'zod';
import type { Query } from '../ledger/ledger.ts';
import { verdicts } from '../verdict.ts';
import type { Refusal } from './problem.ts';
import { notValid, TicketId } from './wish.ts';

/** Reads the query string; unknown or repeated parameters are told, not ignored: an ignored filter lies. */
export function parseLedgerQuery(
  query: unknown,
  nowMs: number,
): { readonly ok: true; readonly value: Query } | { readonly ok: false; readonly refusal: Refusal } {
  const parsed = querySchema(nowMs).safeParse({ ...(query as object) });
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, refusal: notValid(parsed.error) };
}

function querySchema(nowMs: number) {
  return z.strictObject({
    cursor: word(/^[1-9]\d{0,14}(-\d{1,15})?$/, 'the `next` of the page before').optional(),
    limit: word(/^\d{1,3}$/, 'a number from 1 to 200')
      .transform(Number)
      .refine((limit) => limit >= 1 && limit <= 200, { error: 'expected a number from 1 to 200' })
      .prefault('50'),
    kind: word(/^[a-z][a-z.-]{0,62}$/, 'a kind of entry, for instance event or change').optional(),
    rule: word(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'the name of a rule').optional(),
    ticket: TicketId.optional(),
    verdict: z.enum(verdicts, { error: `expected one of ${verdicts.join(', ')}` }).optional(),
    since: z
      .string({ error: sinceExpected })
      .transform((text, context) => {
        const moment = toMoment(text, nowMs);
        if (moment !== undefined) return moment;
        context.addIssue({ code: 'custom', message: sinceExpected });
        return z.NEVER;
      })
      .optional(),
  });
}

const sinceExpected = 'expected a date such as 2026-01-31 or 2026-01-31T08:00:00Z, or a duration such as 24h';

/** The moment that `text` means; there is none before 1970, where the ids of the ledger begin. */
function toMoment(text: string, nowMs: number): number | undefined {
  const moment = readMoment(text, nowMs);
  return moment >= 0 ? moment : undefined;
}

/** An ISO date (UTC when it names no zone), or the moment one duration ago; NaN for anything else. */
function readMoment(text: string, nowMs: number): number {
  if (/^\d{1,6}(s|m|h|d|w)$/.test(text)) return nowMs - ms(text as StringValue);
  const parts = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  if (parts === null || (parts[2] === undefined && parts[5] !== undefined)) return Number.NaN;
  return Date.parse(`${parts[1]}${parts[2] ?? 'T00:00'}${parts[5] ?? 'Z'}`);
}

/** One text of this form; `expected` tells it to whoever sent another, or several. */
export function word(pattern: RegExp, expected: string) {
  return z.string({ error: `expected ${expected}, once` }).regex(pattern, { error: `expected ${expected}` });
}
