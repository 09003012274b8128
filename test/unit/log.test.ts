// What a line of the log says and what it keeps to itself.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { gathered, makeLog } from '../../src/log.ts';

/** The facts of the line that is written for `facts`, without those that every line has. */
function told(facts: object): Record<string, unknown> {
  const lines: string[] = [];
  makeLog({ level: 'info', name: 'test' }, { write: (line: string) => void lines.push(line) }).info(facts, 'said');
  const { level, time, process: name, pid, msg, ...rest } = JSON.parse(lines.join(''));
  expect({ level, name, pid, msg }).toEqual({ level: 'info', name: 'test', pid: process.pid, msg: 'said' });
  expect(new Date(time).toISOString()).toBe(time);
  return rest;
}

const names = 'authorization cookie secret secrets clientSecret refreshToken accessToken token password'.split(' ');

describe('what has the name of a secret', () => {
  it.each(names)('%s: is hidden on the first level and on the second', (name) => {
    const secret = { [name]: 's3cret', shown: 1 };
    expect(told(secret)).toEqual({ [name]: '[hidden]', shown: 1 });
    expect(told({ headers: secret, other: { a: 1 } })).toEqual({
      headers: { [name]: '[hidden]', shown: 1 },
      other: { a: 1 },
    });
  });

  it('is hidden whatever it is: a list, an object, an error, nothing', () => {
    const error = new Error('s3cret');
    for (const value of [['s3cret'], { a: 's3cret' }, error, null, 0, '']) {
      expect(told({ secrets: value, in: { token: value } })).toEqual({
        secrets: '[hidden]',
        in: { token: '[hidden]' },
      });
    }
  });

  it('is hidden in several objects of one line', () => {
    expect(told({ a: { token: 1, x: 1 }, password: 2, b: { cookie: 3, y: 2 } })).toEqual({
      a: { token: '[hidden]', x: 1 },
      password: '[hidden]',
      b: { cookie: '[hidden]', y: 2 },
    });
  });

  it('stays what it is for the caller', () => {
    const facts = { token: 's3cret', headers: { cookie: 's3cret', deep: { a: [1] } } };
    const before = structuredClone(facts);
    const frozen = Object.freeze({ ...facts, headers: Object.freeze(facts.headers) });
    told(frozen);
    expect(facts).toEqual(before);
  });

  it('takes no part of another name with it', () => {
    const facts = { tokens: 3, secretary: 'x', passwords: { Token: 'y' }, cookies: ['z'] };
    expect(told(facts)).toEqual(facts);
  });
});

describe('everything else', () => {
  it('is told as it is: texts, numbers, lists, objects, moments, and nothing of what is undefined', () => {
    const at = new Date(0);
    const facts = { a: 'x', n: 1.5, no: false, nil: null, list: ['token', { a: 1 }], deep: { a: { b: { c: [1] } } } };
    expect(told({ ...facts, at, gone: undefined })).toEqual({ ...facts, at: at.toISOString() });
  });

  it('called __proto__ is a fact like others beside a secret', () => {
    expect(told(JSON.parse('{"__proto__":{"a":1},"token":"s3cret"}'))).toEqual(
      JSON.parse('{"__proto__":{"a":1},"token":"[hidden]"}'),
    );
  });
});

describe('an error', () => {
  it.each(['err', 'error'])('as %s tells name, code, message and cause, and nothing that hangs on it', (name) => {
    const cause = Object.assign(new TypeError('inner'), { token: 's3cret' });
    const error = Object.assign(new Error('outer', { cause }), {
      code: 'ECONNRESET',
      config: { headers: { authorization: 's3cret' } },
      password: 's3cret',
    });
    expect(told({ [name]: error })).toEqual({
      [name]: {
        name: 'Error',
        code: 'ECONNRESET',
        message: 'outer',
        cause: { name: 'TypeError', message: 'inner' },
      },
    });
  });

  it('is told in at most five hundred characters, and what is none as its text', () => {
    expect(told({ error: new Error('x'.repeat(2_000)) })).toEqual({
      error: { name: 'Error', message: 'x'.repeat(500) },
    });
    expect(told({ error: 'broken' })).toEqual({ error: { message: 'broken' } });
  });

  it('alone is a line of its own', () => {
    const lines: string[] = [];
    const error = Object.assign(new Error('alone'), { token: 's3cret' });
    makeLog({ level: 'info', name: 'test' }, { write: (line: string) => void lines.push(line) }).error(error);
    expect(JSON.parse(lines.join(''))).toMatchObject({ err: { name: 'Error', message: 'alone' }, msg: 'alone' });
    expect(lines.join('')).not.toContain('s3cret');
  });
});

describe('standard output', () => {
  it('gets the lines of one turn of the event loop at once, in their order', async () => {
    const writes: string[] = [];
    const log = gathered({ write: (text) => void writes.push(text) });
    for (const line of ['a\n', 'b\n']) log.write(line);
    expect(writes).toEqual([]);
    await nextTurn();
    log.write('c\n');
    await nextTurn();
    await nextTurn();
    expect(writes).toEqual(['a\nb\n', 'c\n']);
  });

  it.each([
    ['ends', 'process.exit(3)', 3],
    ['breaks', "throw new Error('broken')", 1],
  ])('has all lines of a process that %s in the middle of a turn', async (_, ending, status) => {
    const url = new URL('../../src/log.ts', import.meta.url);
    const text = `import { makeLog } from '${url}'; const log = makeLog({ level: 'info', name: 'x' });
      for (let i = 0; i < 5_000; i += 1) log.info({ i }, 'line'); ${ending};`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', text], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [lines, [code]] = await Promise.all([child.stdout.toArray(), once(child, 'close')]);
    expect(code).toBe(status);
    const told = Buffer.concat(lines).toString().trimEnd().split('\n');
    expect(told.map((line) => JSON.parse(line).i)).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
  });
});
