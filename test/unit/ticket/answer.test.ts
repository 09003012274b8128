import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clockOffset,
  judge,
  parseApplied,
  parseRetryAfter,
  parseTicket,
  type Reply,
} from '../../../src/ticket/answer.ts';

const reply = (httpStatus: number, body: unknown = {}, headers: Reply['headers'] = {}): Reply => ({
  httpStatus,
  headers,
  text: typeof body === 'string' ? body : JSON.stringify(body),
});
const activity = {
  id: 'act-1',
  type: 'statusUpdated',
  createDate: '2026-11-23T10:00:00.000Z',
  membership: { id: 'member-1', user: { name: 'Ada', email: 'ada@example.org' } },
  data: { status: 'solved', previousAttributes: { status: 'new' } },
};
const applied = parseApplied('solved');

describe('a reply is judged by its class', () => {
  it.each([
    [200, 'done'],
    [429, 'throttled'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [400, 'refused'],
    [404, 'refused'],
    [409, 'refused'],
    [410, 'refused'],
    [422, 'refused'],
    [302, 'refused'],
    [408, 'unknown'],
    [500, 'unknown'],
    [502, 'unknown'],
    [503, 'unknown'],
  ])('%i is %s', (httpStatus, kind) => {
    expect(judge(reply(httpStatus), applied, 0).kind).toBe(kind);
  });

  it('every reply gets an answer, whatever its status and body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), fc.string(), (httpStatus, text) => {
        expect(judge({ httpStatus, headers: {}, text }, applied, 0).kind).toMatch(/^[a-z]+$/);
      }),
    );
  });

  it('keeps the vendor’s words for a refusal', () => {
    const body = { message: 'Ticket not found', type: 'notFound' };
    expect(judge(reply(404, body), applied, 0)).toMatchObject({ why: 'HTTP 404: Ticket not found (notFound)' });
  });

  it('a redirect names the setting to look at', () => {
    expect(judge(reply(302), applied, 0)).toMatchObject({ why: expect.stringContaining('baseUrl') });
  });
});

describe('the activity of a 200', () => {
  it('keeps what happened and who by id, and no personal data', () => {
    const answer = judge(reply(200, { activity, ticket: { id: 't', status: 'solved' } }), applied, 0);
    expect(answer).toEqual({
      kind: 'done',
      httpStatus: 200,
      value: {
        activity: {
          id: 'act-1',
          type: 'statusUpdated',
          date: '2026-11-23T10:00:00.000Z',
          previousStatus: 'new',
          status: 'solved',
          actor: 'member-1',
        },
      },
    });
  });

  it('may be missing', () => {
    expect(judge(reply(200, {}), applied, 0)).toMatchObject({ kind: 'done', value: {} });
    expect(judge(reply(204, ''), applied, 0)).toMatchObject({ kind: 'done', value: {} });
  });

  it.each(['<html>proxy</html>', '[]', '"ok"', '{"ticket":{"status":"new"}}'])(
    'a 200 with %s is not believed',
    (text) => {
      expect(judge({ httpStatus: 200, headers: {}, text }, applied, 0).kind).toBe('unknown');
    },
  );
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-23T10:00:00Z');
  it.each([
    ['2', 2000],
    ['0', 0],
    ['Mon, 23 Nov 2026 10:00:05 GMT', 5000],
    ['Mon, 23 Nov 2026 09:00:00 GMT', 0],
  ])('%s is %i ms', (text, ms) => expect(parseRetryAfter(text, now)).toBe(ms));
  it.each([undefined, '', 'soon', '-1', '1.5', '2026-11-23'])('%s is ignored', (text) => {
    expect(parseRetryAfter(text, now)).toBeUndefined();
  });
});

describe('a ticket as read', () => {
  it('lists status activities newest first and tolerates what it does not know', () => {
    const older = { ...activity, id: 'act-0', createDate: '2026-11-23T09:00:00.000Z' };
    const comment = { id: 'c', type: 'comment', data: { text: 'private words' } };
    const read = parseTicket(0)({
      ticket: { id: 't', status: 'solved', x: 1 },
      activities: [older, comment, null, activity],
    });
    expect(read?.statusActivities.map(({ id }) => id)).toEqual(['act-1', 'act-0']);
    expect(JSON.stringify(read)).not.toContain('private words');
  });

  it('without a status that we know it is not a ticket', () => {
    expect(parseTicket(0)({ ticket: { id: 't', status: 'reopened' } })).toBeUndefined();
  });
});

it('the vendor’s clock is told from its Date header to the second', () => {
  const now = Date.parse('2026-11-23T10:00:00.500Z');
  expect(clockOffset('Mon, 23 Nov 2026 10:05:00 GMT', now)).toBe(300_000);
  expect(clockOffset(undefined, now)).toBe(0);
});
