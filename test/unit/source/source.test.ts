import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Source as SourceConfig, SourceSchema } from '../../../src/config/schema.ts';
import type { Expression, Expressions } from '../../../src/source/draft.ts';
import { signAs, toPreset } from '../../../src/source/schemes.ts';
import { makeSources, type Reading, type Source } from '../../../src/source/source.ts';
import { delivery, NOW, verified } from './deliveries.ts';

const DAY = 24 * 60 * 60 * 1000;
const uuid = '0b0b33c0-6a2b-11f1-8d7c-1f0e2c7d9a11';

/** A source of the given configuration; `expressions` stand for its compiled `id`, `type` and `at`. */
function source(config: Record<string, unknown>, expressions: Expressions = {}): Source {
  const texts = Object.fromEntries(Object.keys(expressions).map((field) => [field, 'body']));
  const parsed: SourceConfig = SourceSchema.parse({ ...config, ...texts });
  const made = makeSources({ hooks: parsed }, new Map([['hooks', expressions]])).get('hooks');
  if (made === undefined) throw new Error('no source was made');
  return made;
}

/** What a source makes of a body and headers. */
function read(made: Source, body: unknown, headers: Record<string, string | string[]> = {}): Reading {
  return made.toEvent(verified(JSON.stringify(body), headers), NOW);
}

function readOk(made: Source, body: unknown, headers: Record<string, string | string[]> = {}) {
  const reading = read(made, body, headers);
  if (!reading.ok) throw new Error(reading.why);
  return reading;
}

const gives =
  (value: unknown): Expression =>
  () => ({ ok: true, value });
const givesNothing: Expression = () => ({ ok: false, reason: 'body.when is missing' });
const open = { verify: 'none' };
const github = { verify: 'github', secrets: ['a secret'] };
const svix = { verify: 'svix', secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] };

it('a signed GitHub delivery becomes the draft of an event, known by its delivery id for seven days', () => {
  const made = source(github);
  const body = Buffer.from(JSON.stringify({ action: 'closed', issue: { number: 7 } }));
  const proofs = signAs(toPreset('github'), 'a secret', body, { id: uuid, nowMs: NOW });
  const headers = { ...proofs, 'X-GitHub-Event': 'issues', 'User-Agent': 'GitHub-Hookshot/1' };
  const proof = made.verify(delivery(body, headers), NOW);
  expect(proof).toMatchObject({ ok: true, secretIndex: 0 });
  expect(proof.ok && made.toEvent(proof.verified, NOW)).toEqual({
    ok: true,
    draft: {
      source: 'hooks',
      type: 'issues.closed',
      headers: { 'x-github-delivery': uuid, 'x-github-event': 'issues', 'user-agent': 'GitHub-Hookshot/1' },
      body: { action: 'closed', issue: { number: 7 } },
    },
    key: { key: uuid, kind: 'delivery-id', windowMs: 7 * DAY },
    notes: [],
  });
});

it('a signed Svix delivery is known by the id that was signed', () => {
  const made = source(svix);
  const body = Buffer.from('{"type":"support.ticket.created"}');
  const headers = signAs(toPreset('svix'), svix.secrets[0] ?? '', body, { id: 'msg_1', nowMs: NOW });
  const proof = made.verify(delivery(body, { ...headers, 'webhook-id': 'another' }), NOW);
  const reading = proof.ok && made.toEvent(proof.verified, NOW);
  expect(reading).toMatchObject({
    draft: { type: 'support.ticket.created' },
    key: { key: 'msg_1', kind: 'delivery-id' },
  });
});

it.each([
  [github, { action: 'opened' }, { 'x-github-event': 'issues' }, 'issues.opened'],
  [github, { zen: '…' }, { 'x-github-event': 'ping' }, 'ping'],
  [github, { action: 5.5 }, { 'x-github-event': 'ping' }, 'ping'],
  [github, { action: 'opened', type: 'x' }, {}, ''],
  [open, { type: 'order.paid' }, {}, 'order.paid'],
  [open, { type: { a: 1 } }, {}, ''],
  [open, { visit: {} }, {}, ''],
  [open, ['type'], {}, ''],
  [open, null, {}, ''],
  [open, { type: 'x'.repeat(257) }, {}, ''],
])('%j with %j and %j has the type %j', (config, body, headers, type) => {
  expect(readOk(source(config), body, headers).draft.type).toBe(type);
});

it('a configured type is the only one that counts', () => {
  expect(readOk(source(open, { type: gives('mine') }), { type: 'x' }).draft.type).toBe('mine');
  expect(readOk(source(open, { type: gives(3n) }), { type: 'x' }).draft.type).toBe('3');
  const without = readOk(source(open, { type: givesNothing }), { type: 'x' });
  expect(without).toMatchObject({ draft: { type: '' }, notes: ['type gave nothing (body.when is missing)'] });
});

