// Owns the small file in which marks outlive the process, one for each Redis and prefix. It is a help, not a record: a
// missing or broken one says nothing, and of two processes that write at once one loses a second of precision.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseRedisUrl, type RedisAddress } from '../redis/url.ts';
import type { Marks } from './mark.ts';

export interface MarkFile {
  readonly path: string;
  /** Nothing where there is no file, or not one of ours. */
  read(): Promise<Marks>;
  /** Writes what `change` makes of the marks in the file, if it makes anything else. Rejects when it cannot be written. */
  update(change: (kept: Marks) => Marks): Promise<void>;
}

const Id = z.string().regex(/^\d{1,15}-\d{1,20}$/);
const MarksSchema = z.object({ ledger: Id.optional(), unmatched: Id.optional() });

/** The file for this Redis in the folder `home`, which is made, closed to other users, with the first write. */
export function openMarkFile({ home, redisUrl, prefix }: MarkPlace): MarkFile {
  const path = join(home, `redis-mark-${prefix}-${digestOf(parseRedisUrl(redisUrl))}.json`);

  async function read(): Promise<Marks> {
    const text = await readFile(path, 'utf8').catch(() => '');
    return marksIn(text);
  }

  return {
    path,
    read,
    async update(change) {
      const kept = await read();
      const text = `${JSON.stringify(change(kept))}\n`;
      if (text === `${JSON.stringify(kept)}\n`) return;
      await mkdir(home, { recursive: true, mode: 0o700 });
      await writeWhole(path, text);
    },
  };
}

export interface MarkPlace {
  readonly home: string;
  readonly redisUrl: string;
  readonly prefix: string;
}

/** Which data it is, and not how one gets at it: another password or TLS leads to the same. */
function digestOf(address: RedisAddress): string {
  return createHash('sha256')
    .update(JSON.stringify(whereOf(address)))
    .digest('hex')
    .slice(0, 12);
}

function whereOf(address: RedisAddress): readonly unknown[] {
  switch (address.kind) {
    case 'single':
      return [address.host, address.port, address.db];
    case 'socket':
      return [address.path, address.db];
    case 'sentinel':
      return [address.sentinels.map(({ host, port }) => `${host}:${port}`).toSorted(), address.master, address.db];
    case 'cluster':
      return [address.nodes.map(({ host, port }) => `${host}:${port}`).toSorted()];
    default:
      return address satisfies never;
  }
}

function marksIn(text: string): Marks {
  try {
    const { ledger, unmatched } = MarksSchema.parse(JSON.parse(text));
    return { ...(ledger === undefined ? {} : { ledger }), ...(unmatched === undefined ? {} : { unmatched }) };
  } catch {
    return {};
  }
}

/** On the disk before it takes its name: what a power cut takes from Redis must not be taken from here as well. */
async function writeWhole(path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    const file = await open(fresh, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
