import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { envKeys, formatEnvFault, loadEnv, readEnv } from '../../../src/config/env.ts';

function envOf(source: NodeJS.ProcessEnv) {
  const result = readEnv(source);
  if (!result.ok) throw new Error(result.faults.map(formatEnvFault).join('\n'));
  return result.env;
}

function faultsOf(source: NodeJS.ProcessEnv): readonly string[] {
  const result = readEnv(source);
  return result.ok ? [] : result.faults.map(formatEnvFault);
}

describe('the environment', () => {
  const defaults = {
    HOST: '127.0.0.1',
    PORT: 8080,
    STATUSWIRE_HOME: '.statuswire',
    STATUSWIRE_PREFIX: 'statuswire',
    LOG_LEVEL: 'info',
  };

  it('has a default for all that has to have a value', () => {
    expect(envOf({})).toEqual(defaults);
  });

  it('takes an empty text for unset', () => {
    expect(envOf(Object.fromEntries(envKeys.map((key) => [key, ''])))).toEqual(defaults);
  });

  it('is read, as far as Statuswire knows it, and frozen', () => {
    const env = envOf({ PORT: '0', HOST: '::', REDIS_URL: 'rediss://:pw@redis.example:6380/2', HOME: '/root' });
    expect(env).toEqual({ ...defaults, PORT: 0, HOST: '::', REDIS_URL: 'rediss://:pw@redis.example:6380/2' });
    expect(Object.isFrozen(env)).toBe(true);
  });

  it('tells all that is wrong at once: the key, the value, what was expected', () => {
    expect(faultsOf({ HOST: 'http://localhost', PORT: '80a', STATUSWIRE_PREFIX: 'a b', LOG_LEVEL: 'loud' })).toEqual([
      'HOST is "http://localhost", expected an address or host name to listen on, such as 127.0.0.1 or ::',
      'PORT is "80a", expected a port from 0 to 65535; 0 picks a free one',
      'STATUSWIRE_PREFIX is "a b", expected letters, digits, . _ or -, at most 64',
      'LOG_LEVEL is "loud", expected one of trace, debug, info, warn, error, fatal, silent',
    ]);
  });

  it.each(['65536', '-1', '8080.0', '1e3', ' 80'])('has no port %j', (PORT) => {
    expect(faultsOf({ PORT })).toHaveLength(1);
  });

  it('wants a token that cannot be guessed and that a header can carry', () => {
    const sentence =
      'STATUSWIRE_API_TOKEN is set to something else (not shown), expected at least 16 letters, digits or signs without spaces';
    for (const token of ['short', 'fifteen-letters', 'a b c d e f g h i j', 'ünicode-is-not-for-headers']) {
      expect(faultsOf({ STATUSWIRE_API_TOKEN: token })).toEqual([expect.stringContaining(sentence)]);
    }
    expect(faultsOf({ STATUSWIRE_API_TOKEN: 'sixteen-letters!' })).toEqual([]);
  });

  it('wants a key of 32 bytes in hex, and says how to make one', () => {
    for (const secret of ['short', 'f'.repeat(63), 'f'.repeat(65), `${'f'.repeat(63)}g`, ` ${'f'.repeat(64)}`]) {
      expect(faultsOf({ STATUSWIRE_SECRET: secret })).toEqual([
        'STATUSWIRE_SECRET is set to something else (not shown), expected 32 bytes as 64 hex digits; `openssl rand -hex 32` makes them',
      ]);
    }
    expect(envOf({ STATUSWIRE_SECRET: 'aF'.repeat(32) }).STATUSWIRE_SECRET).toBe('aF'.repeat(32));
  });

  it('wants an address of Redis, and says in which forms', () => {
    const [fault] = faultsOf({ REDIS_URL: 'http://redis.example' });
    expect(fault).toMatch(/^REDIS_URL is set to something else \(not shown\), expected .*redis:\/\//);
  });

  it('never shows the value of a secret', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{10,20}$/).map((text) => `S${text}`);
    fc.assert(
      fc.property(secret, fc.constantFrom('', 'redis://', 'redis://:', 'redis:// ', 'x://'), (value, before) => {
        const text = faultsOf({
          REDIS_URL: `${before}${value}@ @`,
          STATUSWIRE_API_TOKEN: `${value} `,
          STATUSWIRE_SECRET: value,
          // What belongs into another variable.
          HOST: `redis://u:${'x'.repeat(60)}${value}@redis.example`,
          TRUST_PROXY: `http://${value}@10.0.0.1`,
        }).join('\n');
        expect(text).toContain('REDIS_URL');
        expect(text).toContain('STATUSWIRE_API_TOKEN');
        expect(text).toContain('STATUSWIRE_SECRET');
        expect(text).not.toContain(value);
      }),
    );
  });
});

describe('.env', () => {
  let cwd = '';
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'statuswire-env-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  it('gives what the process environment does not have', () => {
    writeFileSync(join(cwd, '.env'), '# a comment\nPORT=9000\nHOST="::"\nEXTRA=from-file\n');
    expect(loadEnv({ cwd, own: { PORT: '1' } })).toEqual({ PORT: '1', HOST: '::', EXTRA: 'from-file' });
  });

  it('does not bring back what the process environment sets to nothing', () => {
    writeFileSync(join(cwd, '.env'), 'REDIS_URL=redis://somewhere\n');
    expect(envOf(loadEnv({ cwd, own: { REDIS_URL: '' } })).REDIS_URL).toBeUndefined();
  });

  it('may be missing', () => {
    expect(loadEnv({ cwd, own: { A: '1' } })).toEqual({ A: '1' });
  });

  it('leaves the environment of the process as it is', () => {
    writeFileSync(join(cwd, '.env'), 'STATUSWIRE_TEST_ONLY=1\n');
    expect(loadEnv({ cwd }).STATUSWIRE_TEST_ONLY).toBe('1');
    expect(process.env.STATUSWIRE_TEST_ONLY).toBeUndefined();
  });

  it('that cannot be read is told with the next step', () => {
    mkdirSync(join(cwd, '.env'));
    expect(() => loadEnv({ cwd, own: {} })).toThrow(/\.env cannot be read; make it a readable file, or remove it$/);
  });
});
