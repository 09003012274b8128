// Owns the way to a Redis server where none is installed: the distribution's own signed package, unpacked into the
// state folder. Needs no root and changes nothing in the system: apt works in folders of its own. Debian and Ubuntu.
import { type ExecFileOptions, execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { missing, readInstalled, readNeeds, serverPackages } from './packages.ts';
import { installLine, isProgram, type Program, packageFolder, unpackedProgram, usualFolders } from './program.ts';

/** Says in one line each what is being done. */
export type Progress = (line: string) => void;

/** Enough for a slow mirror; then apt is ended. */
const commandMs = 120_000;

/**
 * Unpacks a Redis server under `stateDir` and gives its program, tried out. Several processes may do so at once.
 * Where there is no apt, or it fails, rejects with the one line to type instead; `folders` is where programs are looked for.
 */
export async function installFromDistribution(
  stateDir: string,
  progress: Progress,
  folders: readonly string[] = usualFolders,
): Promise<Program> {
  if (!folders.some((folder) => isProgram(join(folder, 'apt-get')))) {
    throw new Error(`There is no Redis server on this machine. Install one: ${installLine(process.platform, folders)}`);
  }
  mkdirSync(stateDir, { recursive: true });
  const work = mkdtempSync(join(resolve(stateDir), 'unpacking-'));
  try {
    const packages = await download(work, progress);
    const root = join(work, 'root');
    for (const file of packages) await run('dpkg', ['-x', file, root]);
    const program = await settle(root, packageFolder(resolve(stateDir)));
    progress(`Unpacked ${packages.length} packages without installing them: ${program.file}`);
    return program;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.trim().split('\n').slice(-3).join(' ') : String(cause);
    throw new Error(`The distribution's Redis could not be unpacked (${why}). Install it: ${installLine()}`, { cause });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Downloads the server and what it lacks here into `work`; gives the files' paths. */
async function download(work: string, progress: Progress): Promise<string[]> {
  const config = writeAptConfig(work);
  progress('No Redis server here: asking the distribution for its package (about 10 MB)');
  // One broken source among several is no reason to stop: what matters is whether the package is known afterwards.
  const update = await run('apt-get', ['-c', config, '-q', 'update']).then(
    () => undefined,
    (error: unknown) => error,
  );
  const server = await firstKnown(config);
  if (server === undefined) throw update ?? new Error(`none of its sources has ${serverPackages.join(' or ')}`);
  const names = await closure(config, server);
  progress(`Downloading ${names.join(', ')}`);
  const folder = join(work, 'packages');
  mkdirSync(folder);
  await run('apt-get', ['-c', config, '-q', 'download', ...names], { cwd: folder }).catch((error: unknown) => {
    throw update ?? error;
  });
  return readdirSync(folder).map((file) => join(folder, file));
}

/**
 * apt with folders of its own, knowing what is installed. It must not change to its own user, who could not write here,
 * nor run the system's hooks, which clean up the system's folders.
 */
function writeAptConfig(work: string): string {
  for (const folder of ['state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  const file = join(work, 'apt.conf');
  const lines = [
    `Dir::State "${join(work, 'state')}";`,
    'Dir::State::status "/var/lib/dpkg/status";',
    `Dir::Cache "${join(work, 'cache')}";`,
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Acquire::Retries "1";',
    'APT::Update::Error-Mode "any";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
    ...['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'].map(
      (hook) => `#clear ${hook};`,
    ),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

async function firstKnown(config: string): Promise<string | undefined> {
  const known = await needsOf(config, serverPackages);
  return serverPackages.find((name) => known.has(name));
}

/** The server, its tools and the libraries missing here, with theirs: a few rounds at most. */
async function closure(config: string, server: string): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const installed = readInstalled(await run('dpkg-query', ['-W', '-f', '${db:Status-Abbrev} ${Package}\n']));
  const wanted = new Set([server]);
  let fresh = [server];
  for (let round = 0; round < 10 && fresh.length > 0; round++) {
    const needs = await needsOf(config, fresh);
    fresh = missing(needs.values(), installed).filter((name) => !wanted.has(name));
    for (const name of fresh) wanted.add(name);
  }
  return [...wanted];
}

async function needsOf(config: string, names: readonly string[]): Promise<ReturnType<typeof readNeeds>> {
  // apt-cache fails when one of several names is unknown, and still prints the others.
  const text = await run('apt-cache', ['-c', config, 'show', '--no-all-versions', ...names]).catch((error: unknown) =>
    String((error as { stdout?: unknown }).stdout ?? ''),
  );
  return readNeeds(text);
}

/** Tries the unpacked server, then puts it in its place in one step; whoever comes second uses the first one's. */
async function settle(root: string, place: string): Promise<Program> {
  await tried(root);
  try {
    renameSync(root, place);
  } catch {
    const first = await tried(place).catch(() => undefined);
    if (first !== undefined) return first;
    rmSync(place, { recursive: true, force: true });
    renameSync(root, place);
  }
  return tried(place);
}

async function tried(folder: string): Promise<Program> {
  const program = unpackedProgram(folder);
  if (program === undefined) throw new Error('the packages hold no server program');
  await run(program.file, ['--version'], { env: { LD_LIBRARY_PATH: program.libraryPath ?? '' } });
  return program;
}

async function run(program: string, args: readonly string[], options: ExecFileOptions = {}): Promise<string> {
  const limits = { timeout: commandMs, maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' as const };
  const { stdout } = await promisify(execFile)(program, args, { ...limits, ...options });
  return String(stdout);
}