it('expressions see the headers as they are kept, and the body', () => {
  const id: Expression = (headers, body) => ({ ok: true, value: `${headers['x-delivery']}:${JSON.stringify(body)}` });
  const made = source({ verify: { header: { name: 'x-token' } }, secrets: ['a'] }, { id });
  const reading = readOk(made, { a: 1 }, { 'x-delivery': '7', 'x-token': 'a' });
  expect(reading.key).toEqual({ key: '7:{"a":1}', kind: 'id', windowMs: 7 * DAY });
  expect(reading.draft.headers).toEqual({ 'x-delivery': '7' });
});

it('a configured id beats the header, and the header is the fallback', () => {
  const headers = { 'x-github-delivery': uuid };
  expect(readOk(source(github, { id: gives('mine') }), {}, headers).key).toMatchObject({ key: 'mine', kind: 'id' });
  const without = readOk(source(github, { id: givesNothing }), {}, headers);
  expect(without.key).toMatchObject({ key: uuid, kind: 'delivery-id' });
  expect(without.notes).toEqual(['id gave nothing (body.when is missing)']);
});

it.each([[''], [2 ** 53], [1.5], [{ a: 1 }], [null], [true], ['x'.repeat(1025)]])(
  'an id of %j could name two deliveries or none, so it is not used',
  (value) => {
    const reading = readOk(source(open, { id: gives(value) }), {});
    expect(reading.key.kind).toBe('digest');
    expect(reading.notes).toHaveLength(1);
  },
);

it.each([
  ['a', 'a'],
  [12, '12'],
  [9007199254740993n, '9007199254740993'],
  [{ valueOf: (): bigint => 5n }, '5'],
])('an id may be %o', (value, key) => {
  expect(readOk(source(open, { id: gives(value) }), {}).key.key).toBe(key);
});

it.each(['idempotency-key', 'webhook-id'])('a sender we do not know is known again by %s', (name) => {
  expect(readOk(source(open), {}, { [name]: 'k-1' }).key).toEqual({
    key: 'k-1',
    kind: 'delivery-id',
    windowMs: 7 * DAY,
  });
});

it('request ids that proxies set name no delivery', () => {
  expect(readOk(source(open), {}, { 'x-request-id': 'a', 'x-correlation-id': 'b' }).key.kind).toBe('digest');
});

it.each([[''], ['a b'], ['é'], ['x'.repeat(257)], [['a', 'b']]])(
  'an id header of %j is not used, and said so',
  (id) => {
    const reading = readOk(source(github), {}, { 'x-github-delivery': id });
    expect(reading.key.kind).toBe('digest');
    expect(reading.notes).toEqual([
      'the x-github-delivery header is not one visible ASCII text of at most 256 and was not used',
    ]);
  },
);

it('a delivery without an id is known by the digest of its bytes, for five minutes', () => {
  const digest = createHash('sha256').update('{"a": 1}').digest('hex');
  expect(source(open).toEvent(verified('{"a": 1}'), NOW)).toMatchObject({
    key: { key: digest, kind: 'digest', windowMs: 5 * 60 * 1000 },
    notes: [],
  });
});

it('a configured dedupe window replaces that of every kind', () => {
  const made = source({ ...open, dedupe: '2h' });
  expect(readOk(made, {}).key.windowMs).toBe(2 * 60 * 60 * 1000);
  expect(readOk(made, {}, { 'idempotency-key': 'a' }).key.windowMs).toBe(2 * 60 * 60 * 1000);
});

