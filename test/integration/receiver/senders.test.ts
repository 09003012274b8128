// Real sources behind the door: what each layer must not spoil for the others, from the socket to the event.
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SourceSchema } from '../../../src/config/schema.ts';
import type { AppParts } from '../../../src/receiver/app.ts';
import { signAs, toPreset } from '../../../src/source/schemes.ts';
import { makeSources } from '../../../src/source/source.ts';
import { exchange, openDoor, RedisAway, told } from './door.ts';

const unproven = 'The request does not prove where it comes from.';

function openWith(configs: Record<string, unknown>, over: Parameters<typeof openDoor>[0] = {}) {
  const parsed = Object.entries(configs).map(([name, config]) => [name, SourceSchema.parse(config)] as const);
  return openDoor({ sources: makeSources(Object.fromEntries(parsed), new Map()), ...over });
}

function signed(verify: 'github' | 'slack' | 'linear', body: string, nowMs = Date.now(), secret = 'a secret') {
  return signAs(toPreset(verify), secret, Buffer.from(body), { id: 'd-1', nowMs });
}

describe("Slack's url_verification", () => {
  const body = '{"type":"url_verification","challenge":"<b>3eZb</b>"}';
  const slack = { slack: { verify: 'slack', secrets: ['a secret'] } };

  it('is answered with its challenge in plain text, and nothing is stored', async () => {
    const door = await openWith(slack);
    const response = await door.deliver(body, signed('slack', body), 'slack');
    expect([response.status, await response.text()]).toEqual([200, '<b>3eZb</b>']);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(door.accepted).toEqual([]);
    expect(door.lines()).toMatchObject([{ msg: 'event.answered', source: 'slack', outcome: 'answered' }]);
    expect(door.logText()).not.toContain('3eZb');
  });

  it('without proof is answered 401 like everything else', async () => {
    const door = await openWith(slack);
    const response = await door.deliver(body, signed('slack', body, Date.now(), 'another'), 'slack');
    expect([response.status, (await told(response)).detail]).toEqual([401, unproven]);
  });
});

describe('a sender that can be told to give up', () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const headersOf = async (body: string, over: Partial<AppParts> = {}, secrets = [secret]) => {
    const door = await openWith({ svix: { verify: 'svix', secrets } }, over);
    const proof = signAs(toPreset('svix'), secret, Buffer.from(body), { id: 'msg_1', nowMs: Date.now() });
    const response = await door.deliver(body, proof, 'svix');
    return [response.status, response.headers.get('webhook-delivery')];
  };

  it('is told so of a proven delivery that no repetition makes an event', async () => {
    expect(await headersOf('not json')).toEqual([400, 'abort-message']);
  });

  it('is not told so where another try may do, or where nothing is proven', async () => {
    const core = { ping: async () => 'PONG', accept: () => Promise.reject(new RedisAway()) };
    expect(await headersOf('{}')).toEqual([202, null]);
    expect(await headersOf('{}', { core })).toEqual([503, null]);
    expect(await headersOf('not json', {}, [`whsec_${Buffer.alloc(32, 8).toString('base64')}`])).toEqual([401, null]);
    expect(await headersOf('x'.repeat(101), { limits: { bodyBytes: 100 } })).toEqual([413, null]);
  });

  it('that knows no such thing is told nothing', async () => {
    const door = await openWith({ github: { verify: 'github', secrets: ['a secret'] } });
    const response = await door.deliver('not json', signed('github', 'not json'), 'github');
    expect([response.status, response.headers.get('webhook-delivery')]).toEqual([400, null]);
  });
});

it('a Linear delivery sent long ago is answered 401, though its signature fits', async () => {
  const door = await openWith({ linear: { verify: 'linear', secrets: ['a secret'] } });
  const statuses = [];
  for (const webhookTimestamp of [Date.now(), Date.now() - 120_000]) {
    const body = JSON.stringify({ type: 'Issue', action: 'update', webhookTimestamp });
    statuses.push((await door.deliver(body, signed('linear', body), 'linear')).status);
  }
  expect(statuses).toEqual([202, 401]);
  expect(door.lines('event.refused')).toMatchObject([{ why: expect.stringMatching(/^sent 12\d s ago/) }]);
});

