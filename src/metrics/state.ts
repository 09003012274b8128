// Owns reading what /metrics tells: how things stand in Redis at the time of asking, and the sums of all processes, both from
// one script, so that they agree with each other. Leaves the text to render.ts.
import type { Names } from '../redis/names.ts';
import { defineScript, type RedisClient } from '../redis/script.ts';
import { type GaugeName, type LabelSet, type Labels, metrics } from './definitions.ts';

/** A gauge as it stood. */
export interface Sample {
  readonly metric: GaugeName;
  readonly labels: LabelSet;
  readonly value: number;
}

export interface State {
  readonly gauges: readonly Sample[];
  /** By the names that field.ts reads. */
  readonly sums: ReadonlyMap<string, number>;
}

export interface StateParts {
  readonly client: RedisClient;
  readonly names: Pick<Names, 'tag'>;
  /** The full pace of each account, calls per second. */
  readonly paces: ReadonlyMap<string, number>;
}

/** Reads the state, in one round trip. Rejects as Redis does when it is away. */
export function openState({ client, names, paces }: StateParts): () => Promise<State> {
  const files = ['../ledger/ledger.lua', '../ticket/share.lua', './state.lua'];
  const look = defineScript(
    client,
    files.map((file) => new URL(file, import.meta.url)),
    [names.tag],
  );
  return async function readState() {
    const [open, waiting, failed, held, dirty, ledger, unmatched, oldestMs, ...rest] = strings(
      await look(...paces.keys()),
    );
    const gauges = [
      gauge('redisUp', {}, '1'),
      gauge('changesOpen', {}, open),
      gauge('changesWaiting', {}, waiting),
      gauge('oldestChange', {}, oldestMs, 1 / 1000),
      gauge('changesFailed', {}, failed),
      gauge('changesHeld', {}, held),
      gauge('ticketsDirty', {}, dirty),
      gauge('historyEntries', { list: 'ledger' }, ledger),
      gauge('historyEntries', { list: 'unmatched' }, unmatched),
    ];
    for (const [account, pace] of paces) {
      const [share, holdMs, shut] = rest.splice(0, 3);
      gauges.push(gauge('accountPace', { account }, share, pace), gauge('accountHold', { account }, holdMs, 1 / 1000));
      for (const why of metrics.accountShut.labels.why) {
        gauges.push(gauge('accountShut', { account, why }, shut === why ? '1' : '0'));
      }
    }
    const sums = new Map<string, number>();
    for (let i = 0; i + 1 < rest.length; i += 2) sums.set(rest[i] ?? '', Number(rest[i + 1]));
    return { gauges, sums };
  };
}

function gauge<M extends GaugeName>(metric: M, labels: Labels<M>, value: string | undefined, unit = 1): Sample {
  return { metric, labels: labels as LabelSet, value: Number(value) * unit };
}

function strings(reply: unknown): string[] {
  if (!Array.isArray(reply)) throw new Error('a script answered something else than a list');
  return reply.map(String);
}
