// How much chaos, and which: the short form runs with every `npm test`, CHAOS=long asks for the bigger counts, and
// CHAOS_SEED repeats a run. The same seed gives the same events and the same faults in the same order.
import { makeRandom } from '../../../src/simulator/faults.ts';

export const isLong = process.env.CHAOS === 'long';

/** Chance as a run wants it: repeatable, and told when something fails. */
export interface Chance {
  readonly seed: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  pick<T>(from: readonly T[]): T;
  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number;
}

const seed = Number(process.env.CHAOS_SEED ?? 20_261_123);

/** `salt` keeps the scenarios' streams apart. Prints the seed, so that a failed run can be repeated. */
export function makeChance(salt: string): Chance {
  const mixed = [...salt].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed) >>> 0;
  const random = makeRandom(mixed);
  process.stdout.write(`chaos: ${salt}, CHAOS_SEED=${seed}${isLong ? ', long' : ''}\n`);
  const below = (limit: number) => Math.floor(random() * limit);
  return {
    seed: mixed,
    random,
    below,
    pick(from) {
      const one = from[below(from.length)];
      if (one === undefined) throw new Error('nothing to pick from');
      return one;
    },
  };
}

/** The count of the short or of the long form. */
export function scale(short: number, long: number): number {
  return isLong ? long : short;
}
