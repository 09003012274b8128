// Owns how our own ids are made: sortable by time, not guessable, safe in a key, a job id and an address.

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32

/** Drawn at once: the system is asked for chance once for many ids, which is a tenth of the price (measured). */
const POOL_BYTES = 4096;
const CHANCE_BYTES = 16;

/** A maker of ids `prefix_` + 26 characters: 48 bits of time (ms), 80 bits of chance. */
export function makeNewId(now: () => number, randomBytes: (size: number) => Uint8Array): (prefix: string) => string {
  let pool: Uint8Array = new Uint8Array();
  let used = 0;
  let at = Number.NaN;
  let time = '';
  return (prefix) => {
    if (used + CHANCE_BYTES > pool.length) {
      pool = randomBytes(POOL_BYTES);
      used = 0;
    }
    const ms = now();
    if (ms !== at) time = inBase32(ms);
    at = ms;
    let chance = '';
    for (const end = used + CHANCE_BYTES; used < end; used += 1) chance += ALPHABET[(pool[used] ?? 0) % 32];
    return `${prefix}_${time}${chance}`;
  };
}

function inBase32(ms: number): string {
  let text = '';
  for (let rest = ms, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  return text;
}
