import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Accepted } from '../../../src/change/change.ts';
import { until } from '../../support/until.ts';
import {
  exchange,
  fakeSource,
  issueClosed,
  matched,
  openDoor,
  parcel,
  RedisAway,
  signature,
  told,
  unmatched,
} from './door.ts';

const MEGABYTE = 1024 * 1024;

describe('a proven delivery', () => {
  it('is answered 202 with the event, whether it is new, and the number of its changes', async () => {
    const door = await openDoor();
    const response = await door.deliver(issueClosed);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ event: door.accepted[0]?.event.id, duplicate: false, changes: 1 });
  });

  it('reaches the core whole: event, bytes, name of the delivery, decisions', async () => {
    const door = await openDoor({ now: () => 1_700_000_000_000 });
    await door.deliver(issueClosed);
    expect(door.accepted).toEqual([
      {
        event: {
          id: expect.stringMatching(/^ev_/),
          source: 'signed',
          type: 'issue.closed',
          receivedAt: 1_700_000_000_000,
          headers: {},
          body: { kind: 'issue.closed', id: 'd-1' },
        },
        rawBody: Buffer.from(issueClosed),
        delivery: { key: 'id:d-1', windowMs: 5000 },
        keepMs: 60_000,
        decisions: [matched, unmatched],
      },
    ]);
  });

  it('is proven over the very bytes that were sent, whatever type they are said to be', async () => {
    const door = await openDoor();
    const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7) % 256);
    const types = ['application/json', 'text/plain; charset=nonsense', 'multipart/form-data', 'not a type', '*/*'];
    for (const type of types) await door.deliver(bytes, { 'content-type': type });
    await exchange(
      door,
      `POST /hooks/signed HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\n \n}`,
    );
    expect(door.proofs.map((proof) => proof.body.toString('hex'))).toEqual([
      ...types.map(() => Buffer.from(bytes).toString('hex')),
      Buffer.from(' \n}').toString('hex'),
    ]);
  });

  it('shows every line of a repeated header to the proof, so that none hides behind another', async () => {
    const door = await openDoor();
    const twice = `X-Signature: ${signature}\r\nx-signature: ${signature}\r\n`;
    const head = `POST /hooks/signed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${twice}Content-Length: 2\r\n\r\n{}`;
    expect(await exchange(door, head)).toMatch(/^HTTP\/1\.1 401 /);
    expect(door.proofs[0]?.headers['x-signature']).toEqual([signature, signature]);
  });

  it('may have a body of exactly the limit', async () => {
    const door = await openDoor();
    const body = JSON.stringify({ kind: 'big', id: '1', pad: '' });
    const response = await door.deliver(body.replace('"pad":""', `"pad":"${'x'.repeat(MEGABYTE - body.length)}"`));
    expect(response.status).toBe(202);
    expect(door.accepted[0]?.rawBody.length).toBe(MEGABYTE);
  });

  it('that comes 50 times at once is one event, with one answer for all', async () => {
    const door = await openDoor();
    const responses = await Promise.all(Array.from({ length: 50 }, () => door.deliver(issueClosed)));
    const answers = await Promise.all(responses.map(told));
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => answer.event)).size).toBe(1);
    expect(answers.filter((answer) => !answer.duplicate)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.changes))).toEqual(new Set([1]));
    expect(new Set(door.accepted.map((one) => one.event.id)).size).toBe(50);
  });

  it('that repeats a known one is told by its outcome in the log', async () => {
    const door = await openDoor();
    await door.deliver(issueClosed);
    await door.deliver(issueClosed);
    expect(door.lines('event.received').map((line) => [line.outcome, line.duplicate])).toEqual([
      ['accepted', false],
      ['duplicate', true],
    ]);
  });
});