describe('a secret that is not the newest', () => {
  it('proves, and the line of the event warns of it without naming it', async () => {
    const door = await openWith({ github: { verify: 'github', secrets: ['a newer one', 'a secret'] } });
    expect((await door.deliver('{}', signed('github', '{}'), 'github')).status).toBe(202);
    expect((await door.deliver('{}', signed('github', '{}', 0, 'a newer one'), 'github')).status).toBe(202);
    const [old, newest] = door.lines('event.received');
    expect(old).toMatchObject({ level: 'warn', oldSecret: true });
    expect(newest).toMatchObject({ level: 'info' });
    expect(newest).not.toHaveProperty('oldSecret');
    expect(door.logText()).not.toContain('a secret');
  });

  it('is nothing to warn of where those before it have ended', async () => {
    const secrets = [{ value: 'over', until: '2020-01-01' }, 'a secret'];
    const door = await openWith({ github: { verify: 'github', secrets } });
    expect((await door.deliver('{}', signed('github', '{}'), 'github')).status).toBe(202);
    expect(door.lines('event.received')).toMatchObject([{ level: 'info' }]);
    expect(door.logText()).not.toContain('oldSecret');
  });

  it.each([
    ['a handshake', 'slack', '{"type":"url_verification","challenge":"c"}', 200, 'event.answered'],
    ['what is not JSON', 'github', 'payload', 400, 'event.refused'],
    ['what was sent long ago', 'linear', '{"webhookTimestamp":1000000000}', 401, 'event.refused'],
    ['what cannot be stored', 'github', '{}', 503, 'event.refused'],
    ['what is stored', 'github', '{}', 202, 'event.received'],
  ] as const)('is warned of and counted for %s', async (_what, verify, body, status, line) => {
    const counted: unknown[][] = [];
    const tally: AppParts['tally'] = { count: (...args) => void counted.push(args), observe: () => {} };
    const away = { accept: () => Promise.reject(new RedisAway()) };
    const hooks = { hooks: { verify, secrets: ['a newer one', 'a secret'] } };
    const door = await openWith(hooks, { tally, ...(status === 503 ? { core: away } : {}) });
    expect((await door.deliver(body, signed(verify, body), 'hooks')).status).toBe(status);
    expect(door.lines(line)).toMatchObject([{ level: 'warn', oldSecret: true }]);
    expect(counted.filter(([name]) => name === 'oldSecrets')).toEqual([['oldSecrets', { source: 'hooks' }]]);

    expect((await door.deliver(body, signed(verify, body, Date.now(), 'a newer one'), 'hooks')).status).toBe(status);
    expect(door.lines(line)[1]).not.toHaveProperty('oldSecret');
    expect(counted.filter(([name]) => name === 'oldSecrets')).toHaveLength(1);
  });
});

describe('a source with networks', () => {
  const config = { verify: 'github', secrets: ['a secret'] };
  const github = (networks: string[]) => ({ github: { ...config, networks } });

  it('takes from inside, and answers outside as to a wrong proof, before it reads the body', async () => {
    const inside = await openWith(github(['127.0.0.0/8']));
    expect((await inside.deliver('{}', signed('github', '{}'), 'github')).status).toBe(202);
    const outside = await openWith(github(['192.0.2.0/24']));
    const [far, wrong] = [
      await outside.deliver('x'.repeat(2 ** 21), signed('github', '{}'), 'github'),
      await inside.deliver('{}', signed('github', '{ }'), 'github'),
    ];
    expect([far.status, wrong.status]).toEqual([401, 401]);
    const { requestId: _one, ...farBody } = await told(far);
    const { requestId: _two, ...wrongBody } = await told(wrong);
    expect(farBody).toEqual(wrongBody);
    expect(outside.lines()).toMatchObject([{ why: 'sent from 127.0.0.1, which is in none of its networks' }]);
  });

  it('believes X-Forwarded-For from a trusted proxy only', async () => {
    const headers = { ...signed('github', '{}'), 'x-forwarded-for': '192.0.2.7' };
    const direct = await openWith(github(['192.0.2.0/24']));
    const behind = await openWith(github(['192.0.2.0/24']), { trustProxy: { hops: 1 } });
    const spoofed = { ...headers, 'x-forwarded-for': '192.0.2.7, 203.0.113.1' };
    const statuses = [
      await direct.deliver('{}', headers, 'github'),
      await behind.deliver('{}', headers, 'github'),
      await behind.deliver('{}', spoofed, 'github'),
    ].map((response) => response.status);
    expect(statuses).toEqual([401, 202, 401]);
  });
});

