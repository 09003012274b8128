// Owns the runs of rules on the clock as Redis keeps them: what is owed, who runs it, how far it has come. Typed calls; what
// they promise stands in the head of each .lua file.
import type { Names } from '../redis/names.ts';
import { defineScript, type RedisClient } from '../redis/script.ts';

/** A run as taken over. `cursor` and `plan` are texts of whoever saved them; missing where nothing was saved yet. */
export interface Taken {
  readonly run: string;
  readonly startedAt: number;
  /** How often it was begun again after its holder was lost. */
  readonly resumed: number;
  readonly cursor?: string;
  /** What was about to be wished, and how much of it the cap lets through. */
  readonly plan?: { readonly text: string; readonly allowed: number };
}

/** Who runs what. */
export interface Hold {
  readonly rule: string;
  readonly token: string;
}

export interface Plan {
  readonly page: number;
  readonly text: string;
  /** How many of its wishes count for the cap. */
  readonly wishes: number;
  readonly cap: { readonly count: number; readonly perMs: number };
}

/** How a ticket stands with a rule: whether any wish is open, and the rule's newest wish as far as it still matters. */
export interface Standing {
  readonly isOpen: boolean;
  readonly newest?: { readonly verdict: string; readonly status: string; readonly acceptedAt: number };
}

/** Every call with a Hold rejects with LostRun when somebody else runs the rule by now, or when it is gone. */
export interface Runs {
  /** Notes that the rule is to run; false when that moment is known already. */
  owe(rule: string, dueAt: number): Promise<boolean>;
  /** The rules with a run to make or to finish. */
  owed(): Promise<string[]>;
  /** Undefined when there is nothing to do, or when somebody does it. */
  take(hold: Hold, newRun: string): Promise<Taken | undefined>;
  /** Keeps the run for `leaseMs`; gives Redis' clock, ms. */
  renew(hold: Hold, leaseMs?: number): Promise<number>;
  /** Gives the run back unfinished, for whoever comes next. */
  release(hold: Hold): Promise<void>;
  /** Gives how many wishes the cap lets through. */
  plan(hold: Hold, plan: Plan): Promise<number>;
  save(hold: Hold, cursor: string): Promise<void>;
  finish(hold: Hold, account: string, summary: object): Promise<void>;
  /** The rule is gone: ends what it was doing. Gives the id of that run. */
  forget(rule: string): Promise<string | undefined>;
  standings(rule: string, tickets: readonly string[]): Promise<Standing[]>;
}

/** Renewed at least every five seconds while anything is waited for. */
export const LEASE_MS = 15_000;

/** The run is somebody else's by now, or its rule is gone: stop, and touch nothing. */
export class LostRun extends Error {}

export function openRuns(client: RedisClient, names: Names): Runs {
  const load = (file: string) =>
    defineScript(
      client,
      ['../ledger/ledger.lua', './run.lua', file].map((each) => new URL(each, import.meta.url)),
      [names.tag],
    );
  const scripts = {
    owe: load('./owe.lua'),
    take: load('./take.lua'),
    renew: load('./renew.lua'),
    plan: load('./plan.lua'),
    save: load('./save.lua'),
    finish: load('./finish-run.lua'),
    forget: load('./forget.lua'),
    standing: load('./standing.lua'),
  };

  async function held(script: keyof typeof scripts, { rule, token }: Hold, ...args: (string | number)[]) {
    const reply = String(await scripts[script](rule, token, ...args));
    if (reply === 'lost') throw new LostRun(`the run of ${rule} is no longer ours`);
    return Number(reply);
  }

  return {
    owe: async (rule, dueAt) => (await scripts.owe(rule, Math.round(dueAt))) === '1',
    owed: () => client.smembers(names.runs),
    async take({ rule, token }, newRun) {
      const [kind, run = '', startedAt, resumed, cursor = '', plan = '', allowed] = strings(
        await scripts.take(rule, token, LEASE_MS, newRun),
      );
      if (kind !== 'taken') return undefined;
      return {
        run,
        startedAt: Number(startedAt),
        resumed: Number(resumed),
        ...(cursor === '' ? {} : { cursor }),
        ...(plan === '' ? {} : { plan: { text: plan, allowed: Number(allowed) } }),
      };
    },
    renew: (hold, leaseMs = LEASE_MS) => held('renew', hold, leaseMs),
    release: async (hold) => void (await scripts.renew(hold.rule, hold.token, 0)),
    plan: (hold, { page, text, wishes, cap }) => held('plan', hold, page, text, wishes, cap.count, cap.perMs),
    save: async (hold, cursor) => void (await held('save', hold, cursor)),
    finish: async (hold, account, summary) => void (await held('finish', hold, account, JSON.stringify(summary))),
    forget: async (rule) => String(await scripts.forget(rule)) || undefined,
    async standings(rule, tickets) {
      if (tickets.length === 0) return [];
      const flat = strings(await scripts.standing(rule, ...tickets));
      return tickets.map((_, i) => {
        const [open, verdict = '', status = '', acceptedAt] = flat.slice(i * 4, i * 4 + 4);
        const newest = verdict === '' ? {} : { newest: { verdict, status, acceptedAt: Number(acceptedAt) } };
        return { isOpen: open === '1', ...newest };
      });
    },
  };
}

function strings(reply: unknown): string[] {
  if (!Array.isArray(reply)) throw new Error('a script answered something else than a list');
  return reply.map(String);
}
