// Every sender of the catalogue: what its own recipe signs is taken and becomes the event it should; what we sign as that
// sender verifies; and nothing that was changed on the way does.
import fc from 'fast-check';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { SourceSchema } from '../../../src/config/schema.ts';
import { presets } from '../../../src/source/catalogue.ts';
import { signAs, stampBody, toPreset } from '../../../src/source/schemes.ts';
import { proofHeaders } from '../../../src/source/signature.ts';
import { makeSources, type Source } from '../../../src/source/source.ts';
import { delivery, flipBit, NOW } from './deliveries.ts';
import { type Sender, senders, whsec } from './senders.ts';

const cases = Object.entries(senders);
const bodyOf = ({ body }: Sender) => JSON.stringify(body);

function sourceOf({ verify, secret }: Pick<Sender, 'verify' | 'secret'>, more: readonly unknown[] = []): Source {
  const config = SourceSchema.parse({ verify, secrets: [secret, ...more] });
  const source = makeSources({ hooks: config }, new Map()).get('hooks');
  if (source === undefined) throw new Error('no source was made');
  return source;
}

/** The way of a delivery through its source, at NOW. */
function take(source: Source, raw: string | Buffer, headers: Record<string, string | string[]>) {
  const proof = source.verify(delivery(raw, headers), NOW);
  return proof.ok ? source.toEvent(proof.verified, NOW) : proof;
}

it('every sender of the catalogue has its delivery here', () => {
  const words = cases.map(([, { verify }]) => verify);
  const others = ['basic', 'none']; // credential.test.ts
  expect(Object.keys(presets).filter((word) => !words.includes(word))).toEqual(others);
});

it.each(cases)('%s: its delivery becomes the event it is', (_name, sender) => {
  const raw = bodyOf(sender);
  const reading = take(sourceOf(sender), raw, { ...sender.headers, ...sender.proof(raw) });
  if (!reading.ok || !('draft' in reading)) throw new Error(JSON.stringify(reading));
  expect(reading.notes).toEqual([]);
  expect(reading.draft.type).toBe(sender.type);
  expect(reading.draft.at).toBe(sender.at);
  expect(reading.key.kind).toBe(sender.kind);
  if (sender.id !== undefined) expect(reading.key.key).toBe(sender.id);
  for (const header of proofHeaders(
    toPreset(SourceSchema.parse({ verify: sender.verify, secrets: ['s'] }).verify).scheme,
  ))
    expect(reading.draft.headers).not.toHaveProperty(header);
});

it.each(cases)('%s: without its proof, or with half of it, nothing is taken', (_name, sender) => {
  const raw = bodyOf(sender);
  const proof = sender.proof(raw);
  const source = sourceOf(sender);
  for (const name of Object.keys(proof)) {
    const without = Object.fromEntries(Object.entries(proof).filter(([key]) => key !== name));
    expect(source.verify(delivery(raw, { ...sender.headers, ...without }), NOW).ok, `without ${name}`).toBe(false);
    const twice = { ...proof, [name]: [proof[name] ?? '', proof[name] ?? ''] };
    expect(source.verify(delivery(raw, { ...sender.headers, ...twice }), NOW).ok, `${name} twice`).toBe(false);
    const half = { ...proof, [name]: proof[name]?.slice(0, -1) ?? '' };
    expect(source.verify(delivery(raw, { ...sender.headers, ...half }), NOW).ok, `${name} cut`).toBe(false);
    const long = { ...proof, [name]: `${proof[name]}0` };
    expect(source.verify(delivery(raw, { ...sender.headers, ...long }), NOW).ok, `${name} longer`).toBe(false);
  }
});

it.each(cases)('%s: what is signed as this sender verifies, whatever the body', (_name, sender) => {
  const { verify } = SourceSchema.parse({ verify: sender.verify, secrets: [sender.secret] });
  const source = sourceOf({ ...sender, secret: 'whsec_bm90IHRoaXMgb25l' }, [sender.secret]);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const raw = Buffer.from(bytes);
      const headers = signAs(toPreset(verify), sender.secret, raw, { id: 'one', nowMs: NOW });
      expect(source.verify(delivery(raw, headers), NOW)).toMatchObject({ ok: true, secretIndex: 1 });
    }),
    { numRuns: 25 },
  );
});

