// Finishes what tsc leaves open: dist/ holds exactly what src/ and workers/ hold. Copies what is read at run time,
// drops what has no source any more, makes the commands executable; whatever does not add up stops the build.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['src', 'workers'];
/** Read at run time, so they stand beside the compiled file that reads them. */
const asset = /\.(lua|json)$/;

function listFiles(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

/** The files of dist/ that one source file stands for. */
function outputsOf(source) {
  if (/(?<!\.d)\.ts$/.test(source)) {
    const compiled = join('dist', source.replace(/\.ts$/, '.js'));
    return [compiled, `${compiled}.map`];
  }
  if (asset.test(source)) return [join('dist', source)];
  throw new Error(`${source} is neither TypeScript nor an asset; if it is needed at run time, add its ending here`);
}

function copyAssets(sources) {
  for (const source of sources.filter((path) => asset.test(path))) {
    const target = join(root, 'dist', source);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, source), target);
  }
}

function dropStale(expected) {
  for (const folder of folders.filter((name) => existsSync(join(root, 'dist', name)))) {
    for (const path of listFiles(join('dist', folder))) if (!expected.has(path)) rmSync(join(root, path));
  }
}

function demandAll(expected) {
  const missing = [...expected].filter((path) => !existsSync(join(root, path)));
  // tsc trusts its build record, not the folder: a file deleted by hand from dist/ stays away until the record goes too.
  if (missing.length > 0)
    throw new Error(`missing after the build: ${missing.join(', ')}; delete dist/ and build again`);
}

function makeCommandsExecutable() {
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [name, path] of Object.entries(bin)) {
    if (!existsSync(join(root, path))) throw new Error(`the command ${name} has no ${path}`);
    if (!readFileSync(join(root, path), 'utf8').startsWith('#!/usr/bin/env node\n')) {
      throw new Error(`${path} is the command ${name}, so its source opens with the line #!/usr/bin/env node`);
    }
    chmodSync(join(root, path), 0o755);
  }
}

const sources = folders.flatMap(listFiles);
const expected = new Set(sources.flatMap(outputsOf));
copyAssets(sources);
dropStale(expected);
demandAll(expected);
makeCommandsExecutable();
