// Owns noticing that a file has changed: by the system's own notice, and by looking every few seconds where there is none
// (network folders, containers). Tells that it may have changed; what is in it is for the listener to find out.
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

export interface Watching {
  close(): void;
}

/** Who saves a file may write it in several goes; one look after them is enough. */
const SETTLE_MS = 200;
const POLL_MS = 3_000;

/**
 * Calls `onChange` a moment after `file` was written, replaced, made or removed. The folder is watched and not the file,
 * because most editors replace it, and so does whoever mounts it (Kubernetes turns a link called `..data`).
 */
export function watchFile(file: string, onChange: () => void, pollMs = POLL_MS): Watching {
  const own = basename(file);
  let settling: NodeJS.Timeout | undefined;
  let seen = markOf(file);

  function soon(): void {
    settling ??= setTimeout(() => {
      settling = undefined;
      seen = markOf(file);
      onChange();
    }, SETTLE_MS);
  }

  const poll = setInterval(() => {
    if (markOf(file) !== seen) soon();
  }, pollMs);
  poll.unref();
  const watcher = noticesOf(dirname(file), (name) => {
    if (name === null || name === own || name.startsWith('..')) soon();
  });
  return {
    close() {
      clearInterval(poll);
      clearTimeout(settling);
      watcher?.close();
    },
  };
}

/** Undefined where the system gives no notices; then looking has to do. */
function noticesOf(folder: string, onNotice: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onNotice(name));
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** What is another one when the file is; of what a link leads to. */
function markOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`;
}
