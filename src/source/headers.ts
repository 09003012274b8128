// Owns which headers of a delivery become part of the event: all but those that prove something or open a door, since
// events are stored, shown to operators and read by rules.
import type { DistinctHeaders } from './delivery.ts';

/** Words in a header's name that make its value worth stealing, whoever put it there (senders, proxies, gateways). */
const SECRET_WORD =
  /(?:^|[-_])(?:authorization|authentication|auth|cookie2?|tokens?|secret|password|passwd|signature|hmac|jwt|credentials?|session|(?:api|access|subscription|functions|private|master)[-_]?key)(?:[-_]|$)/;

/** Names are the sender's to choose; a sender that chooses ever new ones is judged anew each time. */
const MOST_NAMES = 1_000;

/** One text per lower-case name, repeated lines joined by `, `; without `proofs` and without anything that names a secret. */
export function makeKeepHeaders(proofs: readonly string[]): (headers: DistinctHeaders) => Record<string, string> {
  // A sender's names are the same every time, and to judge them costs more than all else that is done with them (measured).
  const judged = new Map<string, boolean>();

  function isSecret(name: string): boolean {
    const known = judged.get(name);
    if (known !== undefined) return known;
    // A header may be called `__proto__`; as a key of ours it would be a trap.
    const secret = name === '__proto__' || proofs.includes(name) || SECRET_WORD.test(name);
    if (judged.size < MOST_NAMES) judged.set(name, secret);
    return secret;
  }

  return function keepHeaders(headers) {
    const kept: Record<string, string> = {};
    for (const name of Object.keys(headers)) {
      const lines = headers[name];
      if (lines !== undefined && !isSecret(name)) kept[name] = lines.length === 1 ? String(lines[0]) : lines.join(', ');
    }
    return kept;
  };
}
