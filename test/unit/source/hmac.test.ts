import { createHmac } from 'node:crypto';
import { sign as octokitSign, verify as octokitVerify } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Hmac } from '../../../src/source/hmac.ts';
import { toPreset } from '../../../src/source/schemes.ts';
import { sign } from '../../../src/source/signature.ts';
import { ask, flipBit, NOW } from './deliveries.ts';

const { scheme: github } = toPreset('github');
const secret = "It's a Secret to Everybody";
const name = 'x-hub-signature-256';

const slackLike: Hmac = {
  kind: 'hmac',
  header: 'x-signature',
  algorithm: 'sha512',
  encoding: 'base64',
  prefix: 'v0=',
  signed: 'v0:{timestamp}:{body}',
  timestamp: { header: 'x-time', toleranceMs: 60_000 },
};

it("verifies the vector of GitHub's documentation", () => {
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  expect(ask(github, [secret], 'Hello, World!', { [name]: signature })).toMatchObject({ ok: true, secretIndex: 0 });
});

it("agrees with GitHub's own library in both directions", async () => {
  const body = JSON.stringify({ action: 'closed', text: 'Grüße 🚪' });
  const theirs = await octokitSign(secret, body);
  const ours = sign(github, secret, Buffer.from(body), { id: 'x', nowMs: NOW })[name] ?? '';
  expect(ours).toBe(theirs);
  expect(ask(github, [secret], body, { [name]: theirs }).ok).toBe(true);
  expect(await octokitVerify(secret, body, ours)).toBe(true);
});

it("verifies the vector of Slack's documentation", () => {
  const { scheme: slack } = toPreset('slack');
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const headers = {
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    'x-slack-request-timestamp': '1531420618',
  };
  expect(ask(slack, ['8f742231b10e8888abcd99yyyzzz85a5'], body, headers, 1_531_420_618_000).ok).toBe(true);
});

it.each([github, slackLike])('any signed body verifies, with the secret at any place', (scheme) => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ minLength: 1 }), fc.nat(2), (bytes, one, index) => {
      const secrets = [`${one}a`, `${one}b`, `${one}c`].with(index, one);
      const headers = sign(scheme, one, Buffer.from(bytes), { id: 'x', nowMs: NOW });
      expect(ask(scheme, secrets, Buffer.from(bytes), headers)).toMatchObject({ ok: true, secretIndex: index });
    }),
  );
});

it.each([github, slackLike])('any flipped bit in body, signature or time fails', (scheme) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.nat(2), (bytes, seed, which) => {
      const raw = Buffer.from(bytes);
      const headers = sign(scheme, secret, raw, { id: 'x', nowMs: NOW });
      const field = Object.keys(headers)[which];
      const text = field === undefined ? undefined : headers[field];
      if (field !== undefined && text !== undefined)
        headers[field] = flipBit(Buffer.from(text), seed).toString('latin1');
      const sent = text === undefined ? flipBit(raw, seed) : raw;
      expect(ask(scheme, [secret], sent, headers).ok).toBe(false);
    }),
  );
});

it('a signature is taken once, whole and plain: no list, no repeat, no junk, no other case mix', () => {
  const good = sign(github, secret, Buffer.from('{}'), { id: 'x', nowMs: NOW })[name] ?? '';
  const digits = good.slice('sha256='.length);
  const refused = [
    '',
    digits,
    `${good}, ${good}`,
    `${good},${good}`,
    `${good} `,
    `${good}zz`,
    `${good}0`,
    good.slice(0, -2),
    `sha256= ${digits}`,
    `SHA256=${digits}`,
    `sha1=${digits}`,
    `sha256=${digits.replace(/[a-f]/, (letter) => letter.toUpperCase())}`,
    `sha256=${Buffer.from(digits, 'hex').toString('base64')}`,
  ];
  for (const value of refused) expect(ask(github, [secret], '{}', { [name]: value }).ok, value).toBe(false);
  expect(ask(github, [secret], '{}', { [name]: [good, good] })).toEqual({
    ok: false,
    why: `the ${name} header is given 2 times`,
  });
  expect(ask(github, [secret], '{}', {})).toEqual({ ok: false, why: `there is no ${name} header` });
});

it('hex in upper case throughout is the same signature: .NET writes it so', () => {
  const good = createHmac('sha256', secret).update('{}').digest('hex').toUpperCase();
  expect(ask(github, [secret], '{}', { [name]: `sha256=${good}` }).ok).toBe(true);
});

it('the time of sending must be there once, signed, and within the tolerance', () => {
  const body = Buffer.from('{}');
  const at = (nowMs: number) => sign(slackLike, secret, body, { id: 'x', nowMs });
  expect(ask(slackLike, [secret], body, at(NOW - 60_000)).ok).toBe(true);
  expect(ask(slackLike, [secret], body, at(NOW - 61_000))).toEqual({
    ok: false,
    why: 'sent 61 s ago, more than the 60 s allowed',
    fault: 'stale',
  });
  expect(ask(slackLike, [secret], body, at(NOW + 61_000))).toEqual({
    ok: false,
    why: 'sent 61 s in the future, more than the 60 s allowed',
    fault: 'stale',
  });
  const { 'x-signature': signature = '', 'x-time': time = '' } = at(NOW);
  expect(ask(slackLike, [secret], body, { 'x-signature': signature })).toEqual({
    ok: false,
    why: 'there is no x-time header',
  });
  expect(ask(slackLike, [secret], body, { 'x-signature': signature, 'x-time': [time, time] }).ok).toBe(false);
});

it('a header is looked up as data: a scheme may name one that every object seems to have', () => {
  const scheme: Hmac = { ...slackLike, header: 'constructor', timestamp: { header: 'valueof', toleranceMs: 1000 } };
  expect(ask(scheme, [secret], '{}', {}).ok).toBe(false);
  const headers = sign(scheme, secret, Buffer.from('{}'), { id: 'x', nowMs: NOW });
  expect(ask(scheme, [secret], '{}', headers).ok).toBe(true);
});

it('no secret, or an empty one, proves nothing', () => {
  const signature = `sha256=${createHmac('sha256', '').update('{}').digest('hex')}`;
  expect(ask(github, [], '{}', { [name]: signature }).ok).toBe(false);
  expect(ask(github, [''], '{}', { [name]: signature }).ok).toBe(false);
  expect(() => sign(github, '', Buffer.from('{}'), { id: 'x', nowMs: NOW })).toThrow('cannot sign');
});

it('what failed is told without the values that were sent', () => {
  const proof = ask(github, [secret], '{"private":1}', { [name]: `sha256=${'ab'.repeat(32)}` });
  expect(proof).toEqual({ ok: false, why: `the ${name} header fits none of the secrets` });
});
