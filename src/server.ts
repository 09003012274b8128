// Assembles the receiver: door, sources, rules, commit point, ledger. A parts list; what the parts do is in their folders.
import { randomBytes, randomUUID } from 'node:crypto';
import { openCore } from './change/open-core.ts';
import type { Env } from './config/env.ts';
import type { Loaded } from './config/load.ts';
import { makeNewId } from './id.ts';
import { reasons, unknownSource } from './ledger/rejection.ts';
import { openMarkWatch, seen } from './ledger/watch-marks.ts';
import { type Closers, makeClosers } from './lifecycle.ts';
import type { Log } from './log.ts';
import { openTally } from './metrics/open-tally.ts';
import type { Known } from './metrics/render.ts';
import { openState } from './metrics/state.ts';
import { makeApp } from './receiver/app.ts';
import type { Readiness } from './receiver/health.ts';
import { listen } from './receiver/listen.ts';
import { toRejection } from './receiver/rejection.ts';
import { makeTurnedAway } from './receiver/turned-away.ts';
import { connect, type RedisClient, waitReady } from './redis/connection.ts';
import { makeNames } from './redis/names.ts';
import { readSettings } from './redis/settings.ts';
import { isUnavailable } from './redis/unavailable.ts';
import { decide } from './rule/decide.ts';
import { compileSources, makeRulebook } from './rule/rulebook.ts';
import { makeSources } from './source/source.ts';
import type { Gate, GateState, ShutBy } from './ticket/gate.ts';
import { intervalMs } from './ticket/pacer.ts';

export interface ReceiverParts {
  readonly loaded: Pick<Loaded, 'config' | 'version'>;
  readonly env: Pick<Env, 'HOST' | 'PORT' | 'STATUSWIRE_API_TOKEN' | 'STATUSWIRE_PREFIX' | 'TRUST_PROXY'>;
  readonly redisUrl: string;
  /** A folder to remember in, from one start to the next, what Redis has confirmed; without one a restart forgets it. */
  readonly home?: string | undefined;
  /** What /readyz says of the configuration, where that is more than that it is in force. */
  readonly configChecks?: () => Readiness['checks'];
  readonly log: Log;
}

export interface Receiver {
  readonly url: string;
  /**
   * Other sources and rules are in force for the requests that come from now on; one in flight keeps those it began with.
   * Accounts stay those of the start.
   */
  swap(loaded: ReceiverParts['loaded']): void;
  /** Takes no new connections, lets requests in flight finish, and closes what was opened. */
  close(): Promise<void>;
}

/** At start. Whoever runs us (compose, systemd, a person) is told and may start us again; waiting longer hides the reason. */
const REDIS_PATIENCE_MS = 10_000;

/** A request may wait a second for Redis; three times that is plenty for those in flight. */
const DRAIN_MS = 3_000;