describe('what is odd on the wire', () => {
  const github = { github: { verify: 'github', secrets: ['a secret'] } };
  const proofOf = (raw: string | Buffer) => `sha256=${createHmac('sha256', 'a secret').update(raw).digest('hex')}`;

  it('a body in chunks is proven over its bytes, wherever it was cut', async () => {
    const door = await openWith(github);
    const head = `POST /hooks/github HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Hub-Signature-256: ${proofOf('{"a":1}')}\r\n`;
    const answer = await exchange(door, `${head}Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
    expect(door.accepted[0]?.event.body).toEqual({ a: 1 });
  });

  it('two lengths, or a length beside chunks, are answered 400 before anything is looked at', async () => {
    const door = await openWith(github);
    const head = `POST /hooks/github HTTP/1.1\r\nHost: a\r\nX-Hub-Signature-256: ${proofOf('{}')}\r\nContent-Length: 2\r\n`;
    for (const second of ['Content-Length: 3', 'Transfer-Encoding: chunked'])
      expect(await exchange(door, `${head}${second}\r\n\r\n{}`)).toMatch(/^HTTP\/1\.1 400 /);
    expect(door.accepted).toEqual([]);
  });

  it('a signature given twice is answered 401; an id or a type given twice is not used', async () => {
    const door = await openWith(github);
    const send = (lines: string) =>
      exchange(
        door,
        `POST /hooks/github HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}Content-Length: 2\r\n\r\n{}`,
      );
    const proof = `X-Hub-Signature-256: ${proofOf('{}')}\r\n`;
    expect(await send(proof + proof)).toMatch(/^HTTP\/1\.1 401 /);
    const named = 'X-GitHub-Delivery: a\r\nX-GitHub-Delivery: b\r\nX-GitHub-Event: issues\r\nX-GitHub-Event: push\r\n';
    expect(await send(proof + named)).toMatch(/^HTTP\/1\.1 202 /);
    expect(door.accepted[0]?.delivery.key).toMatch(/^digest:/);
    expect(door.accepted[0]?.event.type).toBe('');
  });

  it.each([
    ['a second proof', 'X-Hub-Signature-256: sha256=00', 401],
    ['a second Host', 'Host: b', 400],
    ['a coding of the content', 'Content-Encoding: gzip', 415],
    ['a coding of the transfer', 'Transfer-Encoding: gzip, chunked', 415],
    ['an address outside its networks', 'X-Forwarded-For: 203.0.113.1', 401],
    ['an address inside', 'X-Forwarded-For: 192.0.2.7', 202],
  ])('%s behind three thousand header lines is seen all the same', async (_what, line, status) => {
    const inside = { ...github.github, networks: ['127.0.0.0/8', '192.0.2.0/24'] };
    const door = await openWith({ github: inside }, { trustProxy: { hops: 1 } });
    const head = `POST /hooks/github HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Hub-Signature-256: ${proofOf('{}')}\r\n`;
    const [length, body] = line.startsWith('Transfer-')
      ? ['', '2\r\n{}\r\n0\r\n\r\n']
      : ['Content-Length: 2\r\n', '{}'];
    const answer = await exchange(door, `${head}${length}${'a:\r\n'.repeat(3000)}${line}\r\n\r\n${body}`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('a proof in the last of three thousand header lines proves', async () => {
    const door = await openWith(github);
    const head = `POST /hooks/github HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n${'a:\r\n'.repeat(3000)}`;
    const answer = await exchange(door, `${head}X-Hub-Signature-256: ${proofOf('{}')}\r\n\r\n{}`);
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
  });

  it.each([
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['nothing', '', 400],
    ['deeper than 64', `${'['.repeat(65)}${']'.repeat(65)}`, 400],
    ['deep as a well', '['.repeat(200_000), 400],
    ['a form', 'payload=%7B%7D', 400],
    ['a number that no double holds', '{"a":1e999}', 202],
    ['a number of a thousand digits', `{"a":${'9'.repeat(1000)}}`, 202],
    ['keys of prototypes', '{"__proto__":{"admin":true},"constructor":{"prototype":1}}', 202],
    ['a lone surrogate', '{"a":"\\ud800"}', 202],
  ])('a proven body of %s', async (_what, body, status) => {
    const door = await openWith(github);
    const response = await door.deliver(body, { 'x-hub-signature-256': proofOf(body) }, 'github');
    expect(response.status).toBe(status);
    const kept = door.accepted[0]?.event.body;
    // What is decided on is what is kept, also once it has been written down and read again.
    if (status === 202) expect(JSON.parse(JSON.stringify(kept))).toEqual(kept);
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });
});
