// Which promise each weaker setting is said to bend.
import { describe, expect, it } from 'vitest';
import { judge, type Settings } from '../../../src/redis/weakness.ts';

const strong: Settings = {
  version: '7.0.15',
  role: 'master',
  appendonly: 'yes',
  appendfsync: 'always',
  maxmemoryPolicy: 'noeviction',
  maxmemory: '0',
  replicas: '0',
  minReplicasToWrite: '0',
};

const weaker: readonly (readonly [change: Partial<Settings>, setting: string, bends: string])[] = [
  [{ appendonly: 'no' }, 'appendonly', 'When Redis restarts'],
  [{ appendfsync: 'everysec' }, 'appendfsync', 'the last second'],
  [{ appendfsync: 'no' }, 'appendfsync', '30 seconds'],
  [{ appendfsync: 'unknown' }, 'appendfsync', 'Nobody can tell'],
  [{ appendonly: 'unknown', appendfsync: 'unknown' }, 'appendonly', 'Nobody can tell'],
  [{ maxmemoryPolicy: 'allkeys-lru', maxmemory: '1048576' }, 'maxmemory-policy', 'silently deletes'],
  [{ maxmemoryPolicy: 'volatile-ttl' }, 'maxmemory-policy', 'No limit is set'],
  [{ role: 'slave' }, 'role', 'refuses every write'],
  [{ replicas: '2' }, 'min-replicas-to-write', 'takes over'],
  [{ version: '6.0.16' }, 'version', '6.2'],
];

describe('the settings of Redis', () => {
  it('of a private server bend no promise', () => {
    expect(judge(strong)).toEqual([]);
  });

  it.each(weaker)('%j bend one promise, said in plain words with what to do', (change, setting, bends) => {
    const found = judge({ ...strong, ...change });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      setting,
      bends: expect.stringContaining(bends),
      mend: expect.stringMatching(/\.$/),
    });
  });

  it('that are weak in several ways are all named', () => {
    const found = judge({ ...strong, appendonly: 'no', maxmemoryPolicy: 'allkeys-lru', version: '5.0.7' });
    expect(found.map(({ setting }) => setting)).toEqual(['appendonly', 'maxmemory-policy', 'version']);
  });

  it('with replicas that must confirm writes bend nothing', () => {
    expect(judge({ ...strong, replicas: '1', minReplicasToWrite: '1' })).toEqual([]);
  });
});