/** Opens the door. Rejects with the next step when Redis or the address cannot be had; nothing is left open then. */
export async function startReceiver(parts: ReceiverParts): Promise<Receiver> {
  const closers = makeClosers(2 * DRAIN_MS);
  const close = async () => {
    const unclosed = await closers.close();
    parts.log.info(unclosed.length === 0 ? {} : { unclosed }, 'receiver.stopped');
  };
  try {
    return { ...(await open(parts, closers)), close };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** Opens everything in its order. */
async function open(parts: ReceiverParts, closers: Closers): Promise<Pick<Receiver, 'url' | 'swap'>> {
  const { loaded, env, redisUrl, home, configChecks = () => [], log } = parts;
  let sources = Object.keys(loaded.config.sources);
  const names = makeNames(env.STATUSWIRE_PREFIX);
  const client = connect({ url: redisUrl }, 'command', { log, random: Math.random });
  closers.add('redis', () => client.disconnect());
  await waitReady(client, REDIS_PATIENCE_MS);
  const watched = { client, names, redisUrl, home, sources: () => sources, log, now: Date.now };
  const marks = await closers.open('marks', () => openMarkWatch(watched));
  const accounts = Object.keys(loaded.config.accounts);
  const newId = makeNewId(Date.now, randomBytes);
  const core = openCore({ client, names, accounts: loaded.config.accounts, newId, now: Date.now, log });
  const accept = seen(core.accept, marks.saw);
  const tally = openTally({ client, names, writer: randomUUID(), log });
  closers.add('tally', () => tally.close());
  const onDefect = (error: unknown) => log.error({ error }, 'rejections.lost');
  const turnedAway = makeTurnedAway({ store: core.rejections, writer: randomUUID(), onDefect });
  turnedAway.start();
  closers.add('rejections', () => turnedAway.close());
  const paces = new Map(Object.entries(loaded.config.accounts).map(([name, pace]) => [name, 1000 / intervalMs(pace)]));
  const readState = openState({ client, names, paces });
  const appFor = ({ config, version }: ReceiverParts['loaded']) => {
    const rulebook = makeRulebook(config, version);
    return makeApp({
      sources: makeSources(config.sources, compileSources(config)),
      rules: { version, decide: (event, now) => decide(rulebook, event, now) },
      core: { accept, ping: () => client.ping() },
      stories: core.ledger,
      operations: { ...core.steering, ...core.gate },
      health: { ready: () => readiness(client, accounts, core.gate, [...marks.checks(), ...configChecks()]) },
      metrics: { read: readState, known: knownNames(config) },
      tally,
      turnedAway,
      rejections: core.rejections,
      isUnavailable,
      accounts,
      apiToken: env.STATUSWIRE_API_TOKEN,
      trustProxy: env.TRUST_PROXY,
      newId,
      now: Date.now,
      log,
    });
  };
  // A whole surface for each configuration: what a request began with is what it ends with.
  let app = appFor(loaded);
  const onBreach: Parameters<typeof listen>[0]['onBreach'] = ({ status, detail }, requestId, from) => {
    const facts = { at: Date.now(), source: undefined, reason: 'unreadable-request', requestId, from } as const;
    turnedAway.note(toRejection({ ...facts, refusal: { status, why: detail } }, {}));
  };
  const listening = await listen({
    handler: (req, res) => app(req, res),
    host: env.HOST,
    port: env.PORT,
    newId,
    onBreach,
  });
  closers.add('door', () => listening.close(DRAIN_MS));
  return {
    url: listening.url,
    swap(next) {
      app = appFor(next);
      sources = Object.keys(next.config.sources);
    },
  };
}

/** The names that figures are shown under before anything was counted. */
function knownNames({ sources, accounts, rules }: ReceiverParts['loaded']['config']): Required<Known> {
  const source = Object.keys(sources);
  return {
    source,
    sender: [...source, unknownSource],
    account: Object.keys(accounts),
    rule: rules.filter(({ kind }) => kind === 'clock').map(({ name }) => name),
    reason: reasons,
  };
}

/** Redis answers; which promise a weaker setting of it bends; which account cannot be used, and why. */
async function readiness(
  client: RedisClient,
  accounts: readonly string[],
  gate: Gate,
  others: Readiness['checks'],
): Promise<Readiness> {
  if (client.status !== 'ready') return { ready: false, checks: [{ name: 'redis', ok: false, detail: 'away' }] };
  const { weaknesses } = await readSettings(client);
  const durability = weaknesses.map(({ setting, value, bends, mend }) => ({
    name: `redis ${setting}`,
    ok: true,
    detail: `${setting} is ${value}. ${bends} ${mend}`,
  }));
  const gates = await Promise.all(
    accounts.map(async (account) => ({ name: `account ${account}`, ...tellGate(await gate.state(account)) })),
  );
  // An account that is shut keeps nobody from accepting: its wishes wait, none is lost. Nor does a file that was refused.
  return { ready: true, checks: [{ name: 'redis', ok: true }, ...durability, ...gates, ...others] };
}

const shutBy: Readonly<Record<ShutBy, string>> = {
  operator: 'an operator paused it; POST /api/accounts/NAME/resume opens it',
  unauthorized: 'Spacebring refuses its credentials; correct them. It is tried once a minute and opens by itself',
  outage: 'Spacebring does not answer; it is tried now and then and opens by itself',
};

function tellGate({ shut }: GateState): { ok: boolean; detail?: string } {
  if (shut === undefined) return { ok: true };
  return { ok: false, detail: `${shutBy[shut.why]} (since ${new Date(shut.at).toISOString()})` };
}
