import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Accepted } from '../../../src/change/change.ts';
import { listen } from '../../../src/receiver/listen.ts';
import { until } from '../../support/until.ts';
import { exchange, issueClosed, openDoor, parcel, signature } from './door.ts';

const answer = { eventId: 'ev_1', duplicate: false, conflict: false, changes: [] };

/** A door whose core confirms only when told to. */
async function slowDoor() {
  const arrived = parcel<void>();
  const confirmation = parcel<Accepted>();
  const accept = () => {
    arrived.resolve();
    return confirmation.promise;
  };
  const door = await openDoor({ core: { accept }, limits: { commitMs: 20_000 } });
  return { door, arrived: arrived.promise, confirm: () => confirmation.resolve(answer) };
}

describe('closing the door', () => {
  it('finishes the request in flight, and takes no new connection', async () => {
    const { door, arrived, confirm } = await slowDoor();
    const inFlight = door.deliver(issueClosed);
    await arrived;
    const closed = door.close(20_000);
    await expect(fetch(`${door.url}/healthz`)).rejects.toThrow();
    confirm();
    const response = await inFlight;
    expect(response.status).toBe(202);
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toMatchObject({ event: 'ev_1' });
    await closed;
  });

  it('destroys what is not done by the deadline', async () => {
    const { door, arrived } = await slowDoor();
    const cutOff = expect(door.deliver(issueClosed)).rejects.toThrow();
    await arrived;
    await door.close(0);
    await cutOff;
  });

  it('does not wait for idle connections, and gives a second caller the same end', async () => {
    const door = await openDoor();
    await (await door.deliver(issueClosed)).text(); // fetch keeps this connection open
    const closed = door.close(20_000);
    expect(door.close(0)).toBe(closed);
    await closed;
  });
});

describe('opening the door', () => {
  it('says what to do when the port is taken', async () => {
    const door = await openDoor();
    const again = listen({ handler: () => {}, host: '127.0.0.1', port: door.port, newId: () => 'req_1' });
    await expect(again).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${door.port}: the port is taken. Set HOST and PORT to a free address.`,
    );
  });
});

describe('bytes that are not a request', () => {
  it.each([
    ['nonsense', 'nonsense\r\n\r\n', 400],
    ['two lengths', 'POST /hooks/signed HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['length and chunks', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s get a problem document and the end of the connection', async (_what, bytes, status) => {
    const door = await openDoor();
    const text = await exchange(door, bytes);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain('application/problem+json');
    const problem = JSON.parse(body);
    expect(problem.status).toBe(status);
    expect(head).toContain(`X-Request-Id: ${problem.requestId}`);
  });
});

describe('an address', () => {
  it.each([
    ['/hooks/%zz', 400],
    ['/hooks/%e0%a4%a', 400],
    ['/api/events/%ff', 400],
    ['/hooks/', 404],
    ['/hooks/signed/more', 404],
    ['//hooks/signed', 404],
    ['/', 404],
    ['*', 400],
    ['mailto:someone', 400],
    ['http://[broken/hooks/signed', 400],
  ])('%s is answered with a problem document, never with a 5xx or a page', async (target, status) => {
    const door = await openDoor();
    const text = await exchange(
      door,
      `POST ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(text).toContain(`HTTP/1.1 ${status} `);
    expect(text).toContain('application/problem+json');
    expect(text).not.toMatch(/node_modules|<html|at \w+ \(/);
    expect(door.lines('request.failed')).toEqual([]);
  });

  it('may be absolute, as some proxies send it', async () => {
    const door = await openDoor();
    const head = `POST http://statuswire.example/hooks/signed?x=1 HTTP/1.1\r\nHost: a\r\nX-Signature: ${signature}\r\n`;
    const text = await exchange(door, `${head}Connection: close\r\nContent-Length: 2\r\n\r\n{}`);
    expect(text).toContain('HTTP/1.1 202 ');
  });
});

describe('limits of time and number', () => {
  const quick = { headersMs: 100, requestMs: 200, checkMs: 20 };

  it('headers that drip are answered 408 and cut off', async () => {
    const door = await openDoor({}, quick);
    expect(await exchange(door, 'POST /hooks/signed HTTP/1.1\r\nHost: a\r\nX-')).toContain('HTTP/1.1 408 ');
  });

  it('a body that drips is answered 408 and cut off, and never reaches the proof', async () => {
    const door = await openDoor({}, quick);
    const head = `POST /hooks/signed HTTP/1.1\r\nHost: a\r\nX-Signature: ${signature}\r\nContent-Length: 9\r\n\r\n`;
    expect(await exchange(door, `${head}{"ki`)).toContain('HTTP/1.1 408 ');
    await until('the refusal is logged', 5000, () => door.lines('event.refused').length === 1);
    expect(door.proofs).toEqual([]);
  });

  it('an idle connection outlives the limit for headers, so that a proxy can use it again', async () => {
    const door = await openDoor({}, { ...quick, keepAliveMs: 60_000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const first = await getHealth(door.url, agent);
    await exchange(door, 'GET /'); // ends when that limit has passed for a connection that came later
    const second = await getHealth(door.url, agent);
    expect([first.status, second.status, second.port]).toEqual([200, 200, first.port]);
  });

  it('connections above the limit are closed at once, and those below keep working', async () => {
    const door = await openDoor({}, { connections: 1 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    await getHealth(door.url, agent);
    const extra = connect(door.port, '127.0.0.1');
    extra.on('error', () => {});
    await new Promise((resolve) => extra.once('close', resolve));
    expect((await getHealth(door.url, agent)).status).toBe(200);
  });
});

function getHealth(url: string, agent: Agent): Promise<{ status: number | undefined; port: number | undefined }> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/healthz`, { agent }, (response: IncomingMessage) => {
      const port = request.socket?.localPort;
      response.resume().once('end', () => resolve({ status: response.statusCode, port }));
    });
    request.once('error', reject);
  });
}
