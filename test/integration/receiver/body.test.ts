// What is refused of a body by the headers that announce it, over a real socket.
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closed, converse, exchange, fakeSource, openDoor, signature, statuses } from './door.ts';

const head = `POST /hooks/signed HTTP/1.1\r\nHost: a\r\nX-Signature: ${signature}\r\n`;

describe('a body that is refused unread', () => {
  const size = 2 * 1024 * 1024;

  it('is answered before it is sent, and its connection ends, though the sender keeps it', async () => {
    const door = await openDoor();
    const { socket, heard } = converse(door, `${head}Content-Length: ${size}\r\n\r\n`, { isHalfOpen: true });
    await once(socket, 'end');
    expect(statuses(heard())).toEqual([413]);
    expect(heard()).toMatch(/connection: close/i);
    // Only who speaks to a connection that is closed notices it.
    const speaking = setInterval(() => socket.write('{'), 20);
    onTestFinished(() => clearInterval(speaking));
    await closed(socket);
    expect(door.proofs).toEqual([]);
  });

  it('is read on for a while, so that who sends all before he listens hears the answer', async () => {
    const { socket, heard } = converse(await openDoor(), `${head}Content-Length: ${size}\r\n\r\n`);
    socket.pause();
    await new Promise((resolve) => socket.write(Buffer.alloc(size), resolve));
    socket.resume();
    await once(socket, 'end');
    expect(statuses(heard())).toEqual([413]);
  });

  it('is not read on for ever', async () => {
    const { socket, heard } = converse(await openDoor(), `${head}Transfer-Encoding: chunked\r\n\r\n`, {
      isHalfOpen: true,
    });
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536), Buffer.from('\r\n')]);
    const pour = () => {
      while (socket.write(chunk));
    };
    socket.on('drain', pour);
    pour();
    await closed(socket);
    expect(statuses(heard())).toEqual([413]);
    // Thirty-two MiB are read on, and the kernel holds some.
    expect(socket.bytesWritten).toBeLessThan(64 * 1024 * 1024);
  });

  it('and small is read, which is cheaper than another connection', async () => {
    const { socket } = converse(await openDoor(), `${head.replace('signed', 'nobody')}Content-Length: 3\r\n\r\n{`);
    const [first] = await once(socket, 'data');
    expect(String(first)).toMatch(/^HTTP\/1\.1 404 /);
    expect(String(first)).not.toMatch(/connection: close/i);
    socket.write('}}GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    const [second] = await once(socket, 'data');
    expect(String(second)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('is not what a body is that was read whole: the connection goes on, however large it was', async () => {
    const wrong = head.replace(signature, 'wrong');
    const { socket } = converse(await openDoor(), `${wrong}Content-Length: 900000\r\n\r\n${' '.repeat(900_000)}`);
    const [first] = await once(socket, 'data');
    expect(String(first)).toMatch(/^HTTP\/1\.1 401 /);
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    const [second] = await once(socket, 'data');
    expect(String(second)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('takes what is behind it along: nobody would hear what became of it', async () => {
    const refused = `${head.replace('signed', 'nobody')}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
    const door = await openDoor();
    const { socket, heard } = converse(door, `${refused}${head}Content-Length: 2\r\n\r\n{}`);
    await once(socket, 'end');
    expect(statuses(heard())).toEqual([404]);
    expect([door.proofs, door.accepted]).toEqual([[], []]);
  });
});

it.each([
  ['gzip, chunked', 415],
  ['GZIP,chunked', 415],
  ['chunked', 202],
  ['Chunked', 202],
])('Transfer-Encoding: %s is answered %i', async (encoding, status) => {
  const door = await openDoor();
  const lines = `${head}Connection: close\r\nTransfer-Encoding: ${encoding}\r\n\r\n`;
  expect(await exchange(door, `${lines}2\r\n{}\r\n0\r\n\r\n`)).toContain(`HTTP/1.1 ${status} `);
  expect(door.proofs).toHaveLength(status === 202 ? 1 : 0);
});

describe('Expect: 100-continue', () => {
  const expecting = (target: string, ...lines: string[]) =>
    `POST ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n${lines.join('\r\n')}\r\n\r\n`;
  const proof = `X-Signature: ${signature}`;

  it('is met where the body is about to be read', async () => {
    const door = await openDoor();
    const socket = connect(door.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(expecting('/hooks/signed', proof, 'Content-Length: 2'));
    const [invited] = await once(socket, 'data');
    expect(String(invited)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('{}');
    const [answered] = await once(socket, 'data');
    expect(String(answered)).toMatch(/^HTTP\/1\.1 202 /);
  });

  it.each([
    ['too large', expecting('/hooks/signed', proof, 'Content-Length: 2000000'), 413],
    ['packed', expecting('/hooks/signed', proof, 'Content-Length: 50', 'Content-Encoding: gzip'), 415],
    ['for nobody', expecting('/hooks/nobody', proof, 'Content-Length: 50'), 404],
    ['from the wrong network', expecting('/hooks/far', proof, 'Content-Length: 50'), 401],
    ['without a token', expecting('/api/changes', 'Content-Length: 50'), 401],
    ['with two Hosts', expecting('/hooks/signed', proof, 'Host: b', 'Content-Length: 50'), 400],
  ])('%s is refused without an invitation', async (_what, bytes, status) => {
    const far = { ...fakeSource(), accepts: () => false };
    const sources = new Map([
      ['signed', fakeSource()],
      ['far', far],
    ]);
    const answer = await exchange(await openDoor({ sources }), bytes);
    expect(statuses(answer)).toEqual([status]);
  });
});
