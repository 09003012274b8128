// v1a of Standard Webhooks: ed25519. The key pair is the first one of RFC 8032, section 7.1; no library of the project
// signs v1a, so the signatures are node:crypto's over the content that the specification names.
import { createPrivateKey, sign as rawSign } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toPreset } from '../../../src/source/schemes.ts';
import { sign } from '../../../src/source/signature.ts';
import { ask, flipBit, NOW } from './deliveries.ts';

const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
const point = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');
const publicKey = `whpk_${point.toString('base64')}`;
const privateKey = `whsk_${seed.toString('base64')}`;
const longPrivateKey = `whsk_${Buffer.concat([seed, point]).toString('base64')}`;
const shared = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const { scheme } = toPreset('standard-webhooks');
const body = '{"type":"a"}';

const key = createPrivateKey({
  key: { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x: point.toString('base64url') },
  format: 'jwk',
});
const time = String(NOW / 1000);
const signature = rawSign(null, Buffer.from(`msg_1.${time}.${body}`), key).toString('base64');
const headersWith = (list: string) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': time,
  'webhook-signature': list,
});

it.each([publicKey, privateKey, longPrivateKey])('%s proves what its pair has signed', (secret) => {
  const proof = ask(scheme, [shared, secret], body, headersWith(`v1a,${signature}`));
  expect(proof).toMatchObject({ ok: true, secretIndex: 1, verified: { signedId: 'msg_1' } });
  expect(ask(scheme, [secret], `${body} `, headersWith(`v1a,${signature}`)).ok).toBe(false);
});

it.each([privateKey, longPrivateKey])('what %s signs here is what the pair signs', (secret) => {
  const headers = sign(scheme, secret, Buffer.from(body), { id: 'msg_1', nowMs: NOW });
  expect(headers).toEqual(headersWith(`v1a,${signature}`));
});

it('a public key cannot sign', () => {
  expect(() => sign(scheme, publicKey, Buffer.from(body), { id: 'a', nowMs: NOW })).toThrow('whsk_');
});

it('neither version stands in for the other', () => {
  const v1 = sign(scheme, shared, Buffer.from(body), { id: 'msg_1', nowMs: NOW })['webhook-signature'] ?? '';
  expect(ask(scheme, [publicKey], body, headersWith(`v1,${signature}`)).ok).toBe(false);
  expect(ask(scheme, [shared], body, headersWith(v1.replace('v1,', 'v1a,'))).ok).toBe(false);
  // The public key is public: as a shared key it would let anybody sign.
  const forged = sign(scheme, `whsec_${point.toString('base64')}`, Buffer.from(body), { id: 'msg_1', nowMs: NOW });
  expect(ask(scheme, [publicKey], body, forged).ok).toBe(false);
  expect(ask(scheme, [publicKey, shared], body, headersWith(`v1a,${signature} ${v1}`)).ok).toBe(true);
});

it('of several signatures only the first few of this kind are looked at: each costs', () => {
  const wrong = `v1a,${Buffer.alloc(64).toString('base64')}`;
  const after = (count: number) =>
    ask(scheme, [publicKey], body, headersWith([...Array(count).fill(wrong), `v1a,${signature}`].join(' '))).ok;
  expect([after(3), after(4)]).toEqual([true, false]);
});

it('any flipped bit in body, id, time or signature fails', () => {
  const fields = fc.constantFrom('body', 'webhook-id', 'webhook-timestamp', 'webhook-signature');
  fc.assert(
    fc.property(fields, fc.nat(), (field, seedOfFlip) => {
      const headers: Record<string, string> = headersWith(`v1a,${signature}`);
      const sent = field === 'body' ? flipBit(Buffer.from(body), seedOfFlip) : Buffer.from(body);
      const text = headers[field];
      if (text !== undefined) headers[field] = flipBit(Buffer.from(text), seedOfFlip).toString('latin1');
      return !ask(scheme, [publicKey], sent, headers).ok;
    }),
  );
});

it.each([
  'whpk_',
  'whpk_AAAA',
  `whpk_${seed.toString('base64')}A`,
  'whsk_AAAA',
  `whpk_${Buffer.alloc(32, 255).toString('base64')}`,
])('a key like %s proves nothing and breaks nothing', (secret) => {
  expect(ask(scheme, [secret], body, headersWith(`v1a,${signature}`)).ok).toBe(false);
});
