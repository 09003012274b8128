// Assembles the receiver: door, sources, rules, commit point, ledger. A parts list; what the parts do is in their folders.
import { randomBytes } from 'node:crypto';
import { makeAccept } from './change/core.ts';
import { openQueue } from './change/queue.ts';
import { makeRecords } from './change/record.ts';
import { openRecordScripts } from './change/scripts.ts';
import type { Env } from './config/env.ts';
import type { Loaded } from './config/load.ts';
import { makeNewId } from './id.ts';
import { makeLedger } from './ledger/redis-ledger.ts';
import type { Log } from './log.ts';
import { makeApp } from './receiver/app.ts';
import type { Readiness } from './receiver/health.ts';
import { listen } from './receiver/listen.ts';
import { connect, type RedisClient, waitReady } from './redis/connection.ts';
import { makeNames } from './redis/names.ts';
import { readSettings } from './redis/settings.ts';
import { isUnavailable } from './redis/unavailable.ts';
import { decide } from './rule/decide.ts';
import { compileSources, makeRulebook } from './rule/rulebook.ts';
import { makeSources } from './source/source.ts';

export interface ReceiverParts {
  readonly loaded: Pick<Loaded, 'config' | 'version'>;
  readonly env: Pick<Env, 'HOST' | 'PORT' | 'STATUSWIRE_API_TOKEN' | 'STATUSWIRE_PREFIX'>;
  readonly redisUrl: string;
  readonly log: Log;
}

export interface Receiver {
  readonly url: string;
  /** Takes no new connections, lets requests in flight finish, and closes what was opened. */
  close(): Promise<void>;
}

/** A request may wait a second for Redis; twice that is plenty for those in flight. */
const DRAIN_MS = 3_000;

/** Opens the door. Rejects with the next step when Redis or the address cannot be had. */
export async function startReceiver({ loaded, env, redisUrl, log }: ReceiverParts): Promise<Receiver> {
  const { config, version } = loaded;
  const names = makeNames(env.STATUSWIRE_PREFIX);
  const client = connect({ url: redisUrl }, 'command', { log, random: Math.random });
  await waitReady(client, 30_000);
  const accounts = Object.keys(config.accounts);
  const queue = openQueue({
    accounts,
    connection: client,
    prefix: names.tag,
    onError: (error) => log.debug({ error }, 'queue.trouble'),
  });
  const newId = makeNewId(Date.now, randomBytes);
  const rulebook = makeRulebook(config, version);
  const handler = makeApp({
    sources: makeSources(config.sources, compileSources(config)),
    rules: { decide: (event, now) => decide(rulebook, event, now) },
    core: {
      accept: makeAccept({
        records: makeRecords(openRecordScripts(client, names.tag)),
        queue,
        newId,
        deadlineMs: (account) => config.accounts[account]?.deadline ?? 0,
        onLostKick: (error, ticket) => log.warn({ error, ticket }, 'visit.kick-lost'),
      }),
    },
    stories: makeLedger(client, names),
    health: { ready: () => readiness(client) },
    isUnavailable,
    accounts,
    apiToken: env.STATUSWIRE_API_TOKEN,
    newId,
    now: Date.now,
    log,
  });
  const listening = await listen({ handler, host: env.HOST, port: env.PORT, newId });
  log.info({ url: listening.url, sources: Object.keys(config.sources), config: version }, 'receiver.listening');
  return {
    url: listening.url,
    async close() {
      await listening.close(DRAIN_MS);
      await queue.close();
      client.disconnect();
      log.info('receiver.stopped');
    },
  };
}

/** Redis answers, and which promise a weaker setting of it bends. */
async function readiness(client: RedisClient): Promise<Readiness> {
  if (client.status !== 'ready') return { ready: false, checks: [{ name: 'redis', ok: false, detail: 'away' }] };
  const { weaknesses } = await readSettings(client);
  const durability = weaknesses.map(({ setting, value, bends, mend }) => ({
    name: `redis ${setting}`,
    ok: true,
    detail: `${setting} is ${value}. ${bends} ${mend}`,
  }));
  return { ready: true, checks: [{ name: 'redis', ok: true }, ...durability] };
}
