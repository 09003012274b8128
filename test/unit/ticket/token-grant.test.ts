import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeGrant, refreshForm, type Sent } from '../../../src/ticket/token-grant.ts';
import { aheadMs } from '../../../src/ticket/tokens.ts';

const reply = (httpStatus: number, body: unknown, headers: Record<string, string> = {}): Sent => ({
  kind: 'reply',
  reply: { httpStatus, headers, text: typeof body === 'string' ? body : JSON.stringify(body) },
});

it('the form of a refresh is what the vendor documents, with every value encoded', () => {
  expect(refreshForm({ clientId: 'i d', clientSecret: 'a&b=c' }, 'r+t')).toBe(
    'client_id=i+d&client_secret=a%26b%3Dc&grant_type=refresh_token&refresh_token=r%2Bt',
  );
});

describe('a grant', () => {
  it('is read as the vendor documents it', () => {
    const body = { access_token: 'a', expires_in: 3600, refresh_token: 'r', scope: 'support', token_type: 'Bearer' };
    expect(judgeGrant(reply(200, body), 0)).toEqual({
      kind: 'granted',
      grant: { accessToken: 'a', refreshToken: 'r', expiresInMs: 3_600_000 },
    });
  });

  it.each([
    [{ access_token: 'a' }, { accessToken: 'a', expiresInMs: 3_600_000 }],
    [
      { access_token: 'a', refresh_token: null, expires_in: '60' },
      { accessToken: 'a', expiresInMs: 60_000 },
    ],
    [
      { access_token: 'a', expires_in: -5 },
      { accessToken: 'a', expiresInMs: 1_000 },
    ],
    [
      { access_token: 'a', expires_in: 1e12 },
      { accessToken: 'a', expiresInMs: 2_592_000_000 },
    ],
    [
      { access_token: 'a', expires_in: 'soon' },
      { accessToken: 'a', expiresInMs: 3_600_000 },
    ],
  ])('%j has sane defaults', (body, grant) => {
    expect(judgeGrant(reply(200, body), 0)).toEqual({ kind: 'granted', grant });
  });

  it.each([
    '',
    'ok',
    '[]',
    {},
    { access_token: '' },
    { access_token: 'a b' },
    { access_token: 'a\r\nx: y' },
    { access_token: 5 },
    { access_token: 'a', refresh_token: '' },
  ])('%j is none, and the refresh token may be used up', (body) => {
    expect(judgeGrant(reply(200, body), 0)).toEqual({
      kind: 'failed',
      isUnknown: true,
      why: 'HTTP 200 without a readable access token',
    });
  });
});

describe('a refusal', () => {
  it.each([
    [400, { error: 'invalid_grant' }, { kind: 'unauthorized', isTokenRefused: true, why: 'HTTP 400 invalid_grant' }],
    [401, { error: 'invalid_grant' }, { kind: 'unauthorized', isTokenRefused: true }],
    [401, { error: 'invalid_client' }, { kind: 'unauthorized', isTokenRefused: false, why: 'HTTP 401 invalid_client' }],
    [401, { message: 'no', type: 'unauthorized' }, { kind: 'unauthorized', isTokenRefused: false, why: 'HTTP 401' }],
    [403, '', { kind: 'unauthorized', why: 'HTTP 403' }],
    [404, 'not here', { kind: 'failed', isUnknown: false, why: "HTTP 404: check the account's baseUrl" }],
    [307, '', { kind: 'failed', isUnknown: false, why: "HTTP 307: check the account's baseUrl" }],
    [500, '', { kind: 'failed', isUnknown: true, why: 'HTTP 500' }],
    [503, '<html>', { kind: 'failed', isUnknown: true, why: 'HTTP 503' }],
    [429, '', { kind: 'throttled', httpStatus: 429 }],
  ])('HTTP %i %j', (status, body, expected) => {
    expect(judgeGrant(reply(status, body), 0)).toMatchObject(expected);
  });

  it('with Retry-After says how long', () => {
    expect(judgeGrant(reply(429, '', { 'retry-after': '12' }), 0)).toEqual({
      kind: 'throttled',
      httpStatus: 429,
      retryAfterMs: 12_000,
    });
  });

  it('never repeats what the vendor said, which may quote a token', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        fc.constantFrom('error', 'message', 'access_token'),
        (status, key) => {
          const body = { [key]: 'hunter2 hunter2', error_description: 'hunter2' };
          expect(JSON.stringify(judgeGrant(reply(status, body), 0))).not.toContain('hunter2');
        },
      ),
    );
  });
});

it('what broke on the line is failed, and known or not whether it arrived', () => {
  expect(judgeGrant({ kind: 'failed', why: 'no line' }, 0)).toEqual({
    kind: 'failed',
    isUnknown: false,
    why: 'no line',
  });
  expect(judgeGrant({ kind: 'unknown', why: 'cut' }, 0)).toEqual({ kind: 'failed', isUnknown: true, why: 'cut' });
});

it('a token is renewed a tenth of its life ahead, at most five minutes', () => {
  expect([1_000, 60_000, 3_600_000, 86_400_000].map(aheadMs)).toEqual([100, 6_000, 300_000, 300_000]);
});