it.each(cases)('%s: any flipped bit in the proof, or in a signed body, fails', (_name, sender) => {
  const { verify } = SourceSchema.parse({ verify: sender.verify, secrets: [sender.secret] });
  const preset = toPreset(verify);
  const source = sourceOf(sender);
  const raw = Buffer.from(bodyOf(sender));
  const signed = signAs(preset, sender.secret, raw, { id: 'one', nowMs: NOW });
  // An id that stands in a header beside the signature is as trustworthy as TLS; so is the body beside a bare secret.
  const unsigned = preset.id.flatMap((place) => ('header' in place ? [place.header] : []));
  const proofs = Object.keys(signed).filter((header) => !unsigned.includes(header));
  const isBare = signed.authorization !== undefined || Object.values(signed).includes(sender.secret);
  const fields = fc.constantFrom(...proofs, ...(isBare ? [] : ['body']));
  fc.assert(
    fc.property(fields, fc.nat(), (field, seed) => {
      if (field === 'body') return !source.verify(delivery(flipBit(raw, seed), signed), NOW).ok;
      // The word before a credential is free in its case.
      const [, word = '', rest = ''] = /^((?:Bearer|Basic) )?(.*)$/.exec(signed[field] ?? '') ?? [];
      const flipped = { ...signed, [field]: word + flipBit(Buffer.from(rest), seed).toString('latin1') };
      return !source.verify(delivery(raw, flipped), NOW).ok;
    }),
  );
});

it.each(cases)(
  '%s: a time of sending is believed for its window only, and a replay inside it is known',
  (_n, sender) => {
    const raw = bodyOf(sender);
    const headers = { ...sender.headers, ...sender.proof(raw) };
    const source = sourceOf(sender);
    const at = (nowMs: number) => {
      const proof = source.verify(delivery(raw, headers), nowMs);
      return proof.ok && source.toEvent(proof.verified, nowMs).ok;
    };
    const isTimed = !at(NOW + 301_000);
    expect(at(NOW - 301_000)).toBe(!isTimed);
    const reading = take(source, raw, headers);
    if (isTimed && reading.ok && 'key' in reading) expect(reading.key.windowMs).toBeGreaterThanOrEqual(120_000);
    if (sender.verify === 'stripe' || sender.verify === 'maintainx')
      expect(reading).toMatchObject({ key: { windowMs: expect.toSatisfy((ms: number) => ms >= 600_000) } });
  },
);

describe("Stripe's own library", () => {
  const stripe = new Stripe('sk_test_none');
  const payload = bodyOf(senders.stripe as Sender);

  it('signs what is taken, also beside a signature of the secret before', () => {
    const timestamp = NOW / 1000;
    const one = stripe.webhooks.generateTestHeaderString({ payload, secret: whsec, timestamp });
    const other = stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_other', timestamp });
    const source = sourceOf(senders.stripe as Sender);
    const both = `${other},${one.split(',')[1]}`;
    const test = `${one},v0=${'0'.repeat(64)}`;
    for (const header of [one, both, test]) expect(take(source, payload, { 'stripe-signature': header }).ok).toBe(true);
    expect(take(source, payload, { 'stripe-signature': other }).ok).toBe(false);
    expect(take(source, payload, { 'stripe-signature': `${one},t=1` }).ok).toBe(false);
  });

  it('takes what is signed here', () => {
    const headers = signAs(toPreset('stripe'), whsec, Buffer.from(payload), { id: 'x', nowMs: Date.now() });
    expect(stripe.webhooks.constructEvent(payload, headers['stripe-signature'] ?? '', whsec)).toMatchObject({
      id: 'evt_1',
    });
  });
});

it('PagerDuty: one signature of a list that fits is enough; versions that are not v1 are ignored', () => {
  // openssl dgst -sha256 -hmac pdkey over {"event":1}
  const good = '8567f9933e14dc3d2fe0305fa1c08da9371772b1703c379a708a1dac25ab999c';
  const source = sourceOf({ verify: 'pagerduty', secret: 'pdkey' });
  const taken = (header: string) => source.verify(delivery('{"event":1}', { 'x-pagerduty-signature': header }), NOW).ok;
  expect(taken(`v1=${good}`)).toBe(true);
  expect(taken(`v1=${'0'.repeat(64)}, v1=${good}`)).toBe(true);
  expect(taken(`v2=${good}`)).toBe(false);
  expect(taken(good)).toBe(false);
  expect(taken(`${Array(16).fill('v1=00').join()},v1=${good}`)).toBe(false);
});

