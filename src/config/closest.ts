// Owns "did you mean": the candidate a person most likely meant by a word that is none of them.

/** The candidate that differs only in case or by a slip or two; undefined when none is near. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const plain = word.toLowerCase();
  const near = candidates
    .map((candidate) => ({ candidate, distance: distance(plain, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.ceil(word.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

/** `; did you mean x?`, or nothing: to be added to what was expected. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const meant = closest(word, candidates);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** Edits between two words (Levenshtein), one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
