// Owns where a Redis server program is found on this machine, and what to type where there is none. Runs nothing.
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A server program; `libraryPath` holds the folders of the libraries that were unpacked with it. */
export interface Program {
  readonly file: string;
  readonly libraryPath?: string;
}

/** Where to look, best first. */
export interface Places {
  /** REDIS_SERVER_BIN: this one or none. */
  readonly bin?: string | undefined;
  /** PATH. */
  readonly path?: string | undefined;
  /** Folder (`.statuswire`) into which `installFromDistribution` unpacks. */
  readonly stateDir?: string | undefined;
  /** Package managers' folders; default `usualFolders`. */
  readonly folders?: readonly string[];
}

export const usualFolders: readonly string[] = [
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/opt/local/bin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/snap/bin',
];

const names = ['valkey-server', 'redis-server'];

/** The server program to run, or undefined if there is none. Throws if `bin` is given and is no program. */
export function findProgram(places: Places): Program | undefined {
  if (places.bin !== undefined && places.bin !== '') {
    if (isProgram(places.bin)) return { file: places.bin };
    throw new Error(
      `REDIS_SERVER_BIN is ${places.bin}, which is not a program this user may run. Correct or unset it.`,
    );
  }
  const onPath = (places.path ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  const file = firstProgram([...onPath, ...(places.folders ?? usualFolders)]);
  if (file !== undefined) return { file };
  return places.stateDir === undefined ? undefined : unpackedProgram(packageFolder(places.stateDir));
}

/** Where the distribution's package is unpacked. */
export function packageFolder(stateDir: string): string {
  return join(stateDir, 'redis-package');
}

/** The server program in a folder of unpacked packages. */
export function unpackedProgram(folder: string): Program | undefined {
  const file = firstProgram([join(folder, 'usr/bin')]);
  if (file === undefined) return undefined;
  const libraryFolders = [join(folder, 'usr/lib'), join(folder, 'lib')].flatMap((base) => [
    base,
    ...subfolders(base).map((name) => join(base, name)),
  ]);
  return { file, libraryPath: libraryFolders.filter(isFolder).join(delimiter) };
}

/** The one line to type to get a server on this machine. */
export function installLine(
  platform: NodeJS.Platform = process.platform,
  folders: readonly string[] = usualFolders,
): string {
  const lines: readonly (readonly [tool: string, line: string])[] = [
    ['brew', 'brew install valkey'],
    ['apt-get', 'sudo apt-get install redis-server'],
    ['dnf', 'sudo dnf install valkey || sudo dnf install redis'],
    ['yum', 'sudo yum install redis'],
    ['apk', 'sudo apk add redis'],
    ['pacman', 'sudo pacman -S valkey'],
    ['zypper', 'sudo zypper install redis'],
  ];
  if (platform === 'darwin') return 'brew install valkey';
  if (platform === 'win32') return 'wsl --install (there is no Redis for Windows itself; run Statuswire inside)';
  const known = lines.find(([tool]) => folders.some((folder) => isProgram(join(folder, tool))));
  return known?.[1] ?? 'docker run -p 127.0.0.1:6379:6379 valkey/valkey (and set REDIS_URL=redis://127.0.0.1:6379)';
}

function firstProgram(folders: readonly string[]): string | undefined {
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

/** Whether this user may run the file at `path`. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function subfolders(path: string): string[] {
  return isFolder(path) ? readdirSync(path) : [];
}