describe('a delivery with a proven time of sending', () => {
  const robot = {
    verify: { hmac: { header: 'x-sig', signed: '{timestamp}.{body}', timestamp: 'x-time' } },
    secrets: ['a secret'],
  };
  const SPAN = 601_000; // five minutes either way, in whole seconds

  /** How `body` is known when `config` signs it at `nowMs` and somebody puts `headers` beside the proof. */
  function keyOf(
    config: Record<string, unknown>,
    body: unknown,
    headers: Record<string, string | string[]>,
    nowMs = NOW,
  ) {
    const made = source(config, 'id' in config ? { id: (all) => ({ ok: true, value: all['x-id'] }) } : {});
    const raw = Buffer.from(JSON.stringify(body));
    const proof = signAs(toPreset(SourceSchema.parse(config).verify), 'a secret', raw, { id: 'signed', nowMs });
    const checked = made.verify(delivery(raw, { ...proof, ...headers }), NOW);
    const reading = checked.ok ? made.toEvent(checked.verified, NOW) : checked;
    if (!('key' in reading)) throw new Error(reading.why);
    return reading.key;
  }

  it('is known by what was proven, under whatever name it comes', () => {
    const [one, two] = ['k1', 'k2'].map((key) => keyOf(robot, { a: 1 }, { 'idempotency-key': key }));
    expect([one?.key, two?.key]).toEqual(['k1', 'k2']);
    expect(two?.replay).toEqual(one?.replay);
    expect(one?.replay?.windowMs).toBe(SPAN);
    const nameless = keyOf(robot, { a: 1 }, { 'idempotency-key': ['', ''] });
    expect(nameless).toMatchObject({ kind: 'digest', windowMs: SPAN, replay: one?.replay });
    const again = keyOf(robot, { a: 1 }, { 'idempotency-key': 'k1' }, NOW - 2_000);
    expect(again.replay?.key, 'signed anew').not.toBe(one?.replay?.key);
    expect(keyOf(robot, { a: 2 }, { 'idempotency-key': 'k1' }).replay?.key).not.toBe(one?.replay?.key);
  });

  it.each([
    [{ verify: 'linear', secrets: ['a secret'] }, { webhookTimestamp: NOW }, { 'linear-delivery': 'forged' }, 121_000],
    [{ ...robot, id: 'headers["x-id"]' }, {}, { 'x-id': 'forged' }, SPAN],
  ])('also in %j', (config, body, headers, windowMs) => {
    expect(keyOf(config, body, headers).replay).toEqual({ key: expect.stringMatching(/^replay:/), windowMs });
  });

  it.each([
    ['by an id in the body', { verify: 'stripe', secrets: ['a secret'] }, { id: 'evt_1' }, {}],
    ['by its bytes', { verify: 'maintainx', secrets: ['a secret'] }, { type: 'x' }, {}],
    ['by what it says', { verify: 'grafana', secrets: ['a secret'] }, { groupKey: 'g', alerts: [{}] }, {}],
  ])('needs no second name where it is known %s: %j', (_how, config, body, headers) => {
    const { replay, kind, windowMs } = keyOf(config, body, headers);
    expect(replay).toBeUndefined();
    if (kind === 'digest' && config.verify !== 'grafana') expect(windowMs).toBe(SPAN);
  });

  it('is another one under another id, where the id was signed', () => {
    const made = source({ ...svix, id: 'headers' }, { id: (all) => ({ ok: true, value: all['svix-id'] }) });
    const raw = Buffer.from('{"a":1}');
    const [one, two] = ['msg_1', 'msg_2'].map((id) => {
      const proof = signAs(toPreset('svix'), svix.secrets[0] ?? '', raw, { id, nowMs: NOW });
      const checked = made.verify(delivery(raw, proof), NOW);
      return checked.ok ? made.toEvent(checked.verified, NOW) : checked;
    });
    const replays = [one, two].map((reading) => (reading && 'key' in reading ? reading.key.replay?.key : undefined));
    expect(replays).toEqual([expect.stringMatching(/^replay:/), expect.stringMatching(/^replay:/)]);
    expect(replays[0]).not.toBe(replays[1]);
  });

  it('keeps its window for deliveries that were timed, not for others of the same sender', () => {
    const grafana = { verify: { grafana: { header: 'x-sig', timestamp: 'x-time' } }, secrets: ['a secret'] };
    const notice = { groupKey: 'g', alerts: [{ fingerprint: 'f' }] };
    expect(keyOf(grafana, notice, {})).toMatchObject({ kind: 'digest', windowMs: SPAN });
    const bearer = source({ verify: 'grafana', secrets: ['a secret'] });
    const proof = bearer.verify(delivery(JSON.stringify(notice), { authorization: 'Bearer a secret' }), NOW);
    expect(proof.ok && bearer.toEvent(proof.verified, NOW)).toMatchObject({ key: { windowMs: 300_000 } });
    const gitlab = source({ verify: 'gitlab', secrets: ['a secret'] });
    const headers = { 'x-gitlab-token': 'a secret', 'idempotency-key': 'd-1' };
    const token = gitlab.verify(delivery('{}', headers), NOW);
    expect(token.ok && gitlab.toEvent(token.verified, NOW)).not.toHaveProperty('key.replay');
  });
});

it.each([
  ['2026-11-23T11:00:00Z', NOW - 3_600_000],
  ['2026-11-23t11:00:00.123456789z', NOW - 3_600_000 + 123],
  ['2026-11-23T13:00:00+02:00', NOW - 3_600_000],
  ['2026-11-23T13:00:00+0200', NOW - 3_600_000],
  ['2026-11-23 11:00:00 UTC', NOW - 3_600_000],
  ['2026-11-23T11:00Z', NOW - 3_600_000],
  [NOW / 1000, NOW],
  [NOW / 1000 + 0.25, NOW + 250],
  [NOW, NOW],
  [BigInt(NOW), NOW],
  [BigInt(NOW / 1000), NOW],
  [String(NOW / 1000), NOW],
  [`${NOW / 1000}.5`, NOW + 500],
  [new Date(NOW), NOW],
  [{ valueOf: (): bigint => BigInt(NOW) }, NOW],
  [NOW + DAY, NOW + DAY],
])('at may be written %o', (value, at) => {
  const reading = readOk(source(open, { at: gives(value) }), {});
  expect(reading.draft.at).toBe(at);
  expect(reading.notes).toEqual([]);
});

