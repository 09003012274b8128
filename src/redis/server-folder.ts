// Owns the folders of a private server: its data, and its socket where the data folder's path is too long for one.
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { flagNameBytes } from './turn.ts';

/** Makes `path` if missing, closes it to other users, and gives its one true name: one folder, one server. */
export function dataFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const real = realpathSync(path);
  chmodSync(real, 0o700);
  return real;
}

/**
 * Where the socket and the flags lie: the data folder, or where its path is too long for a socket (103 bytes on macOS)
 * a folder under /tmp named after it. Not TMPDIR: it differs between processes, and two names would be two servers.
 */
export function socketFolder(dataDir: string): string {
  if (Buffer.byteLength(dataDir) + flagNameBytes <= 103) return dataDir;
  const uid = process.getuid?.() ?? 0;
  const folder = `/tmp/statuswire-${uid}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder); // Anyone may have made it before us, also as a link to somewhere else.
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new Error(
      `${folder} must be a folder that only this user may enter; remove it, or use a shorter data folder`,
    );
  }
  return folder;
}
