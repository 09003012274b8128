// Owns what an operator may do to single changes: take one back, try a failed one again, put a failed one away. Each says
// what was done or why not; nothing here overrules a newer wish.
import type { ChangeStory, Ledger } from '../ledger/ledger.ts';
import type { Names } from '../redis/names.ts';
import type { Script } from '../redis/script.ts';
import { isStatus } from '../ticket/ticket.ts';
import type { Accept } from './core.ts';

/** What became of an operator's request. `by` names the newer wish that won. */
export type Steered =
  | { readonly kind: 'cancelled' | 'dropped' }
  | { readonly kind: 'retried'; readonly change: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'under-way' }
  | { readonly kind: 'ended'; readonly verdict: string }
  | { readonly kind: 'not-failed'; readonly verdict?: string }
  | { readonly kind: 'overtaken'; readonly by: string };

/** Which failed (or held) changes are meant; an empty filter means all failed ones. */
export interface FailedFilter {
  readonly rule?: string | undefined;
  readonly ticket?: string | undefined;
  /** The verdict (`failed`, `expired`) or the HTTP status of the last answer, e.g. `404`. */
  readonly class?: string | undefined;
  /** Default `failed`; `held`: changes over the cap of their rule. */
  readonly list?: 'failed' | 'held';
  /** Ended at or after this moment, ms. */
  readonly since?: number | undefined;
}

export interface Steering {
  cancel(id: string): Promise<Steered>;
  retry(id: string): Promise<Steered>;
  /** Puts a failed change away: it is no longer listed; its story stays. */
  drop(id: string): Promise<Steered>;
  /** Remembers `key` as a name for a ticket, as a rule with `link` does. */
  link(key: string, ticket: string): Promise<void>;
  /** The ticket that is remembered by a name. */
  linked(key: string): Promise<string | undefined>;
  /** Changes that ended failed or expired, oldest first, at most `limit`. */
  failed(filter: FailedFilter, limit?: number): Promise<ChangeStory[]>;
}

/** The commands that steering needs, as ioredis has them. */
export interface SteeringClient {
  zrangebyscore(
    key: string,
    min: string,
    max: string,
    limit: 'LIMIT',
    offset: number,
    count: number,
  ): Promise<string[]>;
  zrem(key: string, member: string): Promise<number>;
  hget(key: string, field: string): Promise<string | null>;
  get(key: string): Promise<string | null>;
}

export interface SteeringParts {
  readonly client: SteeringClient;
  readonly names: Names;
  readonly ledger: Pick<Ledger, 'change'>;
  readonly accept: Accept;
  readonly cancel: Script;
  readonly newId: (prefix: 'ev') => string;
  readonly now: () => number;
}

const CHUNK = 200;

export function makeSteering({ client, names, ledger, accept, cancel, newId, now }: SteeringParts): Steering {
  return {
    async cancel(id) {
      const [kind, verdict = ''] = (await cancel(id)) as string[];
      if (kind === 'ended') return { kind, verdict };
      if (kind === 'cancelled' || kind === 'unknown' || kind === 'under-way') return { kind };
      throw new Error(`cancel answered ${kind}`);
    },

    async retry(id) {
      const story = await ledger.change(id);
      if (story === undefined) return { kind: 'unknown' };
      if (!hasFailed(story)) return notFailed(story);
      const newest = await client.hget(names.ticket(story.ticket), 'change');
      // A held change never was the ticket's newest wish; by its order it is overtaken, or enters.
      if (newest !== null && newest !== id && story.verdict !== 'held') return { kind: 'overtaken', by: newest };
      const kind = (await client.hget(names.change(id), 'class')) === 'clock' ? 'clock' : 'live';
      const accepted = await accept({ ...asDelivery(story), class: kind });
      await putAway(id);
      return { kind: 'retried', change: accepted.changes[0] ?? '' };
    },

    async drop(id) {
      if (await putAway(id)) return { kind: 'dropped' };
      const story = await ledger.change(id);
      if (story === undefined) return { kind: 'unknown' };
      return notFailed(story);
    },

    async link(key, ticket) {
      const id = newId('ev');
      const body = { key, ticket };
      const reason = 'an operator said so';
      await accept({
        event: { id, source: 'api', type: 'link.set', receivedAt: now(), headers: {}, body },
        rawBody: Buffer.from(JSON.stringify(body)),
        keepMs: 0,
        delivery: { key: `once:${id}`, windowMs: 60_000 },
        decisions: [{ kind: 'links', rule: 'api', key, ticket, dryRun: false, reason }],
      });
    },

    async linked(key) {
      return (await client.get(names.link(key))) ?? undefined;
    },

    async failed(filter, limit = 1_000) {
      const found: ChangeStory[] = [];
      for (let offset = 0; found.length < limit; offset += CHUNK) {
        const since = filter.since === undefined ? '-inf' : String(filter.since);
        const ids = await client.zrangebyscore(names[filter.list ?? 'failed'], since, '+inf', 'LIMIT', offset, CHUNK);
        const stories = await Promise.all(ids.map((id) => ledger.change(id)));
        for (const story of stories) if (story !== undefined && isMeant(story, filter)) found.push(story);
        if (ids.length < CHUNK) break;
      }
      return found.slice(0, limit);
    },
  };

  async function putAway(id: string): Promise<boolean> {
    return (await client.zrem(names.failed, id)) + (await client.zrem(names.held, id)) > 0;
  }

  /**
   * The same wish once more, as a new change with the old order: a wish that came in between is newer and wins.
   * Its delivery is named after the failed change, so that asking twice makes one.
   */
  function asDelivery(story: ChangeStory): Parameters<Accept>[0] {
    const { id, ticket, status, account, rule } = story;
    if (!isStatus(status)) throw new Error(`change ${id} has no status that we know: ${status}`);
    const reason = `an operator retried ${id}`;
    const body = { retried: id };
    return {
      event: {
        id: newId('ev'),
        source: 'api',
        type: 'change.retried',
        at: Date.parse(story.orderedAt),
        receivedAt: now(),
        headers: {},
        body,
      },
      rawBody: Buffer.from(JSON.stringify(body)),
      keepMs: 0,
      delivery: { key: `retry:${id}`, windowMs: 60 * 60 * 1_000 },
      decisions: [{ kind: 'matched', rule, ticket, status, account, dryRun: false, reason }],
    };
  }
}

function hasFailed({ verdict }: ChangeStory): boolean {
  return verdict === 'failed' || verdict === 'expired' || verdict === 'held';
}

function notFailed({ verdict }: ChangeStory): Steered {
  return verdict === undefined ? { kind: 'not-failed' } : { kind: 'not-failed', verdict };
}

function isMeant(story: ChangeStory, filter: FailedFilter): boolean {
  const status = story.attempts.at(-1)?.httpStatus;
  return (
    (filter.rule === undefined || story.rule === filter.rule) &&
    (filter.ticket === undefined || story.ticket === filter.ticket) &&
    (filter.class === undefined || story.verdict === filter.class || String(status) === filter.class)
  );
}
