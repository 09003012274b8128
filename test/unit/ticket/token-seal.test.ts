import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainOf, makeSeal } from '../../../src/ticket/token-seal.ts';

const key = '0f'.repeat(32);
const seal = makeSeal(key, randomBytes);
const texts = fc.string({ unit: 'binary' });
const about = fc.array(fc.string(), { maxLength: 4 });

describe('a sealed text', () => {
  it('opens with what it was closed with, and shows nothing of itself', () => {
    fc.assert(
      fc.property(texts, about, (text, what) => {
        const sealed = seal.close(text, what);
        expect(seal.open(sealed, what)).toBe(text);
        expect(sealed).toMatch(/^v1\.[\w-]+$/);
      }),
    );
  });

  it('never looks the same twice', () => {
    expect(new Set(Array.from({ length: 100 }, () => seal.close('same', ['same']))).size).toBe(100);
  });

  it('does not open when any character of it is another', () => {
    const sealed = seal.close('{"accessToken":"a","refreshToken":"b"}', ['tokens', '{x}', 'main']);
    for (let at = 0; at < sealed.length; at++) {
      const flipped = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
      expect(seal.open(flipped, ['tokens', '{x}', 'main'])).toBeUndefined();
    }
  });

  it('does not open when it is cut, lengthened or no sealed text at all', () => {
    const sealed = seal.close('text', ['a']);
    for (const wrong of ['', 'v1.', 'v1.AAAA', 'v2.AAAA', 'text', sealed.slice(0, -1), `${sealed}A`, `${sealed}!`]) {
      expect(seal.open(wrong, ['a'])).toBeUndefined();
    }
  });

  it('does not open for another account, another prefix, or parts that only add up to the same', () => {
    const sealed = seal.close('text', ['tokens', '{statuswire}', 'main']);
    for (const other of [
      ['tokens', '{statuswire}', 'other'],
      ['tokens', '{staging}', 'main'],
      ['tokens', '{statuswire}main'],
      ['tokens{statuswire}main'],
      [],
    ]) {
      expect(seal.open(sealed, other)).toBeUndefined();
    }
  });

  it('does not open with another key', () => {
    expect(makeSeal('0e'.repeat(32), randomBytes).open(seal.close('text', []), [])).toBeUndefined();
  });
});

it.each(['', 'short', '0f'.repeat(31), 'zz'.repeat(32)])(
  '%j is no key, which is told without repeating it',
  (secret) => {
    expect(() => makeSeal(secret, randomBytes)).toThrow(
      'STATUSWIRE_SECRET is not 32 bytes as 64 hex digits (openssl rand -hex 32)',
    );
  },
);

it('a chain has a name of its own for each account and token, which holds neither', () => {
  const names = [chainOf('a', 'token-1'), chainOf('a', 'token-2'), chainOf('b', 'token-1')];
  expect(new Set(names).size).toBe(3);
  expect(names.every((name) => /^[0-9a-f]{64}$/.test(name))).toBe(true);
});
