// Owns what a verifier may look at: the raw bytes and the headers as they came, and how one header is read from them.
// Promises that a header given twice is never taken for one. Nothing here has been proven; signature.ts does that.

/** Header lines by lower-case name, one element per line: what Node calls `headersDistinct`. */
export type DistinctHeaders = Readonly<Record<string, readonly string[] | undefined>>;

/** One request as it came in. The body is the very Buffer that was received; it is never copied nor changed. */
export interface Delivery {
  readonly body: Buffer;
  readonly headers: DistinctHeaders;
}

/** What one shape of proof found. `why` is for the operator's log: it names headers, never their values. */
export type Check =
  | {
      readonly ok: true;
      /** Which of the secrets proved it; absent where nothing was asked for. */
      readonly secretIndex?: number;
      /** The sender's delivery id, where the signature covers it. */
      readonly signedId?: string;
      /** The time of sending, where the signature covers it, and how far it may lie from now. */
      readonly timed?: Timed;
    }
  | { readonly ok: false; readonly why: string; readonly fault?: ProofFault };

export interface Timed {
  readonly time: string;
  readonly toleranceMs: number;
}

/** What is wrong with a proof that fits, where that is known: its time of sending, or the end of its secret. */
export type ProofFault = 'stale' | 'ended-secret';

export type HeaderLine = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly why: string };

/** The value of header `name` (lower-case) if there is exactly one such line and it is not empty. */
export function onlyHeader(headers: DistinctHeaders, name: string): HeaderLine {
  const lines = Object.hasOwn(headers, name) ? (headers[name] ?? []) : [];
  const [value] = lines;
  if (value === undefined || value === '') return { ok: false, why: `there is no ${name} header` };
  if (lines.length > 1) return { ok: false, why: `the ${name} header is given ${lines.length} times` };
  return { ok: true, value };
}

/** Below this a time counts seconds (until the year 5138), from here on milliseconds (since 1973). */
const FIRST_MILLISECONDS = 1e11;

/**
 * Why the time of sending `text` (unix seconds or milliseconds, digits only) is not within `toleranceMs` of `nowMs`,
 * either way; undefined when it is. Whole seconds are compared, as the senders' own libraries do.
 */
export function timeFault(text: string, nowMs: number, toleranceMs: number): string | undefined {
  if (!/^\d{1,15}$/.test(text)) return 'the time of sending is not in unix seconds or milliseconds';
  const count = Number(text);
  const sentS = count < FIRST_MILLISECONDS ? count : Math.floor(count / 1000);
  const ageS = Math.floor(nowMs / 1000) - sentS;
  const toleranceS = toleranceMs / 1000;
  if (ageS > toleranceS) return `sent ${ageS} s ago, more than the ${toleranceS} s allowed`;
  if (-ageS > toleranceS) return `sent ${-ageS} s in the future, more than the ${toleranceS} s allowed`;
  return undefined;
}
