import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeNewId } from '../../src/id.ts';

const moments = fc.integer({ min: 0, max: 2 ** 48 - 1 });

it('is its prefix and 26 characters that are safe in a key, a job id and an address', () => {
  fc.assert(
    fc.property(moments, (now) => {
      expect(makeNewId(() => now, randomBytes)('ev')).toMatch(/^ev_[0-9a-hjkmnp-tv-z]{26}$/);
    }),
  );
});

it('sorts by time', () => {
  fc.assert(
    fc.property(moments, moments, (a, b) => {
      const [earlier, later] = [a, b].map((now) =>
        makeNewId(
          () => now,
          (size) => randomBytes(size),
        )('ch'),
      );
      if (a !== b) expect((earlier ?? '') < (later ?? '')).toBe(a < b);
    }),
  );
});

it('holds 80 bits of chance: each byte that it takes gives five bits, evenly', () => {
  const seen = new Set<string>();
  for (let byte = 0; byte < 256; byte++) {
    const newId = makeNewId(
      () => 0,
      (size) => new Uint8Array(size).fill(byte),
    );
    const chance = newId('ev').slice(-16);
    expect(new Set(chance).size).toBe(1);
    seen.add(chance);
  }
  expect(seen.size).toBe(32);
});

it('is another one each time in the same millisecond', () => {
  const newId = makeNewId(() => 1, randomBytes);
  expect(new Set(Array.from({ length: 10_000 }, () => newId('ev'))).size).toBe(10_000);
});
