// Owns the way of what a process counts to the sums in Redis: once a second, each batch exactly once (redis/batches.ts). While
// Redis is away counts wait in memory; what a process has not handed over when it dies is lost.
import type { Log } from '../log.ts';
import { makeBatches } from '../redis/batches.ts';
import type { Names } from '../redis/names.ts';
import { defineScript, type RedisClient } from '../redis/script.ts';
import { type Additions, makeTally, type Tally } from './tally.ts';

export interface OpenTally extends Tally {
  /** Hands over what is left. Never rejects; with Redis away it ends no later than the connection. */
  close(): Promise<void>;
}

export interface OpenTallyParts {
  readonly client: RedisClient;
  readonly names: Pick<Names, 'tag'>;
  /** Names this tally: random, never used again. */
  readonly writer: string;
  readonly log: Pick<Log, 'warn'>;
}

const EVERY_MS = 1_000;

/** A tally that hands over what it has counted once a second, until it is closed. */
export function openTally({ client, names, writer, log }: OpenTallyParts): OpenTally {
  const files = ['../redis/once.lua', './tally.lua'].map((file) => new URL(file, import.meta.url));
  const takeIn = defineScript(client, files, [names.tag]);
  const { count, observe, take } = makeTally();
  const batches = makeBatches<Additions>({
    writer,
    everyMs: EVERY_MS,
    take,
    send: ({ number, load }) => takeIn(writer, number, ...load),
    ping: () => client.ping(),
    onDefect: (error) => log.warn({ error }, 'metrics.trouble'),
  });
  batches.start();
  return { count, observe, close: batches.close };
}