it.each([
  '2026-11-23',
  '2026-11-23T11:00:00',
  '2026-13-23T11:00:00Z',
  '0001-01-01T00:00:00Z',
  'yesterday',
  '',
  0,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  10n ** 30n,
  true,
  null,
  { a: 1 },
  { valueOf: 1 },
  { valueOf: null },
  Object.create(null),
  new Date(Number.NaN),
])('at written %o is no time, and said so', (value) => {
  const reading = readOk(source(open, { at: gives(value) }), {});
  expect(reading.draft).not.toHaveProperty('at');
  expect(reading.notes).toHaveLength(1);
});

it('a time more than a day ahead is not believed: it would win against everything until then', () => {
  const reading = readOk(source(open, { at: gives(NOW + DAY + 1) }), {});
  expect(reading.draft).not.toHaveProperty('at');
  expect(reading.notes).toEqual(['at is more than a day ahead; the time of arrival orders this event']);
});

it('an at that finds nothing leaves the order to the time of arrival', () => {
  const reading = readOk(source(open, { at: givesNothing }), {});
  expect(reading.draft).not.toHaveProperty('at');
  expect(reading.notes).toEqual(['at gave nothing (body.when is missing); the time of arrival orders this event']);
});

it('headers that prove something or open a door are not kept', () => {
  const secret = [
    'authorization',
    'proxy-authorization',
    'x-forwarded-authorization',
    'cookie',
    'x-api-key',
    'api_key',
    'x-hub-signature',
    'x-hub-signature-256',
    'stripe-signature',
    'x-gitlab-token',
    'x-shopify-hmac-sha256',
    'cf-access-jwt-assertion',
    'cf-access-client-secret',
    'x-own-proof',
  ];
  const kept = ['x-github-event', 'idempotency-key', 'x-event-key', 'content-type', 'svix-id', 'x-authored-by'];
  const headers = Object.fromEntries([...secret, ...kept].map((name) => [name, 'v']));
  const made = source({ verify: { hmac: { header: 'x-own-proof' } }, secrets: ['a'] });
  expect(Object.keys(readOk(made, {}, headers).draft.headers)).toEqual(kept);
});

it('repeated headers are joined, and a header named like a prototype is dropped', () => {
  const headers = Object.fromEntries([
    ['x-tag', ['a', 'b']],
    ['__proto__', ['evil']],
    ['constructor', ['c']],
  ]);
  expect(Object.entries(readOk(source(open), {}, headers).draft.headers)).toEqual([
    ['x-tag', 'a, b'],
    ['constructor', 'c'],
  ]);
});

it.each<[string, Record<string, unknown>, object]>([
  ['id', open, { id: gives({ valueOf: 1 }) }],
  ['type', open, { type: gives({ valueOf: [] }) }],
])('%s as an object with a key named valueOf is data and no text', (_field, config, expressions) => {
  expect(readOk(source(config, expressions), {}).notes).toHaveLength(1);
});

it('a time of sending that is an object with keys like methods is no time', () => {
  const linear = source({ verify: 'linear', secrets: ['a secret'] });
  const reading = read(linear, { webhookTimestamp: { toString: 1, valueOf: 1 } });
  expect(reading).toMatchObject({ ok: false, isStale: true });
});

it('a number with a meaning that comes as an object with keys like methods has none', () => {
  const kuma = source({ verify: 'uptime-kuma', secrets: ['a secret'] });
  const reading = read(kuma, { heartbeat: { status: { toString: 1, valueOf: 1 } } });
  expect(reading).toMatchObject({ ok: true, draft: { type: '' } });
});

it('a proven body that is not JSON is a refusal with its place', () => {
  expect(source(open).toEvent(verified('{"a":}'), NOW)).toEqual({
    ok: false,
    why: 'the body is not JSON, from character 5 on',
    position: 5,
  });
});

it('an expression that was configured but not compiled is a defect, not a silent default', () => {
  const config = SourceSchema.parse({ verify: 'none', id: 'body.id' });
  expect(() => makeSources({ hooks: config }, new Map())).toThrow('sources.hooks.id');
});

it('a source says how long its bodies are kept', () => {
  expect(source(open).keepMs).toBe(7 * DAY);
  expect(source({ ...open, keep: 0 }).keepMs).toBe(0);
});
