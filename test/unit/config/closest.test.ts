import { expect, it } from 'vitest';
import { closest } from '../../../src/config/closest.ts';

it.each([
  ['githb', 'github'],
  ['GitHub', 'github'],
  ['gtihub', 'github'],
  ['stadard-webhooks', 'standard-webhooks'],
  ['svx', 'svix'],
])('%s is close to %s', (word, meant) => {
  expect(closest(word, ['svix', 'github', 'standard-webhooks', 'none'])).toBe(meant);
});

it.each(['', 'banana', 'x'.repeat(100_000)])('nothing is close to %j', (word) => {
  expect(closest(word, ['svix', 'github'])).toBeUndefined();
});
