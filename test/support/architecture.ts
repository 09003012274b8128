// Owns the shape of the source tree as rules that can be broken: which part may import which, where each technology
// lives, who may read the environment, the clock and chance, and what a Redis script says about itself. Pure: it judges
// the files it is given; architecture.test.ts gives it the real ones.
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { type Ambient, type Import, readFacts, type SourceFacts } from './source-facts.ts';

/** A file of the tree: path from the root with `/`, and its text. */
export interface TreeFile {
  readonly path: string;
  readonly text: string;
}

interface Source extends SourceFacts {
  readonly path: string;
}

/** Top to bottom; imports point down. `apart`: the parts of the layer must not know each other. */
const layers: readonly { readonly parts: readonly string[]; readonly apart: boolean }[] = [
  { parts: ['cli', 'server', 'workers'], apart: false },
  { parts: ['receiver', 'schedule', 'simulator'], apart: true },
  { parts: ['change'], apart: true },
  { parts: ['rule', 'source', 'ledger', 'metrics', 'ticket'], apart: true },
  { parts: ['event', 'verdict', 'id', 'moment', 'network', 'config', 'log', 'redis', 'lifecycle'], apart: false },
];
const ground = layers.length - 1;

/** The vendor's words: everyone may speak them, so they know nobody. */
const vendorWords = 'src/ticket/ticket.ts';
/** The Decision: what a rule said is told on by everyone above the ground, as a type. */
const decision = 'src/rule/rule.ts';

interface Home {
  readonly packages: readonly string[];
  readonly lives: string;
  readonly why: string;
  allows(path: string, one: Import, besideScript: boolean): boolean;
}

const homes: readonly Home[] = [
  {
    packages: ['express', 'helmet', 'express-rate-limit'],
    lives: 'src/receiver/ and src/simulator/',
    why: 'HTTP servers are built there; everything below works without a request',
    allows: (path) => isIn(path, 'src/receiver/', 'src/simulator/'),
  },
  {
    packages: ['bullmq'],
    lives: 'src/change/queue.ts, src/change/job.ts and workers/',
    why: 'it is only a wake-up and a timer, and its words are translated in one place',
    allows: (path) => isIn(path, 'src/change/queue.ts', 'src/change/job.ts', 'workers/'),
  },
  {
    packages: ['ioredis'],
    lives: 'src/redis/; as a type also beside a .lua, in src/ledger/ and in src/schedule/',
    why: 'connections are opened and closed by one part, the others are handed theirs',
    allows: (path, one, besideScript) =>
      isIn(path, 'src/redis/', 'src/redis.ts') ||
      (one.typeOnly && (besideScript || isIn(path, 'src/ledger/', 'src/schedule/'))),
  },
  {
    packages: ['undici'],
    lives: 'src/ticket/spacebring.ts and src/cli/',
    why: 'there is one road to the vendor; only the demo and `send` speak HTTP besides',
    allows: (path) => isIn(path, 'src/ticket/spacebring.ts', 'src/cli/', 'src/cli.ts'),
  },
  {
    packages: ['@marcbachmann/cel-js', 're2js'],
    lives: 'src/rule/',
    why: 'expressions are bounded there, and one that is not can be made to hang',
    allows: (path) => isIn(path, 'src/rule/'),
  },
  {
    packages: ['prom-client'],
    lives: 'src/metrics/render.ts',
    why: 'figures belong to the whole installation and are summed up in Redis, not in the registry of a process',
    allows: (path) => isIn(path, 'src/metrics/render.ts'),
  },
  {
    packages: ['commander'],
    lives: 'src/cli.ts and src/cli/',
    why: 'everything else is started by arguments of ours, not by words of a command line',
    allows: (path) => isIn(path, 'src/cli.ts', 'src/cli/'),
  },
];

const clockAndChance = {
  lives: 'src/cli*, src/server.ts, workers/, src/redis/, and as a default argument in src/simulator/',
  why: 'pass `now` or `random` in, so that a test can hold them still',
} as const;

/** Every rule the files break, as sentences that name file, import and reason. */
export function findViolations(files: readonly TreeFile[]): string[] {
  const sources = files
    .filter((file) => file.path.endsWith('.ts'))
    .map((file): Source => ({ path: file.path, ...readFacts(file.path, file.text) }));
  const scripts = files.filter((file) => file.path.endsWith('.lua'));
  const scriptFolders = new Set(scripts.map((script) => posix.dirname(script.path)));
  return [
    ...sources.flatMap((source) => judgePlace(source.path)),
    ...sources.flatMap((source) => source.imports.flatMap((one) => judgeImport(source.path, one, scriptFolders))),
    ...sources.flatMap(judgeReaches),
    ...findCycles(sources),
    ...scripts.flatMap(judgeScript),
  ];
}

