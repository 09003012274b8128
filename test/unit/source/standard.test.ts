import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { toPreset } from '../../../src/source/schemes.ts';
import { sign } from '../../../src/source/signature.ts';
import { ask, flipBit, NOW } from './deliveries.ts';

const { scheme: svix } = toPreset('svix');
const { scheme: standard } = toPreset('standard-webhooks');
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const body = '{"test": 2432232314}';

/** Headers as the senders' own library makes them. */
function fromLibrary(text: string, prefix = 'svix-', id = 'msg_1', at = NOW, key = secret): Record<string, string> {
  return {
    [`${prefix}id`]: id,
    [`${prefix}timestamp`]: String(Math.floor(at / 1000)),
    [`${prefix}signature`]: new Webhook(key).sign(id, new Date(at), text),
  };
}

it("verifies the vector of Svix' documentation", () => {
  const headers = {
    'svix-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'svix-timestamp': '1614265330',
    'svix-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  const proof = ask(svix, [secret], body, headers, 1_614_265_330_000);
  expect(proof).toMatchObject({ ok: true, secretIndex: 0, verified: { signedId: 'msg_p5jXN8AQM9LWM0D4loKWxJek' } });
});

it.each([
  ['svix', 'svix-'],
  ['svix', 'webhook-'],
  ['standard-webhooks', 'svix-'],
  ['standard-webhooks', 'webhook-'],
] as const)('the preset %s takes what the library signs under %s', (preset, prefix) => {
  const { scheme } = toPreset(preset);
  expect(ask(scheme, [secret], body, fromLibrary(body, prefix))).toMatchObject({ ok: true });
});

it('takes a secret without the whsec_ mark', () => {
  expect(ask(svix, [secret.slice(6)], body, fromLibrary(body))).toMatchObject({ ok: true });
});

it("the library verifies what is signed here, within its own clock's window", () => {
  const headers = sign(standard, secret, Buffer.from(body), { id: 'msg_9', nowMs: Date.now() });
  expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
});

it('any signed body verifies, with the secret at any place, and gives the signed id', () => {
  const ids = fc.stringMatching(/^[!-\-/-~]{1,64}$/);
  fc.assert(
    fc.property(fc.uint8Array(), ids, fc.nat(3), (bytes, id, index) => {
      const secrets = [other, other, other, other].with(index, secret);
      const headers = sign(svix, secret, Buffer.from(bytes), { id, nowMs: NOW });
      const proof = ask(svix, secrets, Buffer.from(bytes), headers);
      expect(proof).toMatchObject({ ok: true, secretIndex: index, verified: { signedId: id } });
    }),
  );
});

it('any flipped bit in body, id, time or signature fails', () => {
  const fields = fc.constantFrom('body', 'svix-id', 'svix-timestamp', 'svix-signature');
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fields, fc.nat(), (bytes, field, seed) => {
      const raw = Buffer.from(bytes);
      const headers = sign(svix, secret, raw, { id: 'msg_1', nowMs: NOW });
      const sent = field === 'body' ? flipBit(raw, seed) : raw;
      const text = headers[field];
      if (text !== undefined) headers[field] = flipBit(Buffer.from(text), seed).toString('latin1');
      expect(ask(svix, [other, secret], sent, headers).ok).toBe(false);
    }),
  );
});

it.each([
  [-300, true],
  [-301, false],
  [300, true],
  [301, false],
])('a delivery sent %i s from now: taken is %s', (offset, ok) => {
  const headers = fromLibrary(body, 'svix-', 'msg_1', NOW + offset * 1000);
  expect(ask(svix, [secret], body, headers).ok).toBe(ok);
});

it.each(['1795003200.0', '+1795003200', ' 1795003200', '0x6afd5b00', '1.7e9', 'NaN', '-1', ''])(
  'the time %j is not unix seconds, though it be signed',
  (time) => {
    const key = Buffer.from(secret.slice(6), 'base64').toString('base64');
    const headers = { ...fromLibrary(body), 'svix-timestamp': time };
    // The library rounds times before it signs them, so the signature over this text is made by hand.
    const signature = signRaw(key, `msg_1.${time}.${body}`);
    expect(ask(svix, [secret], body, { ...headers, 'svix-signature': signature }).ok).toBe(false);
  },
);

