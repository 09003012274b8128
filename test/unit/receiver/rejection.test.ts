import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceSchema } from '../../../src/config/schema.ts';
import { advice, reasons, unknownSource } from '../../../src/ledger/rejection.ts';
import { describeRequest, toRejection } from '../../../src/receiver/rejection.ts';
import { parseRejectionQuery } from '../../../src/receiver/tell-rejections.ts';
import { makeSources } from '../../../src/source/source.ts';
import { readPage, rowsUnder } from '../../support/markdown.ts';
import { senders } from '../source/senders.ts';

const facts = {
  at: 1_700_000_000_000,
  source: 'github',
  reason: 'unproven',
  refusal: { status: 401, why: 'there is no x-hub-signature-256 header' },
  requestId: 'req_1',
  from: '192.0.2.7',
} as const;
const bare = { headers: {}, rawHeaders: [] };

describe('what is kept of a request', () => {
  it('is its sizes, its type, and a short digest of what was read', () => {
    const rawHeaders = ['Host', 'a', 'Content-Type', 'text/plain', 'Content-Length', '5'];
    const headers = { host: 'a', 'content-type': 'text/plain', 'content-length': '5' };
    const body = Buffer.from('hello');
    expect(describeRequest({ headers, rawHeaders }, body)).toEqual({
      headerBytes: Buffer.byteLength('Host: a\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n'),
      bodyBytes: 5,
      bodyDigest: createHash('sha256').update(body).digest('hex').slice(0, 16),
      type: 'text/plain',
    });
  });

  it.each([
    ['that was not read', '5', undefined, { announcedBytes: 5 }],
    ['that broke off', '5', Buffer.from('hel'), { announcedBytes: 5, bodyBytes: 3, bodyDigest: expect.any(String) }],
    ['that came in chunks', undefined, Buffer.from('hel'), { bodyBytes: 3, bodyDigest: expect.any(String) }],
    ['that is empty', '0', Buffer.alloc(0), { bodyBytes: 0 }],
    ['of a length that is none', '5, 5', undefined, {}],
  ])('tells of a body %s what is known', (_what, length, body, expected) => {
    const headers = length === undefined ? {} : { 'content-length': length };
    expect(describeRequest({ ...bare, headers }, body)).toEqual({ headerBytes: 0, ...expected });
  });

  it('has a digest of the first 64 KiB, and no more is hashed', () => {
    const start = Buffer.alloc(64 * 1024, 'a');
    const [first, second] = ['b', 'c'].map((end) => describeRequest(bare, Buffer.concat([start, Buffer.from(end)])));
    expect(first?.bodyDigest).toBe(second?.bodyDigest);
    expect(first?.bodyBytes).toBe(64 * 1024 + 1);
  });

  it('never holds its body, nor a header but the type', () => {
    const secret = 'words-of-a-member';
    const headers = { authorization: `Bearer ${secret}`, 'x-signature': secret, cookie: secret };
    const request = describeRequest({ headers, rawHeaders: Object.entries(headers).flat() }, Buffer.from(secret));
    expect(JSON.stringify(toRejection(facts, request))).not.toContain(secret);
  });
});

describe('a rejection', () => {
  it('of a source that is not configured has its name from us, and what was asked for beside it', () => {
    const one = toRejection({ ...facts, source: undefined, asked: 'gihub', from: undefined }, { headerBytes: 0 });
    expect(one).toEqual({
      at: facts.at,
      source: unknownSource,
      asked: 'gihub',
      reason: 'unproven',
      status: 401,
      why: facts.refusal.why,
      requestId: 'req_1',
      headerBytes: 0,
    });
  });

  it('is small and steers no terminal, whatever a stranger writes', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({
        unit: fc.constantFrom('\x1b', '\x9b', '\u202e', '\u2028', '\n', '\r', '\0', '\ud800', 'a'),
        maxLength: 300,
      }),
    );
    fc.assert(
      fc.property(text, text, (asked, type) => {
        const request = describeRequest({ ...bare, headers: { 'content-type': type } }, undefined);
        const one = toRejection({ ...facts, source: undefined, asked }, request);
        expect(`${one.asked}${one.type}`).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(JSON.stringify(one).length).toBeLessThan(2500);
      }),
    );
  });

  it('shows what it replaced by its number', () => {
    const { asked } = toRejection({ ...facts, source: undefined, asked: 'a\x1b[2Jb\u202ec' }, { headerBytes: 0 });
    expect(asked).toBe('a\\u{1b}[2Jb\\u{202e}c');
  });
});

describe('why a delivery was turned away', () => {
  const marker = 'mark-of-a-stranger';
  const hostile = [marker, `sha256=${marker}`, `v1,${marker}`, `Bearer ${marker}`, `t=${marker},v1=${marker}`, ''];

  it.each(Object.entries(senders))('%s: is a sentence of ours, without a value of the request', (_name, sender) => {
    const config = SourceSchema.parse({ verify: sender.verify, secrets: [sender.secret] });
    const source = makeSources({ one: config }, new Map()).get('one');
    const proofs = Object.keys(sender.proof('{}'));
    for (const value of hostile) {
      for (const times of [1, 2]) {
        const lines = Object.fromEntries(proofs.map((name) => [name.toLowerCase(), Array(times).fill(value)]));
        const proof = source?.verify({ headers: lines, body: Buffer.from(marker) }, Date.now());
        expect(proof).toMatchObject({ ok: false, why: expect.not.stringContaining(marker) });
      }
    }
  });

  it('has an advice for each reason, the same in docs/sources.md and on the terminal', () => {
    const rows = rowsUnder(readPage('docs/sources.md'), 'Why does nothing happen?').filter(([cell]) => cell !== '');
    const table = rows.map(([reason = '', , what = '']) => [reason.replaceAll('`', ''), what]);
    expect(table).toEqual(reasons.map((reason) => [reason, advice[reason]]));
  });
});

describe('the question for rejections', () => {
  it.each<[Record<string, unknown>, object]>([
    [{}, { limit: 100 }],
    [{ limit: '1' }, { limit: 1 }],
    [{ limit: '500' }, { limit: 500 }],
    [
      { source: 'git-hub_2', reason: 'stale' },
      { limit: 100, source: 'git-hub_2', reason: 'stale' },
    ],
    [{ source: '(unknown)' }, { limit: 100, source: '(unknown)' }],
  ])('%j is understood', (query, value) => {
    expect(parseRejectionQuery(query)).toEqual({ ok: true, value });
  });

  it.each<[Record<string, unknown>, string, string]>([
    [{ limit: '0' }, 'limit', 'a number from 1 to 500'],
    [{ limit: '501' }, 'limit', 'a number from 1 to 500'],
    [{ limit: ['1', '2'] }, 'limit', 'once'],
    [{ source: '' }, 'source', 'the name of a source, or (unknown)'],
    [{ source: 'mark of a stranger' }, 'source', 'the name of a source'],
    [{ reason: 'mark-of-a-stranger' }, 'reason', 'unproven, stale'],
    [{ reason: ['stale', 'flood'] }, 'reason', 'expected one of'],
    [{ sources: 'x' }, '', ''],
  ])('%j is refused by its place, with what was expected', (query, path, expected) => {
    const result = parseRejectionQuery(query);
    const errors = [{ path, expected: expect.stringContaining(expected) }];
    expect(result).toMatchObject({ ok: false, refusal: { status: 400, errors } });
    expect(JSON.stringify(result)).not.toMatch(/mark.of.a.stranger/);
  });
});
