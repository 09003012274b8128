import { expect, it } from 'vitest';
import { complaintOf, count, Refusal } from '../../../src/cli/output.ts';

it('a mistake of the operator is told in its own words, infrastructure with who stopped, a defect with its stack', () => {
  expect(complaintOf(new Refusal('There is no source x.'))).toBe('There is no source x.');
  expect(complaintOf(new Error('Redis was not ready.'))).toBe('statuswire stopped: Redis was not ready.');
  expect(complaintOf('nothing')).toBe('statuswire stopped: nothing');
  expect(complaintOf(new TypeError('x is undefined'))).toMatch(/defect.*report[\s\S]*x is undefined\n\s+at /);
});

it('counts in words', () => {
  expect([0, 1, 2].map((number) => count(number, 'change'))).toEqual(['0 changes', '1 change', '2 changes']);
});
