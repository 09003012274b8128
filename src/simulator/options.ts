// Owns what can be chosen about a simulator, and the defaults: where the vendor documents a behaviour the default is
// that; where it does not, the least kind one for a caller.
import { isIP } from 'node:net';
import type { Seed } from './contract.ts';
import type { Seen } from './journal.ts';
import type { SameStatus } from './store.ts';

/** Credentials that the simulator knows unless told others. They open nothing else. */
export const simulatorClientId = 'simulator-id';
export const simulatorClientSecret = 'simulator-secret';
export const simulatorRefreshToken = 'simulator-refresh-token';
export const simulatorCode = 'simulator-code';
/** The location of tickets made up on first sight. */
export const simulatorLocationId = '10ca0000-0000-4000-8000-000000000001';

export interface SimulatorOptions {
  /** Loopback only (default 127.0.0.1), unless `exposed`: the controls ask nobody for a password. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly exposed?: boolean;

  readonly clientId?: string;
  readonly clientSecret?: string;
  /** When set, `spacebring-network-id` must be this wherever it is sent. */
  readonly networkId?: string;
  readonly authorizationCode?: string;
  readonly refreshToken?: string;
  /** An hour, as documented. */
  readonly accessTokenTtlMs?: number;
  /** Never, if not set. */
  readonly refreshTokenTtlMs?: number;
  readonly refreshTokens?: 'rotate' | 'keep';
  /** What Bearer tokens may do: `support` (default) or `support.readonly`. */
  readonly scope?: string;

  /** Calls in any sliding second: 10, as documented. Infinity switches the limit off. */
  readonly rate?: number;
  /** The Retry-After of a 429: `none`, the default, as nothing documents one. */
  readonly retryAfter?: 'none' | 'seconds' | 'date';
  /** Every call takes this much longer. */
  readonly latencyMs?: number;
  /** The largest body in bytes. */
  readonly bodyLimit?: number;

  readonly tickets?: readonly Seed[];
  /** Whether an unknown ticket is made up on first sight (default) or a 404. */
  readonly autoCreate?: boolean;
  /** Whether an id must be a UUID, as the contract says; by default letters, digits, `-` and `_` will do. */
  readonly strictIds?: boolean;
  readonly locationId?: string;
  readonly sameStatus?: SameStatus;
  readonly activityOrder?: 'oldestFirst' | 'newestFirst';

  /** For faults with a `share`: a seed for a repeatable stream, or the stream itself. */
  readonly seed?: number;
  readonly random?: () => number;
  /** Wall clock, and a clock that never goes back; both in milliseconds. */
  readonly now?: () => number;
  readonly elapsed?: () => number;
  /** How many calls are remembered. */
  readonly keep?: number;
  /** Hears of each call once it has ended, for instance to log it. */
  readonly onCall?: (seen: Seen) => void;
}

type Unset = 'networkId' | 'random';
/** The options with nothing left open. */
export type Settings = Required<Omit<SimulatorOptions, Unset>> & {
  readonly [K in Unset]: SimulatorOptions[K] | undefined;
};

/** Fills the defaults in. Throws a RangeError that says what to change for a choice that cannot be served. */
export function settle(options: SimulatorOptions): Settings {
  const settings: Settings = {
    host: '127.0.0.1',
    port: 0,
    exposed: false,
    clientId: simulatorClientId,
    clientSecret: simulatorClientSecret,
    networkId: undefined,
    authorizationCode: simulatorCode,
    refreshToken: simulatorRefreshToken,
    accessTokenTtlMs: 3_600_000,
    refreshTokenTtlMs: Number.POSITIVE_INFINITY,
    refreshTokens: 'rotate',
    scope: 'support',
    rate: 10,
    retryAfter: 'none',
    latencyMs: 0,
    bodyLimit: 65_536,
    tickets: [],
    autoCreate: true,
    strictIds: false,
    locationId: simulatorLocationId,
    sameStatus: 'recorded',
    activityOrder: 'oldestFirst',
    seed: 1,
    random: undefined,
    keep: 100_000,
    onCall: () => undefined,
    ...options,
    now: options.now ?? Date.now,
    elapsed: sinceStart(options.elapsed ?? monotonic),
  };
  if (!settings.exposed && !isLoopback(settings.host)) {
    throw new RangeError(
      `the simulator's controls ask for no password, so it listens on loopback only, not on ${settings.host}; use 127.0.0.1, or say \`exposed\` if you mean it`,
    );
  }
  expectCount('rate', settings.rate);
  expectCount('keep', settings.keep);
  return settings;
}

function expectCount(name: string, value: number): void {
  if (value >= 1 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) return;
  throw new RangeError(`${name} is ${value}, expected a whole number from 1 up`);
}

function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function sinceStart(clock: () => number): () => number {
  const start = clock();
  return () => clock() - start;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
