// Owns the folder STATUSWIRE_HOME as such: that it is there, and that this user may write in it.
import { accessSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Refusal } from './output.ts';

/** Makes the folder if missing, closed to other users, and gives its full path. Throws a Refusal with the next step. */
export function openHome(path: string): string {
  const home = resolve(path);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    accessSync(home, constants.W_OK | constants.X_OK);
    return home;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new Refusal(
      `The folder ${home} cannot be made or written to (${code}). Run this where you may write, or set STATUSWIRE_HOME to a folder where you may.`,
    );
  }
}