it('an id with a full stop proves nothing, because it could hide part of the time or body', () => {
  const headers = fromLibrary(body, 'svix-', 'msg_1.2');
  expect(ask(svix, [secret], body, headers)).toEqual({
    ok: false,
    why: 'the svix-id header holds a full stop or unusual characters',
  });
});

it('among several signatures one that fits is enough, and unknown versions are ignored', () => {
  const good = fromLibrary(body)['svix-signature'];
  const bad = fromLibrary(body, 'svix-', 'msg_1', NOW, other)['svix-signature'];
  const listed = (list: string) => ask(svix, [secret], body, { ...fromLibrary(body), 'svix-signature': list }).ok;
  expect(listed(`${bad} v1a,AAAA v2,nonsense ${good}`)).toBe(true);
  expect(listed(`${bad} v2,${good?.slice(3)}`)).toBe(false);
  expect(listed(`v1,=== ${good}`)).toBe(true);
});

it('a list of more signatures than any rotation needs is refused', () => {
  const good = fromLibrary(body)['svix-signature'] ?? '';
  const list = [...Array(16).fill(good), good].join(' ');
  expect(ask(svix, [secret], body, { ...fromLibrary(body), 'svix-signature': list }).ok).toBe(false);
});

it('base64 that is not canonical is refused', () => {
  const good = fromLibrary(body)['svix-signature'] ?? '';
  const variants = [
    good.replace(/=$/, ''),
    `${good}=`,
    good.replace('v1,', 'v1, '),
    `${good.slice(0, -2)}\t=`,
    `${good},`,
  ];
  for (const value of variants) {
    expect(ask(svix, [secret], body, { ...fromLibrary(body), 'svix-signature': value }).ok).toBe(false);
  }
  // The last character before = holds two spare bits: four texts decode to the same bytes, one is right.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const twins = [...alphabet].map((letter) => `${good.slice(0, -2)}${letter}=`);
  const taken = twins.filter(
    (value) => ask(svix, [secret], body, { ...fromLibrary(body), 'svix-signature': value }).ok,
  );
  expect(taken).toEqual([good]);
});

it.each(['svix-id', 'svix-timestamp', 'svix-signature'])('%s must be there, and once', (name) => {
  const headers = fromLibrary(body);
  const twice = [headers[name] ?? '', headers[name] ?? ''];
  const without = Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
  expect(ask(svix, [secret], body, without)).toEqual({ ok: false, why: `there is no ${name} header` });
  expect(ask(svix, [secret], body, { ...headers, [name]: twice })).toEqual({
    ok: false,
    why: `the ${name} header is given 2 times`,
  });
});

it('a foreign id beside a signature that does not cover it is not taken for the signed one', () => {
  const headers = { ...fromLibrary(body), 'webhook-id': 'another' };
  expect(ask(standard, [secret], body, headers)).toMatchObject({ ok: true, verified: { signedId: 'msg_1' } });
});

it('a secret that cannot be decoded never verifies, not even what is signed with an empty key', () => {
  for (const broken of ['whsec_', 'whsec_!!!', '']) {
    const signature = signRaw('', `msg_1.${Math.floor(NOW / 1000)}.${body}`);
    const headers = { ...fromLibrary(body), 'svix-signature': signature };
    expect(ask(svix, [broken], body, headers).ok).toBe(false);
    expect(() => sign(svix, broken, Buffer.from(body), { id: 'a', nowMs: NOW })).toThrow('cannot sign');
  }
});

function signRaw(keyBase64: string, content: string): string {
  return `v1,${createHmac('sha256', Buffer.from(keyBase64, 'base64')).update(content).digest('base64')}`;
}
