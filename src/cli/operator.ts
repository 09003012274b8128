// Owns how a command of an operator gets at the core: the configuration that applies, its Redis, and everything closed after.
import { randomBytes } from 'node:crypto';
import { type Core, openCore } from '../change/open-core.ts';
import { makeNewId } from '../id.ts';
import { makeLog } from '../log.ts';
import { connect, waitReady } from '../redis/connection.ts';
import { makeNames } from '../redis/names.ts';
import { runFinite } from './finite.ts';
import { complain, Refusal } from './output.ts';
import { REDIS_PATIENCE_MS } from './service.ts';
import { readSetup } from './setup.ts';
import { hasStore, openStore } from './store.ts';

/** A private Redis that was started for the question ends in a moment. */
const CLOSE_MS = 15_000;

/** What `work` gives. Throws a Refusal when there is nothing to work on. */
export async function asOperator<T>(config: string | undefined, work: (core: Core) => Promise<T>): Promise<T> {
  const setup = readSetup(config);
  const { env, loaded } = setup;
  if (!hasStore(env)) {
    throw new Refusal(
      `There is nothing here yet: no ${env.STATUSWIRE_HOME}. Run this where Statuswire runs, or set REDIS_URL.`,
    );
  }
  const log = makeLog({ level: 'silent', name: 'operator' });
  return runFinite(CLOSE_MS, async (closers) => {
    const store = await closers.open('redis', () => openStore(setup, { log, progress: complain }));
    const client = connect({ url: store.url }, 'command', { log, random: Math.random });
    closers.add('client', () => client.disconnect());
    await waitReady(client, REDIS_PATIENCE_MS);
    const { accounts } = loaded.config;
    const newId = makeNewId(Date.now, randomBytes);
    const names = makeNames(env.STATUSWIRE_PREFIX);
    const core = openCore({ client, names, accounts, newId, now: Date.now, log });
    closers.add('queues', core.close);
    return work(core);
  });
}
