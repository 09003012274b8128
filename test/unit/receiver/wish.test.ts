import { describe, expect, it } from 'vitest';
import { digestOf, parseIdempotencyKey, parseWish } from '../../../src/receiver/wish.ts';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const wish = { ticket: 't-1', status: 'solved' };

describe('the account of a wish', () => {
  it.each<[string, object, string[], string | undefined]>([
    ['is the one it names', { ...wish, account: 'b' }, ['a', 'b', 'main'], 'b'],
    ['is main where it names none', wish, ['a', 'main'], 'main'],
    ['is the only one where it names none', wish, ['a'], 'a'],
    ['is asked for where there are several and none is main', wish, ['a', 'b'], undefined],
    ['is refused where it is unknown', { ...wish, account: 'c' }, ['a', 'main'], undefined],
  ])('%s', (_fact, body, accounts, expected) => {
    const parsed = parseWish(bytes(body), accounts);
    expect(parsed.ok ? parsed.value.account : undefined).toBe(expected);
    if (!parsed.ok)
      expect(parsed.refusal.errors).toEqual([{ path: 'account', expected: expect.stringContaining('a') }]);
  });
});

it('a wish that is not UTF-8 is no JSON: it would be stored in other words', () => {
  const body = Buffer.from('{"ticket":"t-1","status":"solved","reason":"\xff"}', 'latin1');
  expect(parseWish(body, ['main'])).toMatchObject({ ok: false, refusal: { status: 400, why: 'body is not JSON' } });
});

describe('the digest of a wish', () => {
  const digest = (body: object) => {
    const parsed = parseWish(bytes(body), ['main', 'other']);
    if (!parsed.ok) throw new Error(parsed.refusal.why);
    return digestOf(parsed.value);
  };

  it('is the same for the same wish, however it is written', () => {
    expect(digest({ dryRun: false, account: 'main', status: 'solved', ticket: 't-1' })).toBe(digest(wish));
  });

  it.each<[string, object]>([
    ['ticket', { ...wish, ticket: 't-2' }],
    ['status', { ...wish, status: 'closed' }],
    ['account', { ...wish, account: 'other' }],
    ['reason', { ...wish, reason: '' }],
    ['dryRun', { ...wish, dryRun: true }],
  ])('differs with the %s', (_field, other) => {
    expect(digest(other)).not.toBe(digest(wish));
  });
});

describe('an Idempotency-Key', () => {
  it.each<[readonly string[] | undefined, string | undefined | false]>([
    [undefined, undefined],
    [['a'], 'a'],
    [['key with spaces ~!'], 'key with spaces ~!'],
    [['x'.repeat(256)], 'x'.repeat(256)],
    [['x'.repeat(257)], false],
    [[''], false],
    [['a', 'a'], false],
    [['ä'], false],
    [['a\u0000'], false],
  ])('%j is read as it is or refused', (values, expected) => {
    const key = parseIdempotencyKey(values);
    expect(key.ok ? key.value : false).toBe(expected);
  });
});
