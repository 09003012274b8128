// How Lua files become functions.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineScript } from '../../../src/redis/script.ts';
import { isUnavailable } from '../../../src/redis/unavailable.ts';
import { openTestRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let folder: string;

beforeEach(async () => {
  redis = await openTestRedis();
  folder = mkdtempSync(join(tmpdir(), 'statuswire-lua-'));
});
afterEach(async () => {
  await redis.close();
  rmSync(folder, { recursive: true, force: true });
});

function lua(name: string, text: string): URL {
  const file = join(folder, name);
  writeFileSync(file, text);
  return pathToFileURL(file);
}

describe('a script', () => {
  it('runs on its keys with its libraries before it', async () => {
    const library = lua('library.lua', "local function join(a, b) return a .. '+' .. b end");
    const script = lua('script.lua', 'return {KEYS[1], join(ARGV[1], ARGV[2]), 7, false}');
    const run = defineScript(redis.client, [library, script], [redis.names.tag]);
    expect(await run('a', 2)).toEqual([redis.names.tag, 'a+2', 7, null]);
    expect(await run(Buffer.from('b'), 'c')).toEqual([redis.names.tag, 'b+c', 7, null]);
    const long = '…ü'.repeat(100_000);
    expect(await run(long, 1.5)).toEqual([redis.names.tag, `${long}+1.5`, 7, null]);
  });

  it('is executed once also when the server has forgotten it', async () => {
    const run = defineScript(
      redis.client,
      [lua('count.lua', "return redis.call('INCR', KEYS[1])")],
      [redis.names.dirty],
    );
    expect(await run()).toBe(1);
    await redis.client.script('FLUSH');
    expect(await run()).toBe(2);
    expect(await run()).toBe(3);
  });

  it('that fails is named in the error', async () => {
    const run = defineScript(redis.client, [lua('broken.lua', 'return nothing.at.all')], []);
    await expect(run()).rejects.toThrow(/The script broken.lua failed in Redis: .*nothing/);
  });

  it('rejects with Redis’ own error when Redis is away', async () => {
    const run = defineScript(redis.client, [lua('one.lua', 'return 1')], []);
    redis.client.disconnect();
    const error = await run().catch((reason: unknown) => reason);
    expect(isUnavailable(error)).toBe(true);
    expect(String(error)).not.toContain('one.lua');
  });
});
