// What happens to the append-only file of a server that is not running: its end never reached the disk, or it is an old copy.
import { cp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** A machine without power: the last `share` of the file is gone. */
export async function cutTail(dataDir: string, share: number): Promise<void> {
  const path = await growingFile(dataDir);
  await truncate(path, Math.floor((await stat(path)).size * (1 - share)));
}

/** Bytes in it now, to be cut back to. */
export async function sizeNow(dataDir: string): Promise<number> {
  return (await stat(await growingFile(dataDir))).size;
}

export async function cutTo(dataDir: string, bytes: number): Promise<void> {
  await truncate(await growingFile(dataDir), bytes);
}

/** A backup, and what puts it back. */
export async function backUp(dataDir: string): Promise<() => Promise<void>> {
  const [living, copy] = [join(dataDir, 'appendonlydir'), join(dataDir, 'backup')];
  await cp(living, copy, { recursive: true });
  return async () => {
    await rm(living, { recursive: true });
    await cp(copy, living, { recursive: true });
  };
}

async function growingFile(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'appendonlydir');
  const file = (await readdir(folder)).find((name) => name.endsWith('.incr.aof'));
  return join(folder, file ?? '');
}
