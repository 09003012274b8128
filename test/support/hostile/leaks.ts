// What must be found nowhere: secrets, proofs, and the words of those who proved nothing; and the places to look in: what
// the program printed and answered, what Redis holds, and every command it ever confirmed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisClient } from '../../../src/redis/connection.ts';
import type { OwnRedis } from '../redis.ts';
import type { HostileSource } from './sources.ts';

export interface Watch {
  /** `what` may be found nowhere; named `name` in the report. Shorter than eight characters says nothing. */
  keep(name: string, what: string): void;
  /** The proof of one delivery, of which there are thousands. */
  keepProof(value: string): void;
  /** The names of what `text` holds. */
  found(text: string): string[];
  /** How many proofs `text` holds. */
  proofsIn(text: string): number;
}

/** Signatures in hex and base64, and long tokens. */
const WORD = /[A-Za-z0-9+/]{20,}/g;

function makeWatch(): Watch {
  const kept = new Map<string, string>();
  const proofs = new Set<string>();
  return {
    keep(name, what) {
      if (what.length < 8) throw new Error(`${name} is too short to be looked for`);
      kept.set(what, name);
    },
    keepProof(value) {
      for (const [word] of value.matchAll(WORD)) proofs.add(word);
    },
    found: (text) => [...kept].filter(([what]) => text.includes(what)).map(([, name]) => name),
    proofsIn: (text) => new Set((text.match(WORD) ?? []).filter((word) => proofs.has(word))).size,
  };
}

/** All that must stay here of an installation, and what strangers said. */
export function watchFor(
  sources: readonly HostileSource[],
  words: { readonly token: string; readonly marker: string; readonly clientSecret: string },
): Watch {
  const watch = makeWatch();
  for (const { name, secret, signWith } of sources) {
    for (const one of [secret, signWith].filter((text) => text !== undefined)) {
      watch.keep(`the secret of ${name}`, one.replace(/^wh.._/, ''));
      watch.keep(`the secret of ${name} in base64`, Buffer.from(one).toString('base64'));
    }
  }
  watch.keep('the token of the operators', words.token);
  watch.keep('the credentials of the account', words.clientSecret);
  watch.keep('words that were not proven', words.marker);
  return watch;
}

/** A text and where it stands. */
export interface Passage {
  readonly place: string;
  readonly text: string;
}

/** Every key of a Redis with all that it holds. */
export async function* contentsOf(client: RedisClient): AsyncGenerator<Passage> {
  const keys = await client.keys('*');
  while (keys.length > 0) {
    const tell = async (key: string) => ({
      place: kindOf(key),
      text: `${key}\n${JSON.stringify(await heldIn(client, key))}`,
    });
    yield* await Promise.all(keys.splice(0, 500).map(tell));
  }
}

/** A key without what is different in each of its kind. */
function kindOf(key: string): string {
  return `the key ${key.replace(/(ev|ch)_[0-9a-z]+/, '$1_…').slice(0, 80)}`;
}

async function heldIn(client: RedisClient, key: string): Promise<unknown> {
  switch (await client.type(key)) {
    case 'string':
      return client.get(key);
    case 'hash':
      return client.hgetall(key);
    case 'list':
      return client.lrange(key, 0, -1);
    case 'set':
      return client.smembers(key);
    case 'zset':
      return client.zrange(key, 0, -1);
    case 'stream':
      return client.xrange(key, '-', '+');
    default:
      return null;
  }
}

const SLICE = 16 * 1024 * 1024;
/** So that what lies across an edge is found in one of the two slices. */
const OVERLAP = 64 * 1024;

/** All commands that changed something, as they stand in the append-only file. */
export function* historyOf({ dataDir }: OwnRedis): Generator<Passage> {
  const names = readdirSync(dataDir, { recursive: true }).map(String);
  for (const name of names.filter((one) => one.endsWith('.aof'))) {
    const bytes = readFileSync(join(dataDir, name));
    for (let start = 0; start < bytes.length; start += SLICE) {
      const text = bytes.subarray(Math.max(0, start - OVERLAP), start + SLICE).toString('latin1');
      yield { place: 'what Redis was told', text };
    }
  }
}
