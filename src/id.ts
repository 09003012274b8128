// Owns how our own ids are made: sortable by time, not guessable, safe in a key, a job id and an address.

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32

/** A maker of ids `prefix_` + 26 characters: 48 bits of time (ms), 80 bits of chance. */
export function makeNewId(now: () => number, randomBytes: (size: number) => Uint8Array): (prefix: string) => string {
  return (prefix) => {
    let text = '';
    for (let time = now(), i = 0; i < 10; i += 1, time = Math.floor(time / 32)) text = ALPHABET[time % 32] + text;
    for (const byte of randomBytes(16)) text += ALPHABET[byte % 32];
    return `${prefix}_${text}`;
  };
}
