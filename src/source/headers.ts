// Owns which headers of a delivery become part of the event: all but those that prove something or open a door, since
// events are stored, shown to operators and read by rules.
import type { DistinctHeaders } from './delivery.ts';

/** Words in a header's name that make its value worth stealing, whoever put it there (senders, proxies, gateways). */
const SECRET_WORD =
  /(?:^|[-_])(?:authorization|authentication|auth|cookie2?|tokens?|secret|password|passwd|signature|hmac|jwt|credentials?|session|(?:api|access|subscription|functions|private|master)[-_]?key)(?:[-_]|$)/;

/** One text per lower-case name, repeated lines joined by `, `; without `proofs` and without anything that names a secret. */
export function keepHeaders(headers: DistinctHeaders, proofs: readonly string[]): Record<string, string> {
  const kept = Object.entries(headers).flatMap(([name, lines]) =>
    lines === undefined || isSecret(name, proofs) ? [] : [[name, lines.join(', ')] as const],
  );
  return Object.fromEntries(kept);
}

function isSecret(name: string, proofs: readonly string[]): boolean {
  // A header may be called `__proto__`; as a key of ours it would be a trap.
  return name === '__proto__' || proofs.includes(name) || SECRET_WORD.test(name);
}
