// Owns which of a source's secrets count: each may have an end, after which it proves nothing. Secrets are named by their
// place in the configuration, newest first, never by their words.
import type { Secret } from '../config/schema.ts';
import type { Check } from './delivery.ts';

/** Runs `prove` with the secrets that `isWanted`; the index in its answer is the one among all. */
export function proveAmong<One, Answer extends Check>(
  secrets: readonly One[],
  isWanted: (secret: One) => boolean,
  prove: (some: readonly One[]) => Answer,
): Answer {
  if (secrets.every(isWanted)) return prove(secrets);
  const some = [...secrets.entries()].filter(([, secret]) => isWanted(secret));
  const answer = prove(some.map(([, secret]) => secret));
  if (!answer.ok || answer.secretIndex === undefined) return answer;
  const [secretIndex] = some[answer.secretIndex] ?? [];
  return { ...answer, secretIndex };
}

/** True until the end of the secret, which is no longer part of its time. `nowMs` and `until` since the epoch. */
export function isLive({ until }: Pick<Secret, 'until'>, nowMs: number): boolean {
  return until === undefined || nowMs < until;
}