function judgePlace(path: string): string[] {
  if (layerOf(path) !== undefined) return [];
  return [`${path} belongs to no layer; give its part a place in test/support/architecture.ts`];
}

function judgeImport(path: string, one: Import, scriptFolders: ReadonlySet<string>): string[] {
  const here = `${path}:${one.line}`;
  if (one.from === undefined) return [`${here} computes what it imports: nobody can see then what it depends on`];
  const target = resolve(path, one.from);
  const why =
    target === undefined
      ? wrongHome(path, one, one.from, scriptFolders.has(posix.dirname(path)))
      : wrongWay(path, target, one);
  return why === undefined ? [] : [`${here} imports ${one.from}: ${why}`];
}

function wrongHome(path: string, one: Import, from: string, besideScript: boolean): string | undefined {
  if (isBuiltin(from)) return undefined;
  const home = homes.find((candidate) => candidate.packages.includes(packageName(from)));
  if (home === undefined || home.allows(path, one, besideScript)) return undefined;
  return `${packageName(from)} lives in ${home.lives}, because ${home.why}`;
}

function wrongWay(path: string, target: string, one: Import): string | undefined {
  if (!/\.[cm]?[jt]s$/.test(target)) return undefined;
  if (path === vendorWords) return "the vendor's words are used by everyone, so they import nothing of ours";
  const from = layerOf(path);
  const to = layerOf(target);
  if (from === undefined) return undefined; // told once, by judgePlace
  if (to === undefined) return `${target} belongs to no layer, so the product must not depend on it`;
  if (from.part === to.part || target === vendorWords) return undefined;
  if (target === decision && one.typeOnly && from.depth < ground) return undefined;
  if (to.depth < from.depth) return `imports point down, and ${to.part} stands above ${from.part}`;
  if (to.depth === from.depth && layers[to.depth]?.apart) {
    return `${from.part} and ${to.part} stand side by side and must not know each other; let the caller pass it in`;
  }
  return undefined;
}

function judgeReaches(source: Source): string[] {
  return source.reaches.flatMap(({ what, line, asDefault }) => {
    if (mayReach(source.path, what, asDefault)) return [];
    const why =
      what === 'process.env'
        ? 'the environment is read once, in src/config/, where its faults are told together'
        : `the clock and chance live in ${clockAndChance.lives}; ${clockAndChance.why}`;
    return [`${source.path}:${line} uses ${what}: ${why}`];
  });
}

function mayReach(path: string, what: Ambient, asDefault: boolean): boolean {
  if (what === 'process.env') return isIn(path, 'src/config/', 'src/config.ts');
  // src/redis/ starts and watches a real server process and waits for real connections: no decision about a ticket
  // depends on its clock (the scripts use Redis TIME), and a held clock would only make its deadlines hang.
  if (isIn(path, 'src/cli.ts', 'src/cli/', 'src/server.ts', 'workers/', 'src/redis/', 'src/redis.ts')) return true;
  // The stand-in vendor is a server of its own: nobody above it passes a clock, but a test may.
  return asDefault && isIn(path, 'src/simulator/', 'src/simulator.ts');
}

/** Cycles count type-only imports too: two files that cannot be read apart are one noun. Each is told once. */
function findCycles(sources: readonly Source[]): string[] {
  const edges = new Map(sources.map(({ path, imports }) => [path, imports.map((one) => resolve(path, one.from))]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push(`${[...trail.slice(start), path].join(' imports ')}: a cycle has no first part to understand`);
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) if (next !== undefined) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) walk(path, []);
  return found;
}

/** The header is every comment line before the first line of code. */
function judgeScript(script: TreeFile): string[] {
  const lines = script.text.split('\n').map((line) => line.trim());
  const end = lines.findIndex((line) => line !== '' && !line.startsWith('--'));
  const header = lines.slice(0, end < 0 ? lines.length : end).join('\n');
  const missing = ['KEYS', 'ARGV', 'Answer', 'Invariant'].filter((word) => !new RegExp(`\\b${word}\\b`).test(header));
  if (missing.length === 0) return [];
  return [
    `${script.path} has no ${missing.join(', ')} in its header: a script is a contract, and that is where it stands`,
  ];
}

/** `src/rule.ts` and `src/rule/…` are both the part `rule`: a noun is a file until it needs a second one. */
function layerOf(path: string): { part: string; depth: number } | undefined {
  const part = /^src\/([^/]+?)(?:\.ts$|\/)/.exec(path)?.[1] ?? /^(workers)\//.exec(path)?.[1];
  const depth = layers.findIndex((layer) => part !== undefined && layer.parts.includes(part));
  return part === undefined || depth < 0 ? undefined : { part, depth };
}

function resolve(path: string, from: string | undefined): string | undefined {
  return from?.startsWith('.') ? posix.join(posix.dirname(path), from) : undefined;
}

function packageName(from: string): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Places that end in `/` are folders, the others are files. */
function isIn(path: string, ...places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place));
}
