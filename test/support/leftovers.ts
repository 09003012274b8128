// What a program leaves behind: processes that work in a folder, whatever they are called. Private servers of a test that
// failed are ended after it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { packageFolder } from '../../src/redis/program.ts';
import { workFolder } from './process.ts';
import { testPlaces } from './redis-places.ts';

const folders = new Set<string>();

afterEach(() => {
  for (const pid of [...folders].flatMap(processesIn)) end(pid);
  folders.clear();
});

/**
 * A folder to work in where a private Redis may be started: nothing of it outlives the test, and what the run has unpacked
 * (where no Redis is installed) is used instead of being fetched again.
 */
export function privateFolder(files: Record<string, string> = {}): string {
  const folder = workFolder(files);
  folders.add(folder);
  const unpacked = packageFolder(testPlaces.stateDir);
  if (existsSync(unpacked)) {
    mkdirSync(join(folder, '.statuswire'), { mode: 0o700 });
    symlinkSync(unpacked, packageFolder(join(folder, '.statuswire')));
  }
  return folder;
}

/** The processes that work in `folder` or name it in their command line. */
export function processesIn(folder: string): number[] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).split('\n');
    return lines.filter((line) => line.includes(folder)).map((line) => Number.parseInt(line, 10));
  }
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && factsOf(pid).includes(folder));
}

function factsOf(pid: number): string {
  try {
    return `${readFileSync(`/proc/${pid}/cmdline`, 'utf8')} ${readlinkSync(`/proc/${pid}/cwd`)}`;
  } catch {
    return '';
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in this moment.
  }
}
