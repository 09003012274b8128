import { describe, expect, it } from 'vitest';
import { fromError } from '../../../src/ticket/spacebring.ts';

const systemError = (code: string, syscall: string) =>
  Object.assign(new Error(`${syscall} ${code} 192.0.2.1:443`), { code, syscall });

describe('an error of a request', () => {
  it.each([
    ['no route to a host that is to be connected to', systemError('EHOSTUNREACH', 'connect'), 'failed'],
    ['a refused connection', systemError('ECONNREFUSED', 'connect'), 'failed'],
    ['a name that nobody knows', systemError('ENOTFOUND', 'getaddrinfo'), 'failed'],
    [
      'every address of a name refused',
      Object.assign(new AggregateError([], 'all'), { code: 'ECONNREFUSED' }),
      'failed',
    ],
    ['a route lost while its answer was read', systemError('EHOSTUNREACH', 'read'), 'unknown'],
    ['a network lost while it was written', systemError('ENETUNREACH', 'write'), 'unknown'],
    ['a reset', systemError('ECONNRESET', 'read'), 'unknown'],
    ['no answer in time', new DOMException('late', 'TimeoutError'), 'unknown'],
    ['something that is no error', 'boom', 'unknown'],
  ])('is, for %s, told as %3$s', (_, error, kind) => {
    expect(fromError(error, 10_000).kind).toBe(kind);
  });
});