describe('a delivery that is refused', () => {
  it('gets the same 401 for no proof, half a proof, a wrong one and an empty body', async () => {
    const door = await openDoor();
    const responses = [
      await fetch(`${door.url}/hooks/signed`, { method: 'POST', body: issueClosed }),
      await door.deliver(issueClosed, { 'x-signature': signature.slice(0, 9) }),
      await door.deliver('not json', { 'x-signature': 'wrong' }),
      await fetch(`${door.url}/hooks/signed`, { method: 'POST' }),
    ];
    const bodies = await Promise.all(responses.map((response) => response.json()));
    expect(responses.map((response) => response.status)).toEqual([401, 401, 401, 401]);
    for (const [i, body] of bodies.entries()) {
      expect(body).toEqual({
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
        detail: 'The request does not prove where it comes from.',
        requestId: responses[i]?.headers.get('x-request-id'),
      });
    }
    expect(door.accepted).toEqual([]);
  });

  it('gets 404 when the source is unknown, before its body is read', async () => {
    const door = await openDoor();
    for (const source of ['nobody', '__proto__', 'constructor', 'signed%2f', 'SIGNED']) {
      const response = await door.deliver('x'.repeat(2 * MEGABYTE), {}, source);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ status: 404, detail: 'There is nothing here.' });
    }
    expect(door.proofs).toEqual([]);
  });

  it('gets 400 with the reason when it is proven but no event', async () => {
    const door = await openDoor();
    const response = await door.deliver('not json');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail: 'the body is not JSON' });
  });

  it('gets 413 one byte above the limit, announced or not, and nothing of it is looked at', async () => {
    const door = await openDoor();
    const tooLarge = Buffer.alloc(MEGABYTE + 1, 32);
    const announced = await door.deliver(tooLarge);
    const chunked = await fetch(`${door.url}/hooks/signed`, {
      method: 'POST',
      headers: { 'x-signature': signature },
      body: new Blob([tooLarge]).stream(),
      duplex: 'half',
    });
    expect([announced.status, chunked.status]).toEqual([413, 413]);
    expect(door.proofs).toEqual([]);
  });

  it('gets 415 when it is compressed, and is never inflated', async () => {
    const door = await openDoor();
    for (const encoding of ['gzip', 'br', 'deflate', 'GZIP', 'identity, gzip', 'nonsense']) {
      const response = await door.deliver(gzipSync(issueClosed), { 'content-encoding': encoding });
      expect(response.status).toBe(415);
    }
    for (const encoding of ['identity', ''])
      expect((await door.deliver(issueClosed, { 'content-encoding': encoding })).status).toBe(202);
    expect(door.proofs).toHaveLength(2);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('gets 405 with Allow for %s', async (method) => {
    const door = await openDoor();
    const response = await fetch(`${door.url}/hooks/signed`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('is told once in the log, with why, and without what the sender sent', async () => {
    const door = await openDoor();
    await door.deliver('words of a member', { 'x-signature': 'wrong-signature' });
    const [line, ...more] = door.lines();
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      msg: 'event.refused',
      source: 'signed',
      status: 401,
      outcome: 'refused',
      why: 'the x-signature header fits nothing',
    });
    expect(door.logText()).not.toMatch(/words of a member|wrong-signature/);
  });
});

describe('a delivery that cannot be stored', () => {
  it('gets 503 with Retry-After when Redis is away', async () => {
    const door = await openDoor({ core: { accept: () => Promise.reject(new RedisAway('connection is closed')) } });
    const response = await door.deliver(issueClosed);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(door.lines()).toMatchObject([{ msg: 'event.refused', level: 'warn', status: 503, why: 'Redis is away' }]);
  });

  it('gets 503 when the confirmation does not come, and what comes late is dropped in peace', async () => {
    const confirmed = parcel<Accepted>();
    const broken = parcel<Accepted>();
    const answers = [confirmed.promise, broken.promise];
    const accept = () => answers.shift() ?? Promise.reject(new Error('asked too often'));
    const door = await openDoor({ core: { accept } });
    const before = Date.now();
    const responses = await Promise.all([door.deliver(issueClosed), door.deliver(issueClosed)]);
    expect(Date.now() - before).toBeLessThan(5000);
    expect(responses.map((response) => response.status)).toEqual([503, 503]);
    confirmed.resolve({ eventId: 'ev_late', duplicate: false, conflict: false, changes: [] });
    broken.reject(new RedisAway('came back to nobody')); // an unhandled rejection would fail the run
    await new Promise((resolve) => setImmediate(resolve));
    expect(door.lines('event.received')).toEqual([]);
    expect((await door.ask('/healthz')).status).toBe(200);
  });

  it.each([
    ['the rules', { rules: { decide: () => explode() } }],
    ['the core', { core: { accept: async () => explode() } }],
    ['the core, at once', { core: { accept: () => explode() } }],
  ])('gets 500 without details for a defect in %s, and it is logged once', async (_where, over) => {
    const door = await openDoor(over);
    const response = await door.deliver(issueClosed);
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toMatch(/undefined is not|\bat \w|door\.ts|hooks\.test/);
    const lines = door.lines();
    expect(lines).toMatchObject([
      { msg: 'request.failed', level: 'error', err: { message: 'undefined is not a thing' } },
    ]);
    expect(lines[0]?.requestId).toBe(response.headers.get('x-request-id'));
    expect(JSON.stringify(lines[0]?.stack)).toContain('explode');
  });
});

describe('a flood', () => {
  it('is held back with 429 and Retry-After, told once a second, and over in the next second', async () => {
    let now = 1000;
    const door = await openDoor({ now: () => now, limits: { hooks: { perSecond: 6, concurrent: 100, bytes: 1e6 } } });
    const burst = async () => {
      const responses = await Promise.all(Array.from({ length: 5 }, () => door.deliver(issueClosed)));
      return responses.map((response) => response.status).sort();
    };
    expect(await burst()).toEqual([202, 202, 202, 429, 429]);
    const held = await door.deliver(issueClosed);
    expect(held.headers.get('retry-after')).toBe('1');
    expect(held.headers.get('content-type')).toContain('application/problem+json');
    expect(door.lines('flood.held')).toHaveLength(1);
    now += 1000;
    expect(await burst()).toEqual([202, 202, 202, 429, 429]);
    now -= 5000; // a clock set back must not hold the door shut
    expect(await burst()).toEqual([202, 202, 202, 429, 429]);
    expect((await door.ask('/healthz')).status).toBe(200);
  });
});

describe('pressure', () => {
  it('of one source, or of strangers, leaves the others their share', async () => {
    const free = parcel<void>();
    const waiting: unknown[] = [];
    const door = await openDoor({
      sources: new Map([
        ['signed', fakeSource()],
        ['quiet', fakeSource([], 'quiet')],
      ]),
      core: {
        accept: async ({ event }) => {
          waiting.push(event);
          if (event.source === 'signed') await free.promise;
          return { eventId: event.id, duplicate: false, conflict: false, changes: [] };
        },
      },
      limits: { hooks: { perSecond: 1000, concurrent: 6, bytes: 1e6 } },
    });
    const flood = Array.from({ length: 10 }, () => door.deliver(issueClosed));
    await expect.poll(() => door.turnedAway.length).toBe(7);
    const strangers = await Promise.all(Array.from({ length: 8 }, () => door.deliver('x', {}, 'nothing-here')));
    expect(new Set(strangers.map(({ status }) => status))).toEqual(new Set([404]));
    expect((await door.deliver(issueClosed, {}, 'quiet')).status).toBe(202);
    free.resolve();
    const statuses = (await Promise.all(flood)).map(({ status }) => status).sort();
    expect(statuses).toEqual([202, 202, 202, 429, 429, 429, 429, 429, 429, 429]);
    expect(waiting).toHaveLength(4);
    expect((await door.deliver(issueClosed)).status).toBe(202);
  });
});

it('strangers whose bodies come by and by keep no honest sender out of the source that they ask for', async () => {
  let now = 1000;
  const door = await openDoor({
    now: () => now,
    limits: { hooks: { perSecond: 1000, concurrent: 8, bytes: 1e6 } },
  });
  const answers: string[] = [];
  for (let i = 0; i < 4; i += 1) {
    const socket = connect(door.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('data', (data) => answers.push(String(data).split('\r\n', 1)[0] ?? ''));
    socket.write('POST /hooks/signed HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx');
  }
  await until('all places are taken', 5_000, async () => (await door.deliver(issueClosed)).status === 429);
  now += 1000;
  const statuses = [];
  for (let i = 0; i < 8; i += 1) statuses.push((await door.deliver(issueClosed)).status);
  expect(statuses).toEqual(Array(8).fill(202));
  await until('one has given way, and is told', 5_000, () => answers.length > 0);
  expect(answers).toEqual(['HTTP/1.1 429 Too Many Requests']);
  const why = 'too much at once, and its body had been on its way longest';
  expect(door.turnedAway.at(-1)).toMatchObject({ source: 'signed', reason: 'busy', status: 429, why });
});

describe('a Redis that has not confirmed', () => {
  it('is asked whether it is there before anything more is sent to it', async () => {
    const pong = parcel<unknown>();
    let asked = 0;
    let isFrozen = true;
    const sent: string[] = [];
    const door = await openDoor({
      core: {
        async accept({ event }) {
          sent.push(event.id);
          if (isFrozen) await new Promise(() => {});
          return { eventId: event.id, duplicate: false, conflict: false, changes: [] };
        },
        ping() {
          asked += 1;
          return asked === 1 ? Promise.reject(new RedisAway()) : pong.promise;
        },
      },
      limits: { commitMs: 50, pingMs: 1 },
    });
    const statuses = async (count: number) => {
      const responses = await Promise.all(Array.from({ length: count }, () => door.deliver(issueClosed)));
      return new Set(responses.map(({ status }) => status));
    };
    expect(await statuses(3)).toEqual(new Set([503]));
    await expect.poll(() => asked).toBe(2);
    expect(await statuses(20)).toEqual(new Set([503]));
    expect(sent).toHaveLength(3);
    isFrozen = false;
    pong.resolve('PONG');
    expect(await statuses(2)).toEqual(new Set([202]));
  });
});

describe('the bytes of a body', () => {
  it('count as they are announced, else as they come; one that announces too many is too large, not too much at once', async () => {
    const door = await openDoor({ limits: { bodyBytes: 100, hooks: { perSecond: 100, concurrent: 100, bytes: 300 } } });
    const inChunks = (chunk: string) => {
      const socket = connect(door.port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      const head = `POST /hooks/signed HTTP/1.1\r\nhost: x\r\nx-signature: ${signature}\r\ntransfer-encoding: chunked\r\n\r\n`;
      socket.write(`${head}${chunk.length.toString(16)}\r\n${chunk}\r\n`);
      return socket;
    };
    const some = Array.from({ length: 20 }, () => inChunks('{}'));
    for (const socket of some) socket.write('0\r\n\r\n');
    await expect.poll(() => door.accepted.length).toBe(20); // small ones may be many
    const holding = inChunks('y'.repeat(90));
    await expect.poll(async () => (await door.deliver('y'.repeat(80))).status).toBe(429);
    const [answer] = (await once(inChunks('y'.repeat(80)), 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 429 /);
    expect(door.turnedAway.at(-1)).toMatchObject({ reason: 'busy', why: 'too much at once: bytes' });
    holding.destroy();
    await expect.poll(async () => (await door.deliver(`"${'y'.repeat(500)}"`)).status).toBe(413);
  });
});

describe('what is turned away', () => {
  it('is noted with its reason, its sizes and a digest, and never with its bytes', async () => {
    const door = await openDoor({ limits: { bodyBytes: 200 } });
    await door.deliver('{"marker":1}', { 'x-signature': 'wrong-marker' });
    await door.deliver('marker', {}, 'nothing-here');
    await door.deliver('not json, marker');
    await door.deliver('marker '.repeat(100));
    await door.deliver('marker', { 'content-encoding': 'gzip' });
    expect(door.turnedAway).toMatchObject([
      {
        source: 'signed',
        reason: 'unproven',
        status: 401,
        bodyBytes: 12,
        bodyDigest: expect.stringMatching(/^\w{16}$/),
      },
      { source: '(unknown)', asked: 'nothing-here', reason: 'unknown-source', status: 404, announcedBytes: 6 },
      { source: 'signed', reason: 'not-json', status: 400, bodyBytes: 16 },
      { source: 'signed', reason: 'too-large', status: 413, announcedBytes: 700 },
      { source: 'signed', reason: 'encoded', status: 415 },
    ]);
    expect(door.turnedAway.every(({ requestId }) => requestId.startsWith('req_'))).toBe(true);
    expect(JSON.stringify(door.turnedAway)).not.toContain('marker');
  });

  it('is an address or a method that leads nowhere', async () => {
    const door = await openDoor();
    await fetch(`${door.url}/hooks/signed`);
    await fetch(`${door.url}/webhook?token=marker`, { method: 'POST', body: 'marker' });
    await fetch(`${door.url}/hooks/signed/marker`, { method: 'POST', body: 'marker' });
    await fetch(`${door.url}/favicon.ico`);
    expect(door.turnedAway).toMatchObject([
      { source: 'signed', reason: 'wrong-method', status: 405 },
      { source: '(unknown)', asked: '/webhook', reason: 'unknown-source', status: 404 },
      { source: '(unknown)', asked: '/hooks/signed/…', reason: 'unknown-source', status: 404 },
    ]);
    expect(JSON.stringify(door.turnedAway)).not.toContain('marker');
  });

  it('is a defect of ours too, and what Redis could not confirm', async () => {
    const broken = await openDoor({ rules: { decide: () => explode() } });
    await broken.deliver(issueClosed);
    expect(broken.turnedAway).toMatchObject([{ source: 'signed', reason: 'defect', status: 500 }]);
    const away = await openDoor({ core: { accept: () => Promise.reject(new RedisAway()) } });
    await away.deliver(issueClosed);
    expect(away.turnedAway).toMatchObject([{ source: 'signed', reason: 'unavailable', status: 503 }]);
  });
});

describe('every answer', () => {
  it('carries a request id of ours, which the log line has too; theirs is only written down', async () => {
    const door = await openDoor();
    const response = await door.deliver(issueClosed, { 'x-request-id': 'theirs-1' });
    const ours = response.headers.get('x-request-id');
    expect(ours).toMatch(/^req_/);
    expect(door.lines('event.received')[0]).toMatchObject({ requestId: ours, clientRequestId: 'theirs-1' });
    await door.deliver(issueClosed, { 'x-request-id': `theirs "2" ${'x'.repeat(200)}` });
    expect(door.lines('event.received')[1]).not.toHaveProperty('clientRequestId');
  });

  it('names no framework, and may not be cached', async () => {
    const door = await openDoor();
    for (const response of [await door.deliver(issueClosed), await door.ask('/nothing'), await door.ask('/healthz')]) {
      expect(response.headers.has('x-powered-by')).toBe(false);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    }
  });
});

describe('the line of an accepted event', () => {
  it('is one, and wide', async () => {
    const door = await openDoor();
    await door.deliver(issueClosed);
    const lines = door.lines();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'info',
      msg: 'event.received',
      requestId: expect.stringMatching(/^req_/),
      event: expect.stringMatching(/^ev_/),
      source: 'signed',
      type: 'issue.closed',
      outcome: 'accepted',
      duplicate: false,
      rules: ['solved-when-closed'],
      tickets: ['ticket-1'],
      changes: [expect.stringMatching(/^ch_/)],
      unmatched: 1,
      bytes: issueClosed.length,
      durationMs: expect.any(Number),
    });
  });

  it('never holds the signature, the token or the body, whatever happens', async () => {
    const door = await openDoor({ limits: { bodyBytes: 200 } });
    await door.deliver(issueClosed);
    await door.deliver('{"kind":"words of a member"', {});
    await door.deliver(`"${'words of a member '.repeat(20)}"`);
    await door.ask('/api/changes', { method: 'POST', body: '{"ticket":"words of a member"}' });
    await door.ask('/api/changes', { method: 'POST', body: 'words of a member' });
    await fetch(`${door.url}/api/ledger`, { headers: { authorization: 'Bearer words-of-a-stranger' } });
    await door.ask('/api/ledger?cursor=%zz');
    expect(door.lines().length).toBeGreaterThanOrEqual(6);
    for (const secret of [signature, 'token-of-the-operators', 'words of a member', 'words-of-a-stranger']) {
      expect(door.logText()).not.toContain(secret);
    }
  });

  it('lists at most 100 tickets of a rule that decides about thousands', async () => {
    const many = Array.from({ length: 5000 }, (_, item) => ({ ...matched, item, ticket: `ticket-${item}` }));
    const door = await openDoor({ rules: { decide: () => many } });
    expect(await (await door.deliver(issueClosed)).json()).toMatchObject({ changes: 5000 });
    expect(door.lines('event.received')[0]?.tickets).toHaveLength(100);
  });
});

it('a sender that hangs up in mid-body leaves nothing behind but a line', async () => {
  const door = await openDoor();
  const socket = connect(door.port, '127.0.0.1');
  socket.write(
    `POST /hooks/signed HTTP/1.1\r\nHost: a\r\nX-Signature: ${signature}\r\nContent-Length: 99\r\n\r\n{"kind"`,
  );
  await once(socket, 'connect');
  socket.end(); // half a body, and then nothing more: the end of what is sent is the end of the request
  await until('the refusal is logged', 5000, () => door.lines().length > 0);
  expect(door.lines()).toMatchObject([{ msg: 'event.refused', why: 'the sender hung up' }]);
  expect(door.proofs).toEqual([]);
});

function explode(): never {
  throw new TypeError('undefined is not a thing');
}
