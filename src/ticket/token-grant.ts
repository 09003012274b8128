// Owns the words of the token endpoint: the form of a refresh, and what its answer means. Repeats nothing of what the
// vendor says but the error codes of RFC 6749, because a description may quote the token it is about.
import { z } from 'zod';
import { type Answer, parseRetryAfter, type Reply } from './answer.ts';

/** How a request went on the line; what the reply means is judged by whoever asked. */
export type Sent =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | Extract<Answer<never>, { kind: 'failed' | 'unknown' }>;

/** What the vendor granted. Without a `refreshToken` the one that was used stays good. */
export interface Grant {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly expiresInMs: number;
}

/** `isUnknown`: the refresh token may have been used up all the same. */
export type GrantAnswer =
  | { readonly kind: 'granted'; readonly grant: Grant }
  | { readonly kind: 'throttled'; readonly httpStatus: 429; readonly retryAfterMs?: number }
  | {
      readonly kind: 'unauthorized';
      readonly httpStatus: number;
      readonly why: string;
      readonly isTokenRefused: boolean;
    }
  | { readonly kind: 'failed'; readonly why: string; readonly isUnknown: boolean };

/** A secret on its way to the vendor. */
export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The form-encoded body of a refresh (vendor: Authentication; RFC 6749 section 6). */
export function refreshForm({ clientId, clientSecret }: Client, refreshToken: string): string {
  return new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
  }).toString();
}

/** An hour, as the vendor documents it, where an answer does not say. */
const DEFAULT_SECONDS = 3600;
const MAX_SECONDS = 30 * 24 * 3600;

const seconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ])
  .transform((value) => Math.min(MAX_SECONDS, Math.max(1, value)))
  .catch(DEFAULT_SECONDS);
/** What a header can carry. */
const token = z.string().regex(/^[\x21-\x7e]{1,16384}$/);
const GrantBody = z.object({ access_token: token, expires_in: seconds, refresh_token: token.nullish() });

const ErrorBody = z.object({
  error: z.enum([
    'invalid_request',
    'invalid_client',
    'invalid_grant',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_scope',
  ]),
});

/** What came of a refresh. `now` in ms, for a Retry-After that is a date. */
export function judgeGrant(sent: Sent, nowMs: number): GrantAnswer {
  if (sent.kind === 'failed') return { kind: 'failed', why: sent.why, isUnknown: false };
  if (sent.kind === 'unknown') return { kind: 'failed', why: sent.why, isUnknown: true };
  const { httpStatus, headers, text } = sent.reply;
  const body = parseJson(text);
  if (httpStatus >= 200 && httpStatus < 300) return judgeSuccess(httpStatus, body);
  if (httpStatus === 429) {
    const header = headers['retry-after'];
    const retryAfterMs = parseRetryAfter(Array.isArray(header) ? header[0] : header, nowMs);
    return { kind: 'throttled', httpStatus, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  const said = ErrorBody.safeParse(body);
  const code = said.success ? said.data.error : undefined;
  const why = `HTTP ${httpStatus}${code === undefined ? '' : ` ${code}`}`;
  if (httpStatus === 400 || httpStatus === 401 || httpStatus === 403) {
    return { kind: 'unauthorized', httpStatus, why, isTokenRefused: code === 'invalid_grant' };
  }
  if (httpStatus >= 500 || httpStatus === 408) return { kind: 'failed', why, isUnknown: true };
  return { kind: 'failed', why: `${why}: check the account's baseUrl`, isUnknown: false };
}

function judgeSuccess(httpStatus: number, body: unknown): GrantAnswer {
  const parsed = GrantBody.safeParse(body);
  if (!parsed.success) {
    return { kind: 'failed', why: `HTTP ${httpStatus} without a readable access token`, isUnknown: true };
  }
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = parsed.data;
  const rotated = refreshToken === undefined || refreshToken === null ? {} : { refreshToken };
  return { kind: 'granted', grant: { accessToken, expiresInMs: expiresIn * 1000, ...rotated } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
