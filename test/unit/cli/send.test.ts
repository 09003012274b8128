import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressOf, notAccepted, readEventFile, toReceipt } from '../../../src/cli/send.ts';
import { ownFolder } from './folder.ts';

describe('the address of a receiver', () => {
  it.each([
    ['127.0.0.1', 8080, 'http://127.0.0.1:8080'],
    ['0.0.0.0', 80, 'http://127.0.0.1:80'],
    ['::', 8080, 'http://[::1]:8080'],
    ['fe80::1', 8080, 'http://[fe80::1]:8080'],
    ['hooks.example.org', 8080, 'http://hooks.example.org:8080'],
  ])('that listens on %s:%i', (HOST, PORT, url) => {
    expect(addressOf({ HOST, PORT })).toBe(url);
    expect(URL.canParse(url)).toBe(true);
  });

  it('is asked for when it chose its port itself', () => {
    expect(() => addressOf({ HOST: '127.0.0.1', PORT: 0 })).toThrow('--url');
  });
});

describe('a saved event', () => {
  function read(text: string) {
    const file = join(ownFolder(), 'event.json');
    writeFileSync(file, text);
    return readEventFile(file);
  }

  it('is a body, with headers and an id where it has them', () => {
    expect(read('{"body": null}')).toEqual({ headers: {}, body: null });
    const whole = { id: 'one', headers: { 'x-github-event': 'issues' }, body: { action: 'closed' } };
    expect(read(JSON.stringify(whole))).toEqual(whole);
  });

  it.each([
    ['{}', /body: expected what is to be sent/],
    ['[]', /the file: expected an object/],
    ['{"id": 1, "body": {}}', /id: expected a text/],
    ['{"headers": {"x": 1}, "body": {}}', /headers\.x: /],
    ['{"headers": {"not a name": "1"}, "body": {}}', /headers\.not a name: /],
    ['{"headers": {"x": "two\\nlines"}, "body": {}}', /headers\.x: /],
    ['{', /is not JSON/],
  ])('%s is told to be none', (text, why) => {
    expect(() => read(text)).toThrow(why);
  });
});

describe('an answer', () => {
  const receipt = { event: 'ev_1', duplicate: false, changes: 1 };

  it('is a receipt only when it is ours', () => {
    expect(toReceipt(202, receipt)).toEqual(receipt);
    expect(toReceipt(200, receipt)).toBeUndefined();
    expect(toReceipt(202, 'Accepted')).toBeUndefined();
    expect(toReceipt(202, { event: 1 })).toBeUndefined();
  });

  it('that is none tells the next step', () => {
    const problem = { title: 'Unauthorized', requestId: 'req_1' };
    expect(notAccepted('http://x', 401, problem)).toMatch(/answered 401: .*req_1.*\n.*other secrets/);
    expect(notAccepted('http://x', 404, problem)).toMatch(/another configuration/);
    expect(notAccepted('http://x', 503, problem)).toMatch(/^http:\/\/x answered 503: .*req_1"\}$/);
    expect(notAccepted('http://x', 404, '<html>')).toMatch(/something else listens there/);
    expect(notAccepted('http://x', 202, { ok: true })).toMatch(/something else listens there/);
  });
});
