// The file in which marks outlive a process.
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { merge } from '../../../src/ledger/mark.ts';
import { openMarkFile } from '../../../src/ledger/mark-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'statuswire-mark-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

const open = (redisUrl = 'redis://127.0.0.1', prefix = 'statuswire') =>
  openMarkFile({ home: join(folder, 'home'), redisUrl, prefix });

describe('the file of marks', () => {
  it('gives to the next process what was written, closed to other users, with nothing beside it', async () => {
    const file = open();
    await file.update(() => ({ ledger: '5-0' }));
    await open().update((kept) => merge(kept, { ledger: '4-0', unmatched: '7-1' }));
    expect(await open().read()).toEqual({ ledger: '5-0', unmatched: '7-1' });
    expect(readdirSync(join(folder, 'home'))).toEqual([basename(file.path)]);
    expect([statSync(file.path).mode & 0o777, statSync(join(folder, 'home')).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('of two processes that write in turn neither takes the other back', async () => {
    const [one, other] = [open(), open()];
    for (let ms = 1; ms <= 20; ms += 1) {
      await one.update((kept) => merge(kept, { ledger: `${ms}-0` }));
      await other.update((kept) => merge(kept, { ledger: `${ms - 5 > 0 ? ms - 5 : 1}-0`, unmatched: `${ms}-0` }));
    }
    expect(await one.read()).toEqual({ ledger: '20-0', unmatched: '20-0' });
  });

  it('of processes that write at once is whole, and one of theirs', async () => {
    const files = Array.from({ length: 10 }, () => open());
    await Promise.all(files.map((file, at) => file.update(() => ({ ledger: `${at + 1}-0` }))));
    expect((await open().read()).ledger).toMatch(/^(?:[1-9]|10)-0$/);
    expect(readdirSync(join(folder, 'home'))).toHaveLength(1);
  });

  it('is not written, and its folder not made, while there is nothing to remember', async () => {
    await open().update((kept) => kept);
    expect(existsSync(join(folder, 'home'))).toBe(false);
  });

  it.each([
    ['cut', '{"ledger":"5-'],
    ['empty', ''],
    ['something else', '[1,2]'],
    ['no id', '{"ledger":"tomorrow"}'],
    ['a number', '{"ledger":5}'],
  ])('that is broken (%s) says nothing and is written anew', async (_name, text) => {
    const file = open();
    await file.update(() => ({ ledger: '1-0' }));
    writeFileSync(file.path, text);
    expect(await file.read()).toEqual({});
    await file.update((kept) => merge(kept, { ledger: '6-0' }));
    expect(await file.read()).toEqual({ ledger: '6-0' });
  });

  it('that cannot be written is an error of the writer', async () => {
    writeFileSync(join(folder, 'home'), 'a file in the place of the folder');
    await expect(open().update(() => ({ ledger: '1-0' }))).rejects.toThrow();
    expect(await open().read()).toEqual({});
  });
});

describe('whose marks they are', () => {
  it.each([
    ['another host', 'redis://127.0.0.2'],
    ['another port', 'redis://127.0.0.1:6380'],
    ['another database', 'redis://127.0.0.1/1'],
    ['a socket', 'unix:///tmp/redis.sock'],
    ['a Sentinel', 'redis+sentinel://127.0.0.1/main'],
    ['a cluster', 'redis+cluster://127.0.0.1'],
  ])('%s has its own', (_name, url) => {
    expect(open(url).path).not.toBe(open().path);
  });

  it('another prefix has its own', () => {
    expect(open(undefined, 'other').path).not.toBe(open().path);
  });

  it.each([
    ['redis://127.0.0.1', 'rediss://user:secret-word@127.0.0.1:6379/0'],
    ['redis+sentinel://a,b/main', 'redis+sentinel://:pw@b,a/main/0?sentinelPassword=x'],
    ['redis+cluster://a,b', 'rediss+cluster://u:p@b:6379,a:6379'],
  ])('%s and %s are one Redis', (one, other) => {
    expect(open(other).path).toBe(open(one).path);
  });
});
