// A folder of a test's own, gone after it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'statuswire-cli-'));
  folders.push(folder);
  return folder;
}
