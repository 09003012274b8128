import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Accepted } from '../../../src/change/change.ts';
import type { Breach } from '../../../src/receiver/breach.ts';
import { type Listening, listen, type ServerLimits } from '../../../src/receiver/listen.ts';
import type { ReceiverSource } from '../../../src/receiver/receive.ts';
import { until } from '../../support/until.ts';
import { closed, converse, exchange, fakeSource, issueClosed, openDoor, parcel, signature, statuses } from './door.ts';

const delivery = `POST /hooks/signed HTTP/1.1\r\nHost: a\r\nX-Signature: ${signature}\r\nContent-Length: 2\r\n\r\n{}`;
const answer = { eventId: 'ev_1', duplicate: false, conflict: false, changes: [] };

/** A door whose core confirms only when told to. */
async function slowDoor(limits?: Partial<ServerLimits>) {
  const arrived = parcel<void>();
  const confirmation = parcel<Accepted>();
  const accept = () => {
    arrived.resolve();
    return confirmation.promise;
  };
  const door = await openDoor({ core: { accept }, limits: { commitMs: 20_000 } }, limits);
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

  it('finishes all that one connection has in flight', async () => {
    const { door, arrived, confirm } = await slowDoor();
    const { socket, heard } = converse(door, delivery.repeat(3));
    await arrived;
    await (await door.ask('/healthz')).text(); // by then the others have come to the handler too
    const isClosed = door.close(20_000);
    confirm();
    await Promise.all([isClosed, closed(socket)]);
    expect(statuses(heard())).toEqual([202, 202, 202]);
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

describe('connections that owe us a request', () => {
  /** Far from the deadline, on a machine that is busy. */
  const AT_ONCE_MS = 5000;
  const closesAtOnce = async (door: Listening) => {
    const startedAt = performance.now();
    await door.close(60_000);
    expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
  };

  it.each([
    ['nothing was said on', ''],
    ['the last answer was taken on', delivery],
    ['an answer came on before the body, which does not follow', delivery.replace('signed', 'nobody').slice(0, -1)],
  ])('do not keep the door open: one that %s', async (_what, bytes) => {
    const door = await openDoor();
    const { socket, heard } = converse(door, bytes, { isHalfOpen: true });
    await once(socket, 'connect');
    if (bytes !== '') await until('the answer', 5000, () => statuses(heard()).length === 1);
    await (await door.ask('/healthz')).text(); // by then the door knows of the connection
    await closesAtOnce(door);
  });

  it('but have begun to say it may go on, and get their answer', async () => {
    const door = await openDoor();
    const { socket, heard } = converse(door, delivery.slice(0, 30));
    await once(socket, 'connect');
    await (await door.ask('/healthz')).text();
    const isClosed = door.close(60_000);
    setTimeout(() => socket.write(delivery.slice(30)), 300);
    await isClosed;
    await closed(socket);
    expect(statuses(heard())).toEqual([202]);
  });

  it('are told of when time is up only where something was said on them', async () => {
    const door = await openDoor({}, { headersMs: 100, requestMs: 200, checkMs: 20 });
    await closed(converse(door, '').socket);
    expect(door.breaches).toEqual([]);
    await closed(converse(door, 'POST /ho').socket);
    expect(door.breaches).toMatchObject([{ status: 408 }]);
  });
});

describe('a closed door', () => {
  it('has told of what it cut off, and that it may be sent again', async () => {
    const door = await openDoor();
    const { socket, heard } = converse(door, `POST /hooks/signed HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{`);
    await once(socket, 'connect');
    await (await door.ask('/healthz')).text(); // by then the request has been looked at too
    await door.close(0);
    await closed(socket);
    expect(statuses(heard())).toEqual([503]);
    expect(heard()).toMatch(/retry-after: \d/i);
    expect(door.turnedAway).toMatchObject([{ source: 'signed', reason: 'cut-short', status: 503 }]);
    expect(door.lines('event.refused')).toMatchObject([{ status: 503, why: 'we ended before the body had come' }]);
  });

  it('has no request in hand any more, also of those whose senders did not wait for the answer', async () => {
    const { door, arrived, confirm } = await slowDoor();
    const { socket } = converse(door, delivery.repeat(2));
    await arrived;
    socket.resetAndDestroy();
    await (await door.ask('/healthz')).text();
    const isClosed = door.close(0);
    setTimeout(confirm, 50);
    await isClosed;
    expect(door.lines('event.received')).toHaveLength(2);
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

describe('bytes behind a request', () => {
  it.each([
    ['garbage', 'GARBAGE\r\n\r\n', false, [202, 400]],
    ['a request that breaks off', 'GET /healthz HTT', true, [202, 400]],
  ])('%s is refused after the answer of that request, and once', async (_what, bytes, hangsUp, answers) => {
    const { door, arrived, confirm } = await slowDoor();
    const socket = quiet(door);
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part));
    socket.write(delivery + bytes);
    await arrived;
    if (hangsUp) socket.end();
    else socket.write('MORE OF IT\r\n\r\n');
    // Another connection's answers: by then these bytes have been looked at too.
    for (let i = 0; i < 3; i += 1) await (await fetch(`${door.url}/healthz`)).text();
    confirm();
    await closed(socket);
    expect(statuses(Buffer.concat(parts).toString())).toEqual(answers);
  });

  it('are one refusal, told once, in however many pieces they come while an answer is owed', async () => {
    const asked = parcel<ServerResponse>();
    const told: Breach[] = [];
    let ids = 0;
    const listening = await listen({
      handler: (_req, res) => asked.resolve(res),
      host: '127.0.0.1',
      port: 0,
      newId: () => {
        ids += 1;
        return `req_${ids}`;
      },
      onBreach: (breach) => void told.push(breach),
    });
    onTestFinished(() => listening.close(0));
    const socket = quiet(listening);
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part));
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const res = await asked.promise;
    for (let piece = 0; piece < 3; piece += 1) {
      socket.write('GARBAGE\r\n\r\n');
      await until('it has arrived', 5000, () => res.req.socket.bytesRead === socket.bytesWritten);
    }
    res.end();
    await closed(socket);
    expect(statuses(Buffer.concat(parts).toString())).toEqual([200, 400]);
    expect(told).toMatchObject([{ status: 400 }]);
    // Each refusal has an id of its own: there has not been a second one.
    expect(ids).toBe(1);
  });
});

describe('a request that is answered before it has come whole', () => {
  const far: ReceiverSource = { ...fakeSource(), accepts: () => false };
  const sources = new Map([
    ['signed', fakeSource()],
    ['far', far],
  ]);
  const begun = (target: string, length: number) =>
    `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nabc`;
  const unchunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n';
  const expecting = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: gold\r\nContent-Length: 50\r\n\r\nabc';

  it.each([
    ['too large', begun('/hooks/signed', 2_000_000), 413],
    ['to nobody', begun('/hooks/nobody', 50), 404],
    ['from the wrong network', begun('/hooks/far', 50), 401],
    ['without a token', begun('/api/changes', 50), 401],
    ['of an Expect that nobody knows', expecting, 417],
  ])(
    '%s has had its answer: none follows when the sender hangs up, and nothing more is told',
    async (_w, bytes, status) => {
      const door = await openDoor({ sources });
      const { socket, heard } = converse(door, bytes);
      await until('the answer', 5000, () => statuses(heard()).length > 0);
      const told = () => [door.turnedAway, door.breaches, door.lines()].map((list) => list.length);
      const toldOfIt = told();
      socket.end();
      await closed(socket);
      expect(statuses(heard())).toEqual([status]);
      expect(told()).toEqual(toldOfIt);
    },
  );

  it.each([
    ['when the rest does not come', begun('/hooks/nobody', 50)],
    ['when the rest is not in chunks', unchunked],
    ['when the sender hangs up at once', begun('/hooks/nobody', 50), 'hangs up'],
  ])('%s none follows either', async (_when, bytes, hangsUp = '') => {
    const door = await openDoor({}, { headersMs: 100, requestMs: 200, checkMs: 20 });
    const { socket, heard } = converse(door, bytes);
    if (hangsUp !== '') socket.end();
    await closed(socket);
    expect(statuses(heard())).toEqual([404]);
    expect(door.breaches).toEqual([]);
  });

  it('and whose rest has come is over: what is no request behind it is refused', async () => {
    const door = await openDoor();
    const { socket, heard } = converse(door, begun('/hooks/nobody', 6));
    await until('the answer', 5000, () => statuses(heard()).length > 0);
    socket.write('defGARBAGE\r\n\r\n');
    await closed(socket);
    expect(statuses(heard())).toEqual([404, 400]);
    expect(door.breaches).toMatchObject([{ status: 400 }]);
  });
});

describe('a body that does not come as it was announced', () => {
  const quick = { headersMs: 100, requestMs: 200, checkMs: 20 };
  const head = `POST /hooks/signed HTTP/1.1\r\nHost: a\r\nX-Signature: ${signature}\r\n`;
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;

  it.each([
    ['that stalls', `${head}Content-Length: 9\r\n\r\n{`, '', 408, 'the body did not come in time', 'cut-short'],
    ['that breaks off', `${head}Content-Length: 9\r\n\r\n{`, 'hangs up', 400, 'the sender hung up', 'cut-short'],
    ['whose chunks are none', `${chunked}nonsense\r\n`, '', 400, 'the body cannot be read', 'cut-short'],
    [
      'with more about a chunk than there is in it',
      `${chunked}2;${'a'.repeat(20_000)}\r\n`,
      '',
      413,
      'the chunk extensions are too large',
      'too-large',
    ],
  ])('%s is told to the operator as it was to the sender, and once', async (_, bytes, hangsUp, status, why, reason) => {
    const door = await openDoor({}, quick);
    const { socket, heard } = converse(door, bytes, { isHalfOpen: true });
    if (hangsUp !== '') socket.end();
    await once(socket, 'end');
    socket.end();
    expect(statuses(heard())).toEqual([status]);
    await until('the refusal is logged', 5000, () => door.lines('event.refused').length > 0);
    const { requestId } = JSON.parse(heard().split('\r\n\r\n')[1] ?? '');
    expect(door.lines()).toMatchObject([{ msg: 'event.refused', source: 'signed', status, why, requestId }]);
    expect(door.turnedAway).toMatchObject([{ source: 'signed', reason, status, why, requestId }]);
    expect([door.breaches, door.proofs]).toEqual([[], []]);
  });

  it('is answered after what was owed before', async () => {
    const { door, arrived, confirm } = await slowDoor(quick);
    const { socket, heard } = converse(door, `${head}Content-Length: 2\r\n\r\n{}${head}Content-Length: 9\r\n\r\n{`);
    await arrived;
    await until('the refusal', 5000, () => door.lines('event.refused').length > 0);
    confirm();
    await closed(socket);
    expect(statuses(heard())).toEqual([202, 408]);
  });

  it('and that nobody reads is refused all the same', async () => {
    const hands = { handler: () => {}, newId: () => 'req_1', limits: quick };
    const listening = await listen({ ...hands, host: '127.0.0.1', port: 0 });
    onTestFinished(() => listening.close(0));
    const text = await exchange(listening, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{');
    expect(statuses(text)).toEqual([408]);
  });
});

describe('a sender that has said all he had to say and waits', () => {
  it.each([
    ['for one answer', 1],
    ['for several', 3],
  ])('%s gets it, and then the connection ends', async (_what, count) => {
    const { door, arrived, confirm } = await slowDoor();
    const { socket, heard } = converse(door, delivery.repeat(count), { isHalfOpen: true });
    socket.end();
    await arrived;
    await (await door.ask('/healthz')).text(); // by then his end has come too
    confirm();
    await closed(socket);
    expect(statuses(heard())).toEqual(Array(count).fill(202));
  });

  it('is waited for no longer than others when there is no answer', async () => {
    const limits = { headersMs: 100, requestMs: 200, answerMs: 100, checkMs: 20 };
    const hands = { handler: () => {}, newId: () => 'req_1', limits };
    const listening = await listen({ ...hands, host: '127.0.0.1', port: 0 });
    onTestFinished(() => listening.close(0));
    const { socket, heard } = converse(listening, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', { isHalfOpen: true });
    socket.end();
    await closed(socket);
    expect(heard()).toBe('');
  });

  it('and said nothing is let go', async () => {
    const { socket } = converse(await openDoor(), '', { isHalfOpen: true });
    socket.end();
    await closed(socket);
  });
});

describe('what Node would answer by itself', () => {
  it.each([
    ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n', 400],
    ['two Hosts in HTTP/1.0', 'GET /healthz HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n', 400],
    ['an Expect that nobody knows', 'GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: gold\r\n\r\n', 417],
  ])('%s gets a problem document with a request id, and the end of the connection', async (_what, bytes, status) => {
    const door = await openDoor();
    const [head = '', body = ''] = (await exchange(door, bytes)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain('application/problem+json');
    const problem = JSON.parse(body);
    expect(problem.status).toBe(status);
    expect(head.toLowerCase()).toContain(`x-request-id: ${problem.requestId}`);
  });

  it('no Host is right in HTTP/1.0', async () => {
    const door = await openDoor();
    expect(await exchange(door, 'GET /healthz HTTP/1.0\r\n\r\n')).toContain('HTTP/1.1 200 ');
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
    expect(statuses(await exchange(door, `${head}{"ki`))).toEqual([408]);
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

  it('one connection too many ends the one that has waited longest, not the one that comes', async () => {
    const door = await openDoor({}, { connections: 2 });
    const silent = quiet(door);
    await once(silent, 'connect');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const first = await getHealth(door.url, agent);
    const ended = closed(silent);
    const newcomer = await exchange(door, 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(newcomer).toContain('HTTP/1.1 200 ');
    await ended;
    expect((await getHealth(door.url, agent)).port).toBe(first.port);
  });

  it('a connection that has had its answer waits like one that says nothing', async () => {
    const door = await openDoor({}, { connections: 1 });
    const answered = quiet(door);
    answered.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(answered, 'data');
    const ended = closed(answered);
    expect(await exchange(door, 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toContain(' 200 ');
    await ended;
  });

  it('where none waits, the one that comes is closed, and those with a request get their answers', async () => {
    const { door, arrived, confirm } = await slowDoor({ connections: 1 });
    const inFlight = door.deliver(issueClosed);
    await arrived;
    await closed(quiet(door));
    confirm();
    expect((await inFlight).status).toBe(202);
  });

  it('who does not take an answer loses the connection, and with it all that it is owed', async () => {
    const taken: number[] = [];
    const listening = await listen({
      handler: (req, res) => {
        taken.push(1);
        res.end(req.url === '/long' ? Buffer.alloc(64 * 1024 * 1024) : 'short');
      },
      host: '127.0.0.1',
      port: 0,
      newId: () => 'req_1',
      limits: { ...quick, answerMs: 100 },
    });
    onTestFinished(() => listening.close(0));
    const deaf = quiet(listening).pause();
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    deaf.write(ask('/long') + ask('/short'));
    await until('both requests', 5000, () => taken.length === 2);
    // Only who speaks to a connection that is closed notices it.
    const speaking = setInterval(() => deaf.write('\r\n'), 20);
    onTestFinished(() => clearInterval(speaking));
    await closed(deaf);
    await listening.close(60_000);
  });

  it('a connection may have sixteen requests open; with one more it ends', async () => {
    const one = 'GET /healthz HTTP/1.1\r\nHost: a\r\n';
    const last = `${one}Connection: close\r\n\r\n`;
    const door = await openDoor();
    const allowed = await exchange(door, `${one}\r\n`.repeat(15) + last);
    expect(allowed.match(/HTTP\/1.1 200 /g)).toHaveLength(16);

    const { door: slow, confirm } = await slowDoor();
    expect(await exchange(slow, delivery.repeat(17))).toBe('');
    confirm();
    await slow.close(20_000);
  });
});

/** A connection that says nothing and hears nothing of errors. */
function quiet({ port }: { port: number }): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

function getHealth(url: string, agent: Agent): Promise<{ status: number | undefined; port: number | undefined }> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/healthz`, { agent }, (response: IncomingMessage) => {
      const port = request.socket?.localPort;
      response.resume().once('end', () => resolve({ status: response.statusCode, port }));
    });
    request.once('error', reject);
  });
}
