// How long a client waits before it tries Redis again.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reconnectDelayMs } from '../../../src/redis/connection.ts';

it('the pause before a reconnect doubles from 50 ms and stays at 2 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8].map((times) => reconnectDelayMs(times, () => 0))).toEqual([
    50, 100, 200, 400, 800, 1600, 2000, 2000,
  ]);
});

it('the pause is never longer than 3 s, however often it failed and whatever chance says', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (times, chance) => {
        const delayMs = reconnectDelayMs(times, () => chance);
        expect(delayMs).toBeGreaterThanOrEqual(50);
        expect(delayMs).toBeLessThanOrEqual(3000);
      },
    ),
  );
});
