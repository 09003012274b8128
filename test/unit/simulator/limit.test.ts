import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeLimit } from '../../../src/simulator/limit.ts';

describe('the limit', () => {
  it('admits ten calls in a second and refuses the eleventh', () => {
    const limit = makeLimit({ rate: 10 });
    const answers = Array.from({ length: 11 }, (_, index) => limit.admit(index * 10).admitted);
    expect(answers).toEqual([...Array(10).fill(true), false]);
  });

  it('slides: ten late in one second and ten early in the next are too many', () => {
    const limit = makeLimit({ rate: 10 });
    for (let index = 0; index < 10; index += 1) limit.admit(900 + index);
    expect(limit.admit(1100)).toEqual({ admitted: false, waitMs: 800 });
    expect(limit.admit(1899).admitted).toBe(false);
    expect(limit.admit(1900).admitted).toBe(true);
  });

  it('does not count a refused call', () => {
    const limit = makeLimit({ rate: 1 });
    expect(limit.admit(0).admitted).toBe(true);
    for (let at = 100; at < 1000; at += 100) expect(limit.admit(at).admitted).toBe(false);
    expect(limit.admit(1000).admitted).toBe(true);
  });

  it('admits everything at an infinite rate', () => {
    const limit = makeLimit({ rate: Number.POSITIVE_INFINITY });
    expect(Array.from({ length: 1000 }, () => limit.admit(0).admitted)).not.toContain(false);
  });

  it('never admits more than the rate in any second, and a refused call may pass after the wait it was told', () => {
    const gaps = fc.array(fc.nat({ max: 300 }), { maxLength: 3000 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 12 }), (steps, rate) => {
        const limit = makeLimit({ rate });
        const admitted: number[] = [];
        let at = 0;
        for (const step of steps) {
          at += step;
          const answer = limit.admit(at);
          if (answer.admitted) admitted.push(at);
          else {
            expect(answer.waitMs).toBeGreaterThan(0);
            const freeAt = at + answer.waitMs;
            expect(admitted.filter((time) => freeAt - time < 1000).length).toBeLessThan(rate);
          }
        }
        for (const end of admitted) {
          expect(admitted.filter((time) => time <= end && end - time < 1000).length).toBeLessThanOrEqual(rate);
        }
      }),
      { numRuns: 50 },
    );
  });
});
