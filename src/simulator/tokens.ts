// Owns OAuth2 at the stand-in: exchanging the one seeded code and refreshing, with rotation. The parameters and the
// fields of a good answer are documented by the vendor; error bodies (RFC 6749) and rotation are assumptions.
import { randomUUID } from 'node:crypto';
import { type Answer, ok } from './answer.ts';

export interface TokenOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The code that may be exchanged, once. */
  readonly authorizationCode: string;
  /** A refresh token that is good from the start. */
  readonly refreshToken: string;
  readonly accessTokenTtlMs: number;
  readonly refreshTokenTtlMs: number;
  /** `rotate`: each refresh gives a new refresh token and the old one dies. `keep`: the answer has none. */
  readonly refreshTokens: 'rotate' | 'keep';
  readonly scope: string;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
}

/** Grants access. `Form` values are what the caller sent, each name once. */
export function makeTokens(options: TokenOptions) {
  const { elapsed } = options;
  const accessTokens = new Map<string, number>();
  const refreshTokens = new Map([[options.refreshToken, elapsed() + options.refreshTokenTtlMs]]);
  let code: string | undefined = options.authorizationCode;

  function grant(withRefreshToken: boolean): Answer {
    const now = elapsed();
    for (const [token, until] of accessTokens) if (until <= now) accessTokens.delete(token);
    const accessToken = `access-${randomUUID()}`;
    accessTokens.set(accessToken, now + options.accessTokenTtlMs);
    const refreshToken = `refresh-${randomUUID()}`;
    if (withRefreshToken) refreshTokens.set(refreshToken, now + options.refreshTokenTtlMs);
    return ok({
      access_token: accessToken,
      expires_in: Math.floor(options.accessTokenTtlMs / 1000),
      ...(withRefreshToken ? { refresh_token: refreshToken } : {}),
      scope: options.scope,
      token_type: 'Bearer',
    });
  }

  function exchangeCode(given: string | null): Answer {
    if (code === undefined || given !== code) return refused(400, 'invalid_grant', 'The code is unknown or was used');
    code = undefined;
    return grant(true);
  }

  function refresh(given: string | null): Answer {
    const until = refreshTokens.get(given ?? '');
    if (given === null || until === undefined || until <= elapsed()) {
      return refused(400, 'invalid_grant', 'The refresh token is unknown, was used or has expired');
    }
    if (options.refreshTokens === 'keep') return grant(false);
    refreshTokens.delete(given);
    return grant(true);
  }

  return {
    isClient: (form: URLSearchParams): boolean =>
      form.get('client_id') === options.clientId && form.get('client_secret') === options.clientSecret,
    /** Judges a form whose client was proven. */
    exchange(form: URLSearchParams): Answer {
      switch (form.get('grant_type')) {
        case 'authorization_code':
          return exchangeCode(form.get('code'));
        case 'refresh_token':
          return refresh(form.get('refresh_token'));
        default:
          return refused(400, 'unsupported_grant_type', 'Expected authorization_code or refresh_token');
      }
    },
    /** True while an access token is good. */
    isGood: (accessToken: string): boolean => (accessTokens.get(accessToken) ?? 0) > elapsed(),
  };
}

export type Tokens = ReturnType<typeof makeTokens>;

/** An error as RFC 6749 section 5.2 has it. */
export function refused(status: number, error: string, description: string): Answer {
  return { status, body: { error, error_description: description } };
}
