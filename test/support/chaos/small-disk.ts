// A Redis whose disk is small: no file of it may grow beyond a limit, as an ordinary user can ask the system (ulimit -f).
// The write that does not fit ends it, or is refused; which of the two is the system's and Redis' own business.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../../src/redis/program.ts';
import { startProcess } from '../../../src/redis/server-process.ts';
import { socketUrl } from '../../../src/redis/url.ts';
import { type OwnRedis, openClient } from '../redis.ts';
import { testPlaces } from '../redis-places.ts';

export interface SmallRedis extends OwnRedis {
  /** Space is made: from the next start on, files may grow as they like. */
  freeSpace(): void;
  readonly isGone: boolean;
}

export async function spawnSmallRedis(kilobytes: number): Promise<SmallRedis> {
  const program = findProgram(testPlaces);
  if (program === undefined) throw new Error('no Redis server: test/support/redis-setup.ts should have seen to it');
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), 'statuswire-small-')));
  const socket = join(dataDir, 'redis.sock');
  const url = socketUrl(socket);
  const limited = join(dataDir, 'limited-redis');
  // POSIX counts in blocks of 512 bytes.
  writeFileSync(limited, `#!/bin/sh\nulimit -f ${kilobytes * 2}\nexec '${program.file}' "$@"\n`);
  chmodSync(limited, 0o755);
  let file = limited;
  let child: ChildProcess;
  const isGone = () => child.exitCode !== null || child.signalCode !== null;
  const start = async () => {
    child = startProcess({ program: { ...program, file }, dataDir, socket });
    (await openClient(url)).disconnect();
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (isGone()) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  await start();
  return {
    url,
    dataDir,
    kill,
    get isGone() {
      return isGone();
    },
    freeSpace: () => {
      file = program.file;
    },
    stop: () => void child.kill('SIGSTOP'),
    cont: () => void child.kill('SIGCONT'),
    restart: async () => {
      await kill();
      await start();
    },
    close: async () => {
      await kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