describe('GitLab', () => {
  const both = { verify: 'gitlab', secret: whsec };
  const signed = senders['gitlab with a signing token'] as Sender;
  const raw = bodyOf(signed);

  it('with both secrets takes either, one at a time', () => {
    const source = sourceOf(both, ['a token']);
    expect(source.verify(delivery(raw, signed.proof(raw)), NOW)).toMatchObject({ ok: true, secretIndex: 0 });
    expect(source.verify(delivery(raw, { 'x-gitlab-token': 'a token' }), NOW)).toMatchObject({ secretIndex: 1 });
  });

  it('is judged by its signature once there is one: a token beside it makes nothing good', () => {
    const source = sourceOf(both, ['a token']);
    const forged = { ...signed.proof(raw), 'webhook-signature': `v1,${'A'.repeat(43)}=`, 'x-gitlab-token': 'a token' };
    expect(source.verify(delivery(raw, forged), NOW)).toEqual({
      ok: false,
      why: 'the webhook-signature fits none of the secrets',
    });
    const late = source.verify(delivery(raw, { ...signed.proof(raw), 'x-gitlab-token': 'a token' }), NOW + 301_000);
    expect(late.ok).toBe(false);
  });

  it('never proves itself by a signing token in clear', () => {
    expect(sourceOf(both).verify(delivery(raw, { 'x-gitlab-token': whsec }), NOW).ok).toBe(false);
  });

  it('before 17.4 is known by its event id and its words: recursive hooks share the id', () => {
    const source = sourceOf({ verify: 'gitlab', secret: 'a' });
    const headers = { 'x-gitlab-token': 'a', 'x-gitlab-event-uuid': 'u' };
    const keys = ['{"a":1}', '{"a":1}', '{"a":2}'].map((text) => take(source, text, headers));
    const [one, again, other] = keys.map((reading) => ('key' in reading ? reading.key : undefined));
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    expect(one).toMatchObject({ kind: 'delivery-id' });
  });
});

describe('a notice of Alertmanager or Grafana', () => {
  const sender = senders['alertmanager with bearer'] as Sender;
  const body = sender.body as { groupKey: string; status: string; alerts: { status: string; endsAt: string }[] };
  const keyOf = (changed: unknown) => {
    const reading = take(sourceOf(sender), JSON.stringify(changed), sender.proof(''));
    return 'key' in reading ? reading.key : undefined;
  };
  const first = keyOf(body);

  it('is the same one in another order of alerts and from the other of two servers', () => {
    expect(keyOf({ ...body, alerts: body.alerts.toReversed(), externalURL: 'http://b' })).toEqual(first);
    expect(first).toMatchObject({ kind: 'digest', windowMs: 300_000 });
  });

  it('is another one as soon as one alert of it is resolved, fires anew, or resolves at another time', () => {
    const [a, ...rest] = body.alerts;
    const others = [
      { ...body, status: 'resolved' },
      { ...body, groupKey: 'other' },
      { ...body, alerts: rest },
      { ...body, alerts: [{ ...a, status: 'resolved' }, ...rest] },
      { ...body, alerts: [{ ...a, startsAt: '2026-11-23T11:59:00Z' }, ...rest] },
      { ...body, alerts: [{ ...a, endsAt: '2026-11-23T11:59:59Z' }, ...rest] },
    ];
    const keys = [first, ...others.map(keyOf)].map((one) => one?.key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('that is not of their form is known by its bytes', () => {
    expect(keyOf({ status: 'firing' })?.kind).toBe('digest');
  });
});

describe('Linear', () => {
  const sender = senders.linear as Sender;
  const at = (webhookTimestamp: unknown) => {
    const raw = JSON.stringify({ ...(sender.body as object), webhookTimestamp });
    return take(sourceOf(sender), raw, sender.proof(raw));
  };

  it.each([NOW - 61_000, NOW + 61_000, 'soon', null, -1, undefined])(
    'a proven body that says it was sent at %s is as good as unproven',
    (time) => {
      expect(at(time)).toMatchObject({ ok: false, isStale: true });
    },
  );

  it.each([NOW - 60_000, NOW + 60_000])('up to a minute is taken', (time) => {
    expect(at(time).ok).toBe(true);
  });

  it('is sent anew with a new time', () => {
    expect(stampBody(toPreset('linear'), { webhookTimestamp: 1, a: 2 }, NOW)).toEqual({ webhookTimestamp: NOW, a: 2 });
    expect(stampBody(toPreset('linear'), [1], NOW)).toEqual([1]);
    expect(stampBody(toPreset('github'), { a: 2 }, NOW)).toEqual({ a: 2 });
  });
});

describe("Slack's url_verification", () => {
  const sender = senders.slack as Sender;
  const ask = (body: unknown, secret = 'two') => {
    const raw = JSON.stringify(body);
    return take(sourceOf({ ...sender, secret }), raw, sender.proof(raw));
  };

  it('is answered with its challenge once it is proven, and not before', () => {
    expect(ask({ type: 'url_verification', challenge: '3eZb' })).toMatchObject({ ok: false, reply: { text: '3eZb' } });
    expect(ask({ type: 'url_verification', challenge: '3eZb' }, 'other')).not.toHaveProperty('reply');
  });

  it.each([5, '', undefined, { a: 1 }, 'x'.repeat(1025)])(
    'with the challenge %j is no more than an event',
    (challenge) => {
      const reading = ask({ type: 'url_verification', challenge });
      expect(reading).toMatchObject({ ok: true, draft: { type: 'url_verification' } });
    },
  );
});
