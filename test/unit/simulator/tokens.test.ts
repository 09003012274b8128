import { describe, expect, it } from 'vitest';
import { makeTokens, type TokenOptions } from '../../../src/simulator/tokens.ts';

interface Grant {
  readonly access_token: string;
  readonly refresh_token?: string;
}

function makeSome(options: Partial<TokenOptions> = {}) {
  const clock = { ms: 0 };
  const tokens = makeTokens({
    clientId: 'id',
    clientSecret: 'secret',
    authorizationCode: 'code',
    refreshToken: 'first',
    accessTokenTtlMs: 3_600_000,
    refreshTokenTtlMs: Number.POSITIVE_INFINITY,
    refreshTokens: 'rotate',
    scope: 'support',
    elapsed: () => clock.ms,
    ...options,
  });
  const refresh = (refresh_token: string) =>
    tokens.exchange(new URLSearchParams({ grant_type: 'refresh_token', refresh_token }));
  return { tokens, clock, refresh };
}

const dead = { status: 400, body: { error: 'invalid_grant' } };

describe('tokens', () => {
  it('answer a refresh with the fields that the vendor documents', () => {
    const { refresh } = makeSome();
    expect(refresh('first')).toEqual({
      status: 200,
      body: {
        access_token: expect.any(String),
        expires_in: 3600,
        refresh_token: expect.any(String),
        scope: 'support',
        token_type: 'Bearer',
      },
    });
  });

  it('rotate: the old refresh token dies on use and the new one works', () => {
    const { refresh } = makeSome();
    const { refresh_token = '' } = refresh('first').body as Grant;
    expect(refresh('first')).toMatchObject(dead);
    expect(refresh(refresh_token).status).toBe(200);
  });

  it('can be kept instead: then the answer has no refresh token and the old one stays good', () => {
    const { refresh } = makeSome({ refreshTokens: 'keep' });
    expect(refresh('first').body).not.toHaveProperty('refresh_token');
    expect(refresh('first').status).toBe(200);
  });

  it('for access end when they expire, earlier ones outlive a refresh', () => {
    const { tokens, refresh, clock } = makeSome({ accessTokenTtlMs: 5000 });
    const first = refresh('first').body as Grant;
    clock.ms = 3000;
    const second = refresh(first.refresh_token ?? '').body as Grant;
    expect([tokens.isGood(first.access_token), tokens.isGood(second.access_token)]).toEqual([true, true]);
    clock.ms = 5000;
    expect([tokens.isGood(first.access_token), tokens.isGood(second.access_token)]).toEqual([false, true]);
    expect(tokens.isGood('made-up')).toBe(false);
  });

  it('for refreshing expire when they are given a lifetime', () => {
    const { refresh, clock } = makeSome({ refreshTokenTtlMs: 1000 });
    clock.ms = 1000;
    expect(refresh('first')).toMatchObject(dead);
  });

  it('are given for the code, once', () => {
    const { tokens } = makeSome();
    const form = new URLSearchParams({ grant_type: 'authorization_code', code: 'code' });
    expect(tokens.exchange(form)).toMatchObject({ status: 200, body: { refresh_token: expect.any(String) } });
    expect(tokens.exchange(form)).toMatchObject(dead);
  });

  it.each([
    ['client_credentials', 'unsupported_grant_type'],
    ['', 'unsupported_grant_type'],
    ['refresh_token', 'invalid_grant'],
    ['authorization_code', 'invalid_grant'],
  ])('are refused for the grant "%s" and nothing else', (grant_type, error) => {
    expect(makeSome().tokens.exchange(new URLSearchParams({ grant_type }))).toMatchObject({
      status: 400,
      body: { error },
    });
  });
});
