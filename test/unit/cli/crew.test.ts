// How long a place in a crew stays empty; the rest needs real processes (test/process/crew.test.ts).
import { expect, it } from 'vitest';
import { pauseMs } from '../../../src/cli/crew.ts';

it('a process that died is replaced at once, and one that dies again and again after ever longer pauses up to 10 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 1_000_000].map(pauseMs)).toEqual([
    0, 250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000,
  ]);
});
