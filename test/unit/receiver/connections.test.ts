// The count of connections, with sockets that go nowhere: what is decided in one turn of the event loop cannot be told by
// a client at the other end.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { type ConnectionLimits, makeConnections } from '../../../src/receiver/connections.ts';

const counted = (limits: Partial<ConnectionLimits> = {}) =>
  makeConnections({ most: 2, checkMs: 20, owedMs: 100, ...limits });

function open(connections: ReturnType<typeof counted>): Socket {
  const socket = new Socket();
  onTestFinished(() => void socket.destroy());
  connections.open(socket);
  return socket;
}

const answerOn = (socket: Socket) => new ServerResponse(new IncomingMessage(socket));

const ended = (...sockets: Socket[]) => sockets.map(({ destroyed }) => destroyed);

/** The socket is at its end and has said so. */
const closing = (socket: Socket) => new Promise((resolve) => socket.destroy().once('close', resolve));

it('newcomers of one moment each take the place of another', () => {
  const connections = counted();
  const sockets = [1, 2, 3, 4].map(() => open(connections));
  expect(ended(...sockets)).toEqual([true, true, false, false]);
});

it('a connection that asks for too much ends once: nothing that comes of it afterwards is begun', () => {
  const connections = counted();
  const socket = open(connections);
  const begun = Array.from({ length: 40 }, () => connections.begin(answerOn(socket)));
  expect(begun.filter((isBegun) => isBegun)).toHaveLength(16);
  expect(begun.indexOf(false)).toBe(16);
  expect(ended(socket)).toEqual([true]);
  expect(connections.owed()).toEqual([]);
});

it('a connection that ends while it is owed an answer does not wait for another, and holds nobody’s place', async () => {
  const connections = counted();
  const gone = open(connections);
  const answer = answerOn(gone);
  connections.begin(answer);
  await closing(gone);
  answer.emit('close'); // as Node does, behind the socket's own
  const [first, second] = [open(connections), open(connections)];
  expect(ended(first, second)).toEqual([false, false]);
  open(connections);
  expect(ended(first, second)).toEqual([true, false]);
});

it('a connection that is closed because none can make room is not counted', () => {
  const connections = counted({ most: 1 });
  const busy = open(connections);
  connections.begin(answerOn(busy));
  const refused = open(connections);
  expect(ended(busy, refused)).toEqual([false, true]);
  expect(connections.begin(answerOn(refused))).toBe(false);
  expect(connections.owed(refused)).toEqual([]);
});

it('an answer may be owed for its whole time, and not for a tick more', () => {
  const connections = counted({ checkMs: 20, owedMs: 100 });
  const [owing, idle] = [open(connections), open(connections)];
  connections.begin(answerOn(owing));
  for (let tick = 0; tick < 5; tick += 1) connections.tick();
  expect(ended(owing, idle)).toEqual([false, false]);
  connections.tick();
  expect(ended(owing, idle)).toEqual([true, false]);
});

it('behind an answer that ends its connection nothing is begun, nor on one that has ended for us', () => {
  const connections = counted();
  const [last, ending] = [open(connections), open(connections)];
  const answer = answerOn(last);
  expect([connections.begin(answerOn(last)), connections.begin(answer)]).toEqual([true, true]);
  answer.setHeader('connection', 'close');
  expect(connections.begin(answerOn(last))).toBe(false);
  ending.end();
  expect(connections.begin(answerOn(ending))).toBe(false);
  expect(ended(last)).toEqual([false]);
});
