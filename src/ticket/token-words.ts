// Owns what a person reads when an account has no access token: what happened, and what to do. Repeats no token.
import type { Unready } from './credentials.ts';
import type { GrantAnswer } from './token-grant.ts';
import type { Failure } from './token-store.ts';

/** After a refresh that failed nobody asks again for this long, ms. */
const RETRY_MS = 5_000;
/** A 429 that names no time. */
const THROTTLED_MS = 1_000;
/** Tokens that cannot be opened stay so until a person acts. */
const UNREADABLE_MS = 30_000;

/** The sentences for one account. */
export function makeWords(account: string) {
  const place = `accounts.${account}.auth.oauth`;
  const unreadable: Unready = {
    kind: 'unauthorized',
    asked: false,
    waitMs: UNREADABLE_MS,
    why: `the stored tokens of account ${account} cannot be read: STATUSWIRE_SECRET is not the one they were stored under, or they are damaged. Put the right one back, or a new refresh token into ${place}.refreshToken, and restart`,
  };
  const busy: Unready = {
    kind: 'busy',
    asked: false,
    waitMs: RETRY_MS,
    why: `another process is renewing the access token of account ${account} and has not finished`,
  };

  /** `brokeAt`: when an earlier refresh began whose end nobody noted, ms. */
  function failure(answer: Exclude<GrantAnswer, { kind: 'granted' }>, brokeAt: number | undefined): Failure {
    switch (answer.kind) {
      case 'throttled':
        return { ...answer, asked: true, waitMs: answer.retryAfterMs ?? THROTTLED_MS };
      case 'failed': {
        const why = `the access token of account ${account} could not be renewed: ${answer.why}`;
        return { kind: 'failed', asked: true, waitMs: RETRY_MS, why };
      }
      case 'unauthorized': {
        const { httpStatus, why: said } = answer;
        const why = answer.isTokenRefused
          ? `the refresh token of account ${account} is refused (${said})${broken(brokeAt)}: put a new one into ${place}.refreshToken and restart`
          : `the OAuth client of account ${account} is refused (${said}): correct clientId and clientSecret in ${place}, or put a new refreshToken there, and restart`;
        return { kind: 'unauthorized', asked: true, waitMs: RETRY_MS, httpStatus, why };
      }
    }
  }

  return { unreadable, busy, failure };
}

function broken(at: number | undefined): string {
  if (at === undefined) return '';
  return `; a refresh broke off at ${new Date(at).toISOString()} before its answer was stored and may have used it up`;
}
