import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toPreset } from '../../../src/source/schemes.ts';
import { sign } from '../../../src/source/signature.ts';
import { ask, NOW } from './deliveries.ts';

const { scheme: bearer } = toPreset('bearer');
const { scheme: basic } = toPreset('basic');
const { scheme: token } = toPreset({ header: { name: 'x-gitlab-token' } });
const base64 = (text: string) => Buffer.from(text).toString('base64');

it.each([
  ['Bearer s3cret', true],
  ['bearer s3cret', true],
  ['BEARER   s3cret', true],
  ['Bearer s3cret2', false],
  ['Bearer s3cre', false],
  ['Bearer', false],
  ['Bearer ', false],
  ['Bearers3cret', false],
  ['Basic s3cret', false],
  ['s3cret', false],
  ['Bearer s3cret, Bearer s3cret', false],
])('bearer: %j is taken: %s', (authorization, ok) => {
  expect(ask(bearer, ['s3cret'], '{}', { authorization }).ok).toBe(ok);
});

it.each([
  [`Basic ${base64('me:pass:words')}`, true],
  [`basic ${base64('me:pass:words')}`, true],
  [`Basic ${base64('me:pass:words').replaceAll('=', '')}`, false],
  [`Basic ${base64('me:pass')}`, false],
  [`Basic ${base64('me:pass:words')}!`, false],
  ['Basic me:pass:words', false],
  [`Bearer ${base64('me:pass:words')}`, false],
])('basic: %j is taken: %s', (authorization, ok) => {
  expect(ask(basic, ['me:pass:words'], '{}', { authorization }).ok).toBe(ok);
});

it('a header of any name carries the secret as it is, once', () => {
  expect(ask(token, ['old', 'new'], '{}', { 'x-gitlab-token': 'new' })).toMatchObject({ ok: true, secretIndex: 1 });
  expect(ask(token, ['new'], '{}', { 'x-gitlab-token': ['new', 'new'] }).ok).toBe(false);
  expect(ask(token, ['new'], '{}', { 'x-gitlab-token': 'new, new' }).ok).toBe(false);
  expect(ask(token, ['new'], '{}', {})).toEqual({ ok: false, why: 'there is no x-gitlab-token header' });
});

it.each([bearer, basic, token])('what is signed verifies, whatever the secret is written in', (scheme) => {
  const secrets = fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => `a:${text}z`);
  fc.assert(
    fc.property(secrets, fc.nat(2), (secret, index) => {
      const headers = sign(scheme, secret, Buffer.from('{}'), { id: 'x', nowMs: NOW });
      const all = ['a:1', 'a:2', 'a:3'].with(index, secret);
      expect(ask(scheme, all, '{}', headers)).toMatchObject({ ok: true, secretIndex: index });
      expect(ask(scheme, [`${secret}!`, 'a:4'], '{}', headers).ok).toBe(false);
    }),
  );
});

it('an empty secret never matches an empty credential', () => {
  expect(ask(token, [''], '{}', { 'x-gitlab-token': '' }).ok).toBe(false);
  expect(ask(bearer, [''], '{}', { authorization: 'Bearer ' }).ok).toBe(false);
  expect(ask(basic, [''], '{}', { authorization: 'Basic ' }).ok).toBe(false);
});

it('a source that says none takes anything, and names no secret', () => {
  const proof = ask({ kind: 'none' }, [], '{}', {});
  expect(proof.ok && proof.secretIndex === undefined).toBe(true);
});
