// How a Redis address is read, and that a fault never gives its password away.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRedisUrl, type RedisAddress, socketUrl } from '../../../src/redis/url.ts';

const local = { host: 'localhost', port: 6379 };

const readings: readonly (readonly [url: string, address: RedisAddress])[] = [
  ['redis://localhost', { kind: 'single', ...local, db: 0, tls: false }],
  ['redis://localhost/', { kind: 'single', ...local, db: 0, tls: false }],
  [' redis://10.0.0.1:6380/3\n', { kind: 'single', host: '10.0.0.1', port: 6380, db: 3, tls: false }],
  ['redis://[::1]:6380', { kind: 'single', host: '::1', port: 6380, db: 0, tls: false }],
  [
    'rediss://:s%40cret@cache.example:6390',
    { kind: 'single', host: 'cache.example', port: 6390, password: 's@cret', db: 0, tls: true },
  ],
  ['redis://app:pw@localhost', { kind: 'single', ...local, username: 'app', password: 'pw', db: 0, tls: false }],
  ['unix:///run/redis.sock', { kind: 'socket', path: '/run/redis.sock', db: 0 }],
  ['unix://:pw@/run/my%20redis.sock?db=2', { kind: 'socket', path: '/run/my redis.sock', password: 'pw', db: 2 }],
  [
    'redis+sentinel://app:pw@s1:26380,s2/mymaster/4',
    {
      kind: 'sentinel',
      sentinels: [
        { host: 's1', port: 26380 },
        { host: 's2', port: 26379 },
      ],
      master: 'mymaster',
      username: 'app',
      password: 'pw',
      db: 4,
      tls: false,
      sentinelLogin: {},
    },
  ],
  [
    'rediss+sentinel://s1/m?sentinelUsername=watch&sentinelPassword=p%26w',
    {
      kind: 'sentinel',
      sentinels: [{ host: 's1', port: 26379 }],
      master: 'm',
      db: 0,
      tls: true,
      sentinelLogin: { username: 'watch', password: 'p&w' },
    },
  ],
  [
    'redis+cluster://n1:7000,n2:7001',
    {
      kind: 'cluster',
      nodes: [
        { host: 'n1', port: 7000 },
        { host: 'n2', port: 7001 },
      ],
      tls: false,
    },
  ],
  ['rediss+cluster://:pw@n1/', { kind: 'cluster', nodes: [{ host: 'n1', port: 6379 }], password: 'pw', tls: true }],
];

const faults: readonly (readonly [url: string, expected: string])[] = [
  ['', 'redis://'],
  ['localhost:6379', 'redis://'],
  ['http://localhost', 'redis://'],
  ['redis://', 'host:port'],
  ['redis://localhost:0', 'port from 1 to 65535'],
  ['redis://localhost:99999', 'port from 1 to 65535'],
  ['redis://localhost/first', 'a database number'],
  ['redis://localhost?db=1', 'no options'],
  ['redis://a,b', 'one host'],
  ['redis://user@localhost', 'user:password@'],
  ['redis://:%zz@localhost', 'two hex digits'],
  ['unix://run/redis.sock', 'an absolute path'],
  ['unix:///run/redis.sock?port=1', 'only db'],
  ['redis+sentinel://s1:26379', 'the name of the master'],
  ['redis+sentinel://s1/m/0/more', 'the name of the master'],
  ['redis+cluster://n1/1', 'only database 0'],
  ['redis+tls://n1', 'redis://'],
];

describe('a Redis address', () => {
  it.each(readings)('%s is understood', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  it.each(faults)('"%s" is refused with what was expected', (url, expected) => {
    expect(() => parseRedisUrl(url)).toThrow(expected);
  });

  it('carries any user name and password, percent-encoded', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(text, text, (username, password) => {
        const url = `redis://${encodeURIComponent(username)}:${encodeURIComponent(password)}@localhost`;
        expect(parseRedisUrl(url)).toMatchObject({ ...local, username, password });
      }),
    );
  });

  it('refused for a badly written password does not repeat it', () => {
    const secret = 'Zq7Xw9';
    const forms = ['redis', 'rediss', 'redis+sentinel', 'redis+cluster', 'unix', 'nonsense'];
    const around = fc.string({ unit: fc.constantFrom('/', '@', ':', '?', '#', '%', ',', 'a', '1', '='), maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...forms), around, around, (form, before, after) => {
        const said = faultOf(`${form}://app:${before}${secret}${after}@localhost:6379/0`);
        expect(said).not.toContain(secret);
      }),
      { numRuns: 1000 },
    );
  });

  it('of a socket is read back as its path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        const path = `/${name.replaceAll('/', '')}x`;
        expect(parseRedisUrl(socketUrl(path))).toEqual({ kind: 'socket', path, db: 0 });
      }),
    );
  });
});

function faultOf(url: string): string {
  try {
    parseRedisUrl(url);
    return '';
  } catch (error) {
    return String(error);
  }
}
