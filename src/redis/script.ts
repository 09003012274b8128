// Owns how a Lua script gets from the `.lua` files beside its user to Redis. The server's script cache is only a cache:
// after a restart or a failover EVALSHA answers NOSCRIPT and the whole text is sent once.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RedisClient } from './connection.ts';
import { type Argument, scriptCommand } from './script-command.ts';
import { isUnavailable } from './unavailable.ts';

export type { Argument, RedisClient };

/** Runs a script on its keys with these arguments; gives Redis' reply as it is (strings, numbers, null, lists). */
export type Script = (...args: readonly Argument[]) => Promise<unknown>;

/**
 * Reads `files` (as `new URL('./accept.lua', import.meta.url)`) now and gives a function that runs them as one script,
 * in their order, so that libraries stand first. `keys` are its KEYS, the same for every run.
 * The function rejects with Redis' own error when Redis is away (see `isUnavailable`), else with one naming the script.
 * It may send the script twice (NOSCRIPT), but only one of the two is executed.
 */
export function defineScript(client: RedisClient, files: readonly URL[], keys: readonly string[]): Script {
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const name = files.map((file) => basename(fileURLToPath(file))).join(' + ');
  const sha = createHash('sha1').update(text).digest('hex');
  const run = (name: 'eval' | 'evalsha', script: string, args: readonly Argument[]): Promise<unknown> => {
    const command = scriptCommand(name, script, keys, args);
    client.sendCommand(command);
    return command.promise;
  };
  return async (...args) => {
    try {
      return await run('evalsha', sha, args).catch((error: unknown) => {
        if (!isNoScript(error)) throw error;
        return run('eval', text, args);
      });
    } catch (error) {
      if (!(error instanceof Error) || isUnavailable(error)) throw error;
      throw new Error(`The script ${name} failed in Redis: ${error.message}`, { cause: error });
    }
  };
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
