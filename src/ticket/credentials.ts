// Owns what a call needs to prove itself, as the calls and the visits see it: one small interface over Basic and OAuth
// (tokens.ts). Knows nothing of the pace: whoever asks lends a turn for the calls that this may need.
import type { Account } from '../config/schema.ts';
import type { Answer } from './answer.ts';

/** What a call carries. Headers are secret: they go to the vendor and nowhere else. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  /** Counts the access tokens of the account, over all processes; 0 for what never changes. */
  readonly version: number;
}

/**
 * Why there is nothing to prove a call with; the vendor's own call was not made. `throttled`, `unauthorized` and `failed`
 * mean the same as in an Answer; `busy`: another process is renewing and has not finished. Only when `asked` is true did a
 * call of this caller end so; otherwise none was made, or somebody else's ended so a moment ago. Asking again before
 * `waitMs` have passed does not help.
 */
export type Unready = { readonly asked: boolean; readonly waitMs: number } & (
  | Extract<Answer<never>, { kind: 'throttled' | 'failed' }>
  | { readonly kind: 'unauthorized'; readonly httpStatus?: number; readonly why: string }
  | { readonly kind: 'busy'; readonly why: string }
);

export interface Credentials {
  /**
   * Sees to it that `proof` gives one that the vendor should take; undefined when it does. Awaits `turn` before each call
   * of its own, and gives up what it had begun when `turn` rejects. Calls `onWait` every few seconds while it waits for
   * another process. Rejects with what `turn`, `onWait` and Redis reject with. Takes at most half a minute beside `turn`.
   */
  prepare(turn: () => Promise<void>, onWait?: () => Promise<void>): Promise<Unready | undefined>;
  /** For a call that leaves now; undefined before `prepare` has succeeded once. */
  proof(): Proof | undefined;
  /** The vendor answered 401 to a call with this proof. */
  refused(proof: Proof): void;
  /** Asked right after a 401: whether another `prepare` brings another proof, so that the call may be made once more. */
  isStale(): boolean;
}

type Basic = Extract<Account['auth'], { basic: unknown }>['basic'];

/** HTTP Basic (vendor: Authentication): the client id and secret with every call; there is nothing to renew. */
export function makeBasic({ clientId, clientSecret }: Basic): Credentials {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const proof: Proof = { headers: { authorization: `Basic ${basic}` }, version: 0 };
  return {
    prepare: async () => undefined,
    proof: () => proof,
    refused: () => {},
    isStale: () => false,
  };
}
