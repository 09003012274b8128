// Owns the reading of V8's CPU profiles: which part of the receiver the time goes to. A sample belongs to the innermost
// frame that names a part, so what Node's streams do for ioredis is ioredis', and what they do for HTTP is HTTP's.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TOP = 40;

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Which part a frame names, first match; `where` is `function url`. What matches nothing is its caller's. */
const parts: readonly (readonly [part: string, where: RegExp])[] = [
  ['garbage collection', /^\(garbage collector\)/],
  ['V8 and libuv, outside of any function', /^\(program\)/],
  ['JSON, UTF-8', /^(parse|stringify|utf8Slice|utf8Write|decode) $|src\/source\/(body|json-fault|bytes)\.js/],
  [
    'reading the body',
    /node_modules\/(raw-body|body-parser|bytes|iconv-lite|type-is|media-typer|content-type|unpipe)\/|src\/receiver\/body\.js/,
  ],
  [
    'Express, router, rate limit',
    /node_modules\/(express|router|path-to-regexp|express-rate-limit|finalhandler|parseurl|proxy-addr|on-finished|ee-first|depd|debug|once|setprototypeof|merge-descriptors)\//,
  ],
  [
    'door: app, sender address, limits, flood',
    /src\/receiver\/(app|sender-address|flood|pressure|listen|deadline|bearer|last-answers)\.js/,
  ],
  ['rules, CEL', /node_modules\/(@marcbachmann|re2js)\/|src\/rule\//],
  ['verifying', /src\/source\/(signature|hmac|choice|credential|secrets|signing-key|standard|schemes)\.js/],
  ['event from delivery', /src\/source\/|src\/moment\.js/],
  ['ids', /src\/id\.js/],
  [
    'BullMQ add',
    /node_modules\/bullmq\/|src\/change\/(queue|job)\.js|node_modules\/(msgpackr|uuid|node-abort-controller|semver)\//,
  ],
  [
    'ioredis',
    /node_modules\/(ioredis|@ioredis|redis-parser|standard-as-callback|denque|cluster-key-slot)\/|src\/redis\//,
  ],
  ['record arguments, core', /src\/change\//],
  [
    'log',
    /node_modules\/(pino|sonic-boom|quick-format-unescaped|safe-stable-stringify|fast-redact|@pinojs|slow-redact)[^/]*\/|src\/receiver\/wide-line\.js|src\/log\.js/,
  ],
  ['answer', /src\/receiver\/problem\.js/],
  ['receive, commit', /src\/receiver\//],
  ['metrics', /node_modules\/prom-client\//],
  ['node:http', /node:(_http|internal\/http|http)/],
];

/** What only frames of Node itself are left to name. */
const rest: typeof parts = [
  ['sockets, either side', /node:(net|internal\/stream_base_commons|internal\/streams)/],
  ['timers', /node:(timers|internal\/timers)/],
  ['microtasks, ticks', /^runMicrotasks|node:internal\/process\/task_queues/],
];

/** Prints the part and the function that the busy time of each profile in `folder` belongs to. */
export function printProfiles(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.cpuprofile'))) {
    console.log(`\n${name}, without start and warm-up`);
    printProfile(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile);
  }
}

function printProfile(profile: Profile): void {
  const { byPart, byFunction, total } = add(profile);
  const share = (micros: number) => `${((100 * micros) / total).toFixed(1).padStart(5)} %`;
  for (const [part, micros] of descending(byPart)) console.log(`${share(micros)}  ${part}`);
  console.log(`\nThe ${TOP} functions with the most time of their own:`);
  for (const [place, micros] of descending(byFunction).slice(0, TOP)) console.log(`${share(micros)}  ${place}`);
}

function add({ nodes, samples, timeDeltas }: Profile) {
  const frames = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const owners = new Map(nodes.map(({ id }) => [id, ownerOf(id, frames, callers)]));
  const busy = samples
    .map((id, i) => ({ id, micros: timeDeltas[i] ?? 0 }))
    .filter(({ id }) => !/^\((idle|root)\)/.test(frames.get(id)?.functionName ?? ''));
  const [byPart, byFunction] = [new Map<string, number>(), new Map<string, number>()];
  let total = 0;
  // The first third is start and warm-up: code that is still interpreted.
  for (const { id, micros } of busy.slice(busy.length / 3)) {
    const frame = frames.get(id);
    const part = owners.get(id) ?? 'others';
    const place = frame === undefined ? '?' : `${frame.functionName || '(anonymous)'} ${shortUrl(frame)} [${part}]`;
    byPart.set(part, (byPart.get(part) ?? 0) + micros);
    byFunction.set(place, (byFunction.get(place) ?? 0) + micros);
    total += micros;
  }
  return { byPart, byFunction, total };
}

function ownerOf(leaf: number, frames: ReadonlyMap<number, Frame>, callers: ReadonlyMap<number, number>): string {
  const stack: string[] = [];
  for (let id: number | undefined = leaf; id !== undefined; id = callers.get(id)) {
    const frame = frames.get(id);
    stack.push(`${frame?.functionName} ${frame?.url}`);
  }
  const named = (table: typeof parts) =>
    stack.map((where) => table.find(([, pattern]) => pattern.test(where))?.[0]).find((part) => part !== undefined);
  return named(parts) ?? named(rest) ?? 'others';
}

function shortUrl({ url, lineNumber }: Frame): string {
  return url === '' ? '' : `${url.replace(/^.*?\/(node_modules\/|dist\/(?=src\/))/, '')}:${lineNumber + 1}`;
}

function descending(amounts: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...amounts].sort(([, a], [, b]) => b - a);
}
