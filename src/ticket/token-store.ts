// Owns how the tokens of one account are read, renewed by one process at a time, and stored: the scripts' replies as values.
// Sees tokens only sealed (token-seal.ts); all times are Redis' own.
import { defineScript, type RedisClient, type Script } from '../redis/script.ts';
import type { Unready } from './credentials.ts';

/** How a refresh failed: for the one who made it and, for `waitMs`, for everyone else. */
export type Failure = Exclude<Unready, { kind: 'busy' }>;

export type Look =
  /** `sealed` is '' when the caller knows this version; for `restMs` a 401 renews nothing. */
  | { readonly kind: 'good'; readonly version: number; readonly sealed: string; readonly restMs: number }
  /**
   * To renew, by the caller alone until the lock runs out; `sealed` is '' where the configured refresh token begins the
   * chain. `brokeAt`: then (ms) a refresh began whose answer was lost.
   */
  | {
      readonly kind: 'mine';
      readonly task: Task;
      readonly sealed: string;
      readonly serves: boolean;
      readonly brokeAt?: number;
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly retryMs: number }
  | { readonly kind: 'busy' };

/** One try to renew one version. */
export interface Task {
  readonly attempt: string;
  readonly version: number;
  readonly chain: string;
}

export interface TokenStore {
  look(asked: {
    readonly attempt: string;
    readonly chain: string;
    readonly follows: boolean;
    readonly known: number;
    readonly refused: number;
    readonly lockMs: number;
  }): Promise<Look>;
  /** Resolves when Redis has confirmed it, or has newer tokens. May be repeated. */
  keep(task: Task, tokens: Tokens): Promise<void>;
  /** Ends a try without tokens. False when other tokens have been stored meanwhile. */
  fail(task: Task, failed: { failure: Failure; isUnknown: boolean }): Promise<boolean>;
  /** Ends a try that asked nobody. */
  giveBack(task: Task): Promise<void>;
}

export interface Tokens {
  readonly sealed: string;
  readonly lifeMs: number;
  /** How long before their end they are renewed. */
  readonly aheadMs: number;
  readonly isForRefusal: boolean;
}

type Scripts = Readonly<Record<'look' | 'keep' | 'fail', Script>>;

/** The scripts on a connection; `tag` is the hash tag under which everything is kept. */
export function openTokenScripts(client: RedisClient, tag: string): Scripts {
  const load = (file: string) =>
    defineScript(
      client,
      ['../ledger/ledger.lua', './token.lua', file].map((each) => new URL(each, import.meta.url)),
      [tag],
    );
  return {
    look: load('./token-look.lua'),
    keep: load('./token-keep.lua'),
    fail: load('./token-fail.lua'),
  };
}

export function makeTokenStore(scripts: Scripts, account: string): TokenStore {
  return {
    async look({ attempt, chain, follows, known, refused, lockMs }) {
      const args = [account, attempt, chain, follows ? '1' : '', known, refused, lockMs];
      const reply = (await scripts.look(...args)) as string[];
      return toLook(reply, attempt);
    },
    async keep({ attempt, version, chain }, { sealed, lifeMs, aheadMs, isForRefusal }) {
      const forRefusal = isForRefusal ? '1' : '';
      await scripts.keep(account, attempt, version, chain, sealed, Math.round(lifeMs), Math.round(aheadMs), forRefusal);
    },
    async fail({ attempt, version, chain }, { failure, isUnknown }) {
      const args = [account, attempt, version, chain, JSON.stringify(failure), failure.waitMs, isUnknown ? '1' : ''];
      return (await scripts.fail(...args)) === '1';
    },
    async giveBack({ attempt, version, chain }) {
      await scripts.fail(account, attempt, version, chain, '', 0, '');
    },
  };
}

function toLook([kind, ...parts]: readonly string[], attempt: string): Look {
  const [first = '', second = '', third = '', chain = '', brokeAt = ''] = parts;
  switch (kind) {
    case 'good':
      return { kind, version: Number(first), sealed: second, restMs: Number(third) };
    case 'mine': {
      const task = { attempt, version: Number(first), chain };
      const broke = brokeAt === '' ? {} : { brokeAt: Number(brokeAt) };
      return { kind, task, sealed: second, serves: third === '1', ...broke };
    }
    case 'failed':
      return { kind, failure: JSON.parse(first) as Failure, retryMs: Number(second) };
    default:
      return { kind: 'busy' };
  }
}
