import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { distinctHeaders } from '../../../src/receiver/distinct-headers.ts';

/** The same lines by Node's own account; this is how its parser hands them over. */
function nodes(rawHeaders: string[]) {
  const message = new IncomingMessage(new Socket()) as IncomingMessage & {
    _addHeaderLines(lines: string[], count: number): void;
  };
  message._addHeaderLines(rawHeaders, rawHeaders.length);
  return message.headersDistinct;
}

it('ordinary headers are what Node says they are', () => {
  const names = ['Host', 'host', 'X-A', 'x-a', 'Set-Cookie', 'Content-Type', 'Cookie', 'Authorization', 'constructor'];
  const line = fc.tuple(fc.constantFrom(...names), fc.string());
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      expect(distinctHeaders(lines.flat())).toEqual(nodes(lines.flat()));
    }),
  );
});

it('a header named like a prototype is a header', () => {
  const headers = distinctHeaders(['__proto__', 'a', '__PROTO__', 'b', 'toString', 'c']);
  expect(Object.entries(headers)).toEqual([
    ['__proto__', ['a', 'b']],
    ['tostring', ['c']],
  ]);
  expect(headers.valueOf).toBeUndefined();
});
