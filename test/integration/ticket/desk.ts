// Owns what the tests of OAuth accounts stand on: a desk as a worker process has it (credentials, calls, a connection of its
// own), made to call the way a visit does, and an ear that hears every token on the line.
import { randomBytes, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { makeLog } from '../../../src/log.ts';
import type { RedisClient } from '../../../src/redis/connection.ts';
import type { Names } from '../../../src/redis/names.ts';
import { simulatorClientId, simulatorClientSecret, simulatorRefreshToken } from '../../../src/simulator/options.ts';
import type { Simulator } from '../../../src/simulator/simulator.ts';
import type { Answer, Applied } from '../../../src/ticket/answer.ts';
import type { Credentials, Unready } from '../../../src/ticket/credentials.ts';
import { exchangeForm, type Line, makeSpacebring, openLine, type Spacebring } from '../../../src/ticket/spacebring.ts';
import type { Status } from '../../../src/ticket/ticket.ts';
import type { Sent } from '../../../src/ticket/token-grant.ts';
import { makeSeal } from '../../../src/ticket/token-seal.ts';
import { makeTokenStore, openTokenScripts } from '../../../src/ticket/token-store.ts';
import { makeTokens } from '../../../src/ticket/tokens.ts';
import { testAccount } from '../../support/core.ts';

const key = 'a1'.repeat(32);
export const networkId = '0b6f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f';

export interface Desk {
  readonly credentials: Credentials;
  readonly spacebring: Spacebring;
  /** One status change as a visit makes it; an answer of `prepare` stands for the answer of the call. */
  set(ticket: string, status: Status): Promise<Answer<Applied> | Unready>;
  /** `prepare` with a turn that comes at once. */
  prepare(): Promise<Unready | undefined>;
  /** How many turns were asked for. */
  turns(): number;
  /** Every secret this desk has sent or got: tokens, client secret, key. */
  readonly secrets: Set<string>;
  /** The lines of its log. */
  readonly lines: string[];
}

export interface DeskOptions {
  readonly client: RedisClient;
  readonly names: Names;
  readonly simulator: Simulator;
  readonly account?: string;
  readonly refreshToken?: string;
  readonly secret?: string;
  readonly callTimeout?: number;
  /** Stands between the answer of the token endpoint and the one who asked. */
  readonly onGrant?: (sent: Sent) => Promise<void>;
}

const lines: Line[] = [];
/** Drops the connections of all desks of a test. */
export async function closeDesks(): Promise<void> {
  await Promise.all(lines.splice(0).map((line) => line.close()));
}

export function openDesk(options: DeskOptions): Desk {
  const { client, names, simulator, account = 'main', refreshToken = simulatorRefreshToken, secret = key } = options;
  const settings = testAccount(simulator.url, { callTimeout: options.callTimeout ?? 5_000 });
  const secrets = new Set([simulatorClientSecret, refreshToken, secret]);
  const told: string[] = [];
  const line = openLine(settings);
  lines.push(line);
  const destination = new Writable({ write: (chunk, _encoding, done) => done(void told.push(String(chunk))) });
  const credentials = makeTokens({
    account,
    oauth: { clientId: simulatorClientId, clientSecret: simulatorClientSecret, refreshToken },
    callTimeoutMs: settings.callTimeout,
    async exchange(form) {
      const sent = await exchangeForm(line, form);
      if (sent.kind === 'reply') for (const token of tokensIn(sent.reply.text)) secrets.add(token);
      await options.onGrant?.(sent);
      return sent;
    },
    store: makeTokenStore(openTokenScripts(client, names.tag), account),
    seal: makeSeal(secret, randomBytes),
    tag: names.tag,
    newAttempt: randomUUID,
    log: makeLog({ level: 'trace', name: 'test' }, destination),
    now: Date.now,
    monotonic: () => performance.now(),
    sleep: (ms) => wait(ms),
  });
  const spacebring = makeSpacebring({ line, credentials, networkId, now: Date.now });
  let turns = 0;
  const prepare = () =>
    credentials.prepare(async () => {
      turns += 1;
    });
  return {
    credentials,
    spacebring,
    prepare,
    turns: () => turns,
    secrets,
    lines: told,
    async set(ticket, status) {
      const unready = await prepare();
      if (unready !== undefined) return unready;
      const answer = await spacebring.setStatus(ticket, status);
      if (answer.kind !== 'unauthorized' || answer.httpStatus !== 401 || !credentials.isStale()) return answer;
      return (await prepare()) ?? (await spacebring.setStatus(ticket, status));
    },
  };
}

function tokensIn(text: string): readonly string[] {
  return [...text.matchAll(/"(?:access|refresh)_token":"([^"]+)"/g)].map(([, token]) => token ?? '');
}

/** The token calls that arrived at the vendor, with what each was answered. */
export function tokenCalls(simulator: Simulator): readonly (number | null)[] {
  return simulator
    .requests()
    .filter(({ kind }) => kind === 'token')
    .map(({ status }) => status);
}

/** Stands for time having passed: what is stored of an account moves back by `ms`, or for ever. */
export async function age(
  client: RedisClient,
  names: Names,
  fields: readonly string[],
  account = 'main',
): Promise<void> {
  for (const field of fields) await client.hset(names.oauth(account), field, '0');
}
