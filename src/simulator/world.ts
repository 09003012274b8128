// Owns one life of the simulator's state: everything that a reset forgets. Ending a world cuts the calls that are still
// open in it and drops what it would have done later, so nothing of an old one reaches into the next.
import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { makeAuth } from './auth.ts';
import { makeFaults, makeRandom } from './faults.ts';
import { makeJournal } from './journal.ts';
import { makeLimit } from './limit.ts';
import type { Settings } from './options.ts';
import { makeStore } from './store.ts';
import { makeTokens } from './tokens.ts';

/** What can be switched while it runs. `cut`: every call's connection closes at once; `unavailable`: 503. */
export interface Switches {
  credentials: 'good' | 'revoked';
  outage: 'none' | 'cut' | 'unavailable';
}

export function makeWorld(settings: Settings) {
  const store = makeStore(settings);
  store.seed(settings.tickets);
  const tokens = makeTokens(settings);
  const life = new AbortController();
  setMaxListeners(0, life.signal);
  const open = new Set<ServerResponse>();
  const held = new Set<{ run(): void; drop(): void }>();

  return {
    settings,
    store,
    tokens,
    judge: makeAuth(settings, tokens),
    limit: makeLimit(settings),
    faults: makeFaults({ random: settings.random ?? makeRandom(settings.seed) }),
    journal: makeJournal({ keep: settings.keep, onEnd: settings.onCall }),
    switches: { credentials: 'good', outage: 'none' } as Switches,
    /** Aborts when this world ends. */
    life: life.signal,
    /** Responses whose connection is still there. */
    open,
    /** Does `deed` in `ms` milliseconds or, without `ms`, when `release` says so. */
    later(ms: number | undefined, deed: () => void): void {
      const timer = ms === undefined ? undefined : setTimeout(run, ms);
      function drop(): void {
        clearTimeout(timer);
        held.delete(one);
      }
      function run(): void {
        drop();
        deed();
      }
      const one = { run, drop };
      held.add(one);
    },
    /** Does now, oldest first, all that waits to be done later; gives how many that were. */
    release(): number {
      const waiting = [...held];
      for (const one of waiting) one.run();
      return waiting.length;
    },
    held: (): number => held.size,
    end(): void {
      life.abort();
      for (const one of held) one.drop();
      for (const response of open) response.destroy();
    },
  };
}

export type World = ReturnType<typeof makeWorld>;
