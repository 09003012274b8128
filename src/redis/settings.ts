// Owns what the Redis we were given is set to. Changes nothing there; what it means is judged in weakness.ts.
import type { Redis } from 'ioredis';
import type { RedisClient } from './connection.ts';
import { judge, type Settings, unknown, type Weakness } from './weakness.ts';

export interface JudgedSettings extends Settings {
  readonly weaknesses: readonly Weakness[];
}

/**
 * Asks the server; in a cluster every primary, of which the first is told and all are judged. What a server forbids to
 * ask (CONFIG, INFO) is `unknown` and told as a weakness. Rejects only if Redis does not answer.
 */
export async function readSettings(client: RedisClient): Promise<JudgedSettings> {
  const nodes: readonly Redis[] = 'nodes' in client ? client.nodes('master') : [client];
  const [first, ...others] = await Promise.all(nodes.map(readNode));
  if (first === undefined) throw new Error('The Redis cluster shows no primary');
  const bySentence = new Map([first, ...others].flatMap(judge).map((weakness) => [weakness.bends, weakness]));
  return { ...first, weaknesses: [...bySentence.values()] };
}

async function readNode(node: Redis): Promise<Settings> {
  const info = fieldsOf((await allowed(node.info())) ?? '');
  const config = async (name: string): Promise<string | undefined> => {
    const reply = await allowed<unknown>(node.config('GET', name));
    return Array.isArray(reply) && reply.length > 1 ? String(reply[1]) : undefined;
  };
  const aof = new Map([
    ['1', 'yes'],
    ['0', 'no'],
  ]).get(info.get('aof_enabled') ?? '');
  return {
    version: info.get('valkey_version') ?? info.get('redis_version') ?? unknown,
    role: info.get('role') ?? unknown,
    appendonly: (await config('appendonly')) ?? aof ?? unknown,
    appendfsync: (await config('appendfsync')) ?? unknown,
    maxmemoryPolicy: (await config('maxmemory-policy')) ?? info.get('maxmemory_policy') ?? unknown,
    maxmemory: (await config('maxmemory')) ?? info.get('maxmemory') ?? unknown,
    replicas: info.get('connected_slaves') ?? unknown,
    minReplicasToWrite: (await config('min-replicas-to-write')) ?? unknown,
  };
}

/** Undefined where the server forbids it: hosted ones hide CONFIG behind "unknown command", access lists behind NOPERM. */
async function allowed<T>(reply: Promise<T>): Promise<T | undefined> {
  return reply.catch((error: unknown) => {
    const isForbidden = /^NOPERM|^ERR (?:unknown command|.*not (?:allowed|permitted|supported))/i;
    if (error instanceof Error && isForbidden.test(error.message)) return undefined;
    throw error;
  });
}

function fieldsOf(info: string): Map<string, string> {
  return new Map(
    info.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
    }),
  );
}
