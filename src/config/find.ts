// Owns which configuration file is used; does not open it. Without any, Statuswire shows itself with the example that
// ships with it, which works with stand-in secrets against the simulator only (example.ts).
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The file, and what named it; `example` when nothing did. */
export type Found =
  | { readonly kind: 'option' | 'environment' | 'folder'; readonly file: string }
  | { readonly kind: 'example'; readonly file: string };

const FILE = 'statuswire.yaml';

/**
 * `--config`, else STATUSWIRE_CONFIG, else statuswire.yaml in `cwd`, else the example. A file that was named is not
 * looked for here: that it is missing is told when it is read. With `cwd` `.` the path stays as short as it was given.
 */
export function findConfig(from: {
  option?: string | undefined;
  environment?: string | undefined;
  cwd: string;
}): Found {
  const { option, environment, cwd } = from;
  if (option) return { kind: 'option', file: within(cwd, option) };
  if (environment) return { kind: 'environment', file: within(cwd, environment) };
  const file = join(cwd, FILE);
  return existsSync(file) ? { kind: 'folder', file } : { kind: 'example', file: exampleFile() };
}

/** The example in the package's own folder, from the sources as from the built program. */
export function exampleFile(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 5 && !existsSync(join(folder, 'package.json')); up++) folder = dirname(folder);
  return join(folder, 'statuswire.example.yaml');
}

function within(cwd: string, file: string): string {
  return isAbsolute(file) ? file : join(cwd, file);
}
