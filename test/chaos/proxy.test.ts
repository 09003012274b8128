// The line that misbehaves, alone: a fault injector that is itself wrong would prove nothing.
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProxy, type TcpProxy } from '../support/chaos/proxy.ts';
import { until } from '../support/until.ts';

let far: Server;
let proxy: TcpProxy;
/** What has arrived at the far end. */
let arrived = '';
const open = new Set<Socket>();

beforeEach(async () => {
  arrived = '';
  far = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      arrived += bytes.toString();
      socket.write(`re:${bytes.toString()}`);
    });
  });
  far.listen(0, '127.0.0.1');
  await once(far, 'listening');
  proxy = await openProxy({ port: (far.address() as AddressInfo).port });
});

afterEach(async () => {
  await proxy.close();
  for (const socket of open) socket.destroy();
  open.clear();
  far.close();
});

async function call() {
  const socket = createConnection({ port: proxy.port, host: '127.0.0.1' });
  open.add(socket);
  const caller = { socket, heard: '', end: '' };
  socket.on('data', (bytes) => (caller.heard += bytes.toString()));
  socket.on('error', (error: NodeJS.ErrnoException) => (caller.end = error.code ?? 'error'));
  socket.on('close', () => (caller.end ||= 'closed'));
  await until('a connection or its refusal', 2_000, () => socket.readyState === 'open' || caller.end !== '');
  return caller;
}

describe('the proxy', () => {
  it('passes both ways', async () => {
    const caller = await call();
    caller.socket.write('a');
    await until('the answer', 2_000, () => caller.heard === 're:a');
  });

  it('keeps everything in order while it delays', async () => {
    proxy.delay(20);
    const caller = await call();
    for (const letter of ['a', 'b', 'c']) caller.socket.write(letter);
    await until('the answer', 2_000, () => caller.heard.replaceAll('re:', '') === 'abc');
  });

  it('lets nothing through while frozen, and everything afterwards', async () => {
    const caller = await call();
    proxy.behave('freeze');
    caller.socket.write('a');
    const late = await call();
    late.socket.write('b');
    await until('both have written', 2_000, () => late.socket.bytesWritten === 1);
    expect([arrived, caller.heard, caller.end, late.end]).toEqual(['', '', '', '']);
    proxy.behave('pass');
    await until('both answers', 2_000, () => caller.heard === 're:a' && late.heard === 're:b');
  });

  it('resets what is open, and new connections while it refuses', async () => {
    const caller = await call();
    proxy.reset();
    await until('the reset', 2_000, () => caller.end === 'ECONNRESET');
    proxy.behave('refuse');
    const refused = await call();
    await until('the second reset', 2_000, () => refused.end !== '');
    proxy.behave('pass');
    const served = await call();
    served.socket.write('a');
    await until('the answer', 2_000, () => served.heard === 're:a');
  });

  it('cuts the answer of a request that was carried out, as often as asked', async () => {
    const count = proxy.cutReplies((piece) => piece.includes('write'), 2);
    for (const round of [1, 2]) {
      const caller = await call();
      caller.socket.write(`write ${round};`);
      await until('the reset', 2_000, () => caller.end === 'ECONNRESET');
      expect(caller.heard).toBe('');
    }
    expect(arrived).toBe('write 1;write 2;');
    const caller = await call();
    caller.socket.write('write 3;');
    await until('the answer', 2_000, () => caller.heard === 're:write 3;');
    expect(count.cut).toBe(2);
  });

  it('holds the second matching request back, and lets it go', async () => {
    const caller = await call();
    const holding = proxy.hold('request', (piece) => piece.startsWith('put'), 2);
    caller.socket.write('put 1;');
    await until('the first answer', 2_000, () => caller.heard === 're:put 1;');
    caller.socket.write('put 2;');
    const held = await holding;
    expect(arrived).toBe('put 1;');
    held.release();
    await until('the second answer', 2_000, () => caller.heard === 're:put 1;re:put 2;');
  });

  it('holds an answer back after the request was carried out, and drops it', async () => {
    const caller = await call();
    const holding = proxy.hold('reply', (piece) => piece.startsWith('put'));
    caller.socket.write('put 1;');
    const held = await holding;
    await until('the request has arrived', 2_000, () => arrived === 'put 1;');
    held.cut();
    await until('the reset', 2_000, () => caller.end === 'ECONNRESET');
    expect(caller.heard).toBe('');
  });

  it('delivers a request held back even when its sender has died', async () => {
    const caller = await call();
    const holding = proxy.hold('request', (piece) => piece.startsWith('put'));
    caller.socket.write('put 1;');
    const held = await holding;
    caller.socket.destroy();
    await until('the sender is gone', 2_000, () => caller.end === 'closed');
    held.release();
    await until('the request has arrived', 2_000, () => arrived === 'put 1;');
  });
});
