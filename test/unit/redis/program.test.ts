// In which order a server program is looked for, and what is said where there is none.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installFromDistribution } from '../../../src/redis/distribution.ts';
import { findProgram, installLine, packageFolder } from '../../../src/redis/program.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'statuswire-program-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function place(path: string, mode = 0o755): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, mode);
  return file;
}

describe('a server program', () => {
  it('named by REDIS_SERVER_BIN is taken before any other', () => {
    place('path/redis-server');
    const bin = place('mine/my-redis');
    expect(findProgram({ bin, path: join(root, 'path'), folders: [] })).toEqual({ file: bin });
  });

  it('named by REDIS_SERVER_BIN and not there is a fault, not a reason to take another', () => {
    place('path/redis-server');
    const bin = join(root, 'none');
    expect(() => findProgram({ bin, path: join(root, 'path'), folders: [] })).toThrow(`REDIS_SERVER_BIN is ${bin}`);
  });

  it('on PATH comes before the usual folders, those before the unpacked package', () => {
    const unpacked = place('state/redis-package/usr/bin/redis-server');
    const usual = place('usual/redis-server');
    const onPath = place('path/valkey-server');
    const stateDir = join(root, 'state');
    const folders = [join(root, 'usual')];
    expect(findProgram({ path: `/nowhere:${join(root, 'path')}`, folders, stateDir })?.file).toBe(onPath);
    expect(findProgram({ path: '/nowhere', folders, stateDir })?.file).toBe(usual);
    expect(findProgram({ path: '', folders: [], stateDir })?.file).toBe(unpacked);
  });

  it('that may not be run, or is a folder, is passed over', () => {
    place('one/redis-server', 0o644);
    mkdirSync(join(root, 'two/redis-server'), { recursive: true });
    expect(findProgram({ folders: [join(root, 'one'), join(root, 'two')] })).toBeUndefined();
  });

  it('that was unpacked runs with the libraries unpacked beside it', () => {
    place('state/redis-package/usr/bin/redis-server');
    place('state/redis-package/usr/lib/x86_64-linux-gnu/liblzf.so.1');
    const libraries = join(packageFolder(join(root, 'state')), 'usr/lib/x86_64-linux-gnu');
    expect(findProgram({ stateDir: join(root, 'state'), folders: [] })?.libraryPath).toContain(libraries);
  });
});

describe('where no server is installed', () => {
  it('the one line to type fits the machine', () => {
    place('bin/dnf');
    expect(installLine('darwin')).toBe('brew install valkey');
    expect(installLine('linux', [join(root, 'bin')])).toContain('sudo dnf install');
    expect(installLine('linux', [])).toContain('docker run');
  });

  it('and no apt either, unpacking is refused with that line', async () => {
    place('bin/apk');
    await expect(installFromDistribution(join(root, 'state'), () => {}, [join(root, 'bin')])).rejects.toThrow(
      installLine(process.platform, [join(root, 'bin')]),
    );
  });
});
