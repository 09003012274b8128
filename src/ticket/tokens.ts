// Owns the life of an account's access token in one process: when it is renewed, by whom, and that nothing is used before
// Redis has confirmed it. One process renews at a time (token-look.lua); how tokens rest is token-seal.ts's.
import type { Account } from '../config/schema.ts';
import type { Log } from '../log.ts';
import type { Credentials, Proof, Unready } from './credentials.ts';
import { type Grant, type GrantAnswer, judgeGrant, refreshForm, type Sent } from './token-grant.ts';
import { chainOf, type Seal } from './token-seal.ts';
import type { Look, Task, TokenStore, Tokens } from './token-store.ts';
import { makeWords } from './token-words.ts';

type OAuth = Extract<Account['auth'], { oauth: unknown }>['oauth'];

export interface TokensParts {
  readonly account: string;
  readonly oauth: OAuth;
  /** How long one call may take. */
  readonly callTimeoutMs: number;
  /** POST {baseUrl}/oauth2/token with a form-encoded body. Never rejects. */
  readonly exchange: (form: string) => Promise<Sent>;
  readonly store: TokenStore;
  readonly seal: Seal;
  /** What the sealed tokens belong to, beside the account: the prefix of all names in Redis. */
  readonly tag: string;
  readonly newAttempt: () => string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly now: () => number;
  /** A clock that never jumps, ms. */
  readonly monotonic: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** How long others are waited for: rounds of POLL_MS; then the visit comes back later. */
const ROUNDS = 300;
const POLL_MS = 100;
/** Every two seconds; the lease of whoever waits lasts longer (visit.ts). */
const ROUNDS_TO_ON_WAIT = 20;
/** What a turn may take before the lock is taken again: as far as slots are booked ahead (pacer.ts). */
const TURN_MS = 30_000;
/** What the lock outlives turn and call by, so that the answer can still be stored. */
const LOCK_MARGIN_MS = 5_000;

/** How long before its end a token is renewed: a tenth of its life, at most five minutes. */
export function aheadMs(lifeMs: number): number {
  return Math.min(lifeMs / 10, 5 * 60_000);
}

/** What Redis said, and when it was asked, by the monotonic clock. */
type Found = Look & { readonly askedAt: number };

/** What an access token and its successor look like before they are sealed. */
interface Pair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** OAuth 2 by refresh token (vendor: Authentication). Opens nothing: the first `prepare` reads Redis. */
export function makeTokens(parts: TokensParts): Credentials {
  const { account, oauth, callTimeoutMs, exchange, store, seal, tag, newAttempt, log, now, monotonic, sleep } = parts;
  const chain = chainOf(account, oauth.refreshToken);
  const about = ['tokens', tag, account];
  const words = makeWords(account);
  /** What calls carry now; for `restUntil` a 401 renews nothing. */
  let held: (Proof & { readonly restUntil: number }) | undefined;
  let refused = 0;
  /** Granted, and not yet confirmed by Redis: stored before anything else is tried. `endsAt` by the monotonic clock. */
  let unstored: { readonly task: Task; readonly tokens: Omit<Tokens, 'lifeMs'>; readonly endsAt: number } | undefined;

  return {
    proof: () => held,
    refused: ({ version }) => {
      refused = Math.max(refused, version);
    },
    isStale: () => held !== undefined && (refused < held.version || monotonic() >= held.restUntil),
    async prepare(turn, onWait = async () => {}) {
      const attempt = newAttempt();
      for (let round = 1; round <= ROUNDS; round++) {
        if (unstored !== undefined) await keepGranted(unstored);
        const outcome = await act(await look(attempt), turn);
        if (outcome === 'ready') return undefined;
        if (typeof outcome === 'object') return outcome;
        if (outcome === 'wait') await sleep(POLL_MS);
        if (round % ROUNDS_TO_ON_WAIT === 0) await onWait();
      }
      return words.busy;
    },
  };

  async function look(attempt: string): Promise<Found> {
    const askedAt = monotonic();
    const lockMs = TURN_MS + callTimeoutMs + LOCK_MARGIN_MS;
    const known = held?.version ?? 0;
    return { ...(await store.look({ attempt, chain, follows: held !== undefined, known, refused, lockMs })), askedAt };
  }

  async function act(found: Found, turn: () => Promise<void>): Promise<Unready | 'ready' | 'again' | 'wait'> {
    switch (found.kind) {
      case 'good':
        return take(found) ? 'ready' : words.unreadable;
      case 'mine':
        return renew(found, turn);
      case 'failed':
        return { ...found.failure, asked: false, waitMs: found.retryMs };
      case 'busy':
        return 'wait';
    }
  }

  function take({ version, sealed, restMs }: Look & { kind: 'good' }): boolean {
    // Numbers begin again when Redis has lost everything.
    if (version < refused) refused = 0;
    if (sealed === '') {
      if (held?.version === version) held = { ...held, restUntil: monotonic() + restMs };
      return true;
    }
    const pair = open(sealed);
    if (pair === undefined) return false;
    const headers = { authorization: `Bearer ${pair.accessToken}` };
    held = { version, headers, restUntil: monotonic() + restMs };
    return true;
  }

  async function renew(found: Found & { kind: 'mine' }, turn: () => Promise<void>): Promise<Unready | 'again'> {
    const { task, sealed, askedAt } = found;
    const refreshToken = sealed === '' ? oauth.refreshToken : open(sealed)?.refreshToken;
    if (refreshToken === undefined) {
      await store.giveBack(task);
      return words.unreadable;
    }
    await turn().catch(async (error: unknown) => {
      await store.giveBack(task);
      throw error;
    });
    const calledAt = monotonic();
    // The lock might run out before the answer is stored: the slot is given up and the lock taken again.
    if (calledAt - askedAt > TURN_MS) return 'again';
    // Nothing may be awaited between the turn and this: a turn means now.
    const answer = judgeGrant(await exchange(refreshForm(oauth, refreshToken)), now());
    if (answer.kind !== 'granted') return noteFailure(found, answer);
    unstored = toUnstored(task, answer.grant, refreshToken, calledAt);
    await keepGranted(unstored);
    const { expiresInMs, refreshToken: rotated } = answer.grant;
    log.info({ account, version: task.version + 1, expiresInMs, rotated: rotated !== undefined }, 'oauth.renewed');
    return 'again';
  }

  function toUnstored(task: Task, grant: Grant, used: string, calledAt: number) {
    const { accessToken, refreshToken = used, expiresInMs } = grant;
    const sealed = seal.close(JSON.stringify({ accessToken, refreshToken } satisfies Pair), about);
    const isForRefusal = task.version > 0 && task.version === refused;
    // Counted from before the question, so that a slow answer never makes a token look younger than it is.
    return { task, tokens: { sealed, aheadMs: aheadMs(expiresInMs), isForRefusal }, endsAt: calledAt + expiresInMs };
  }

  async function keepGranted(granted: NonNullable<typeof unstored>): Promise<void> {
    await store.keep(granted.task, { ...granted.tokens, lifeMs: granted.endsAt - monotonic() });
    if (unstored === granted) unstored = undefined;
  }

  async function noteFailure(
    { task, serves, brokeAt }: Found & { kind: 'mine' },
    answer: Exclude<GrantAnswer, { kind: 'granted' }>,
  ): Promise<Unready | 'again'> {
    const failure = words.failure(answer, brokeAt);
    const isUnknown = answer.kind === 'failed' && answer.isUnknown;
    const isNewest = await store.fail(task, { failure, isUnknown });
    const said = 'why' in failure ? failure.why : 'HTTP 429';
    log.warn({ account, answer: answer.kind, said, stillServed: serves }, 'oauth.not-renewed');
    // A 429 concerns every call of the account; anything else can wait while the token serves.
    return !isNewest || (serves && answer.kind !== 'throttled') ? 'again' : failure;
  }

  function open(sealed: string): Pair | undefined {
    const text = seal.open(sealed, about);
    return text === undefined ? undefined : (JSON.parse(text) as Pair);
  }
}
