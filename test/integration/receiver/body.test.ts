// What is refused of a body by the headers that announce it, over a real socket.
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exchange, fakeSource, openDoor, signature } from './door.ts';

const head = `POST /hooks/signed HTTP/1.1\r\nHost: a\r\nX-Signature: ${signature}\r\n`;

it('a body announced too large is answered 413 before it is sent, and the connection goes on', async () => {
  const door = await openDoor();
  const socket = connect(door.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const size = 2 * 1024 * 1024;
  socket.write(`${head}Content-Length: ${size}\r\n\r\n`);
  const [first] = await once(socket, 'data');
  expect(String(first)).toContain('HTTP/1.1 413 ');
  expect(String(first)).not.toMatch(/connection: close/i);
  socket.write(Buffer.alloc(size));
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  const [second] = await once(socket, 'data');
  expect(String(second)).toContain('HTTP/1.1 200 ');
  expect(door.proofs).toEqual([]);
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
    expect(answer.match(/HTTP\/1\.1 \d{3} /g)).toEqual([`HTTP/1.1 ${status} `]);
  });
});
