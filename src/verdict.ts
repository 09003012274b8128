// Owns the words for how a change can end, once for whoever writes, counts or asks for them; the glossary is in event.ts.
// Leaves to change/verdict.ts which of them a change gets.

/** Each change has exactly one. */
export const verdicts = [
  'applied',
  'unchanged',
  'superseded',
  'guarded',
  'shadowed',
  'cancelled',
  'held',
  'expired',
  'failed',
  'dry-run',
] as const;
export type Verdict = (typeof verdicts)[number];
