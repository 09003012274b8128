// Holds the source tree to its shape. The rules stand in support/architecture.ts; here the real files must keep them,
// and made-up files show that each rule can be broken and is noticed.
import { readdirSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findViolations, type TreeFile } from './support/architecture.ts';

const root = new URL('../', import.meta.url);
const vendorWords = 'src/ticket/ticket.ts';
const decision = 'src/rule/rule.ts';

function readTree(folder: string): TreeFile[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|lua)$/.test(name))
    .map((name) => `${folder}${name.split(sep).join('/')}`)
    .map((path) => ({ path, text: readFileSync(new URL(path, root), 'utf8') }));
}

const file = (path: string, text: string): TreeFile => ({ path, text });
const header = '-- KEYS[1] the tag\n-- ARGV[1] the id\n-- Answer: a word\n-- Invariant: one\n';

describe('the source tree', () => {
  const tree = [...readTree('src/'), ...readTree('workers/')];

  it('keeps every rule of its architecture', () => {
    expect(findViolations(tree)).toEqual([]);
  });

  it('was really read', () => {
    expect(tree.map((one) => one.path)).toEqual(expect.arrayContaining(['src/event.ts', vendorWords, decision]));
  });
});

describe('what is allowed', () => {
  it.each<[string, ...TreeFile[]]>([
    ['an entry point imports anything below', file('src/cli.ts', "import { a } from './receiver/app.ts';")],
    ['a worker imports another layer', file('workers/changes.ts', "import { a } from '../src/change/visit.ts';")],
    ['a part imports itself', file('src/rule/decide.ts', "import { a } from './expression.ts';")],
    [
      'anyone imports the words of the vendor',
      file('src/config/schema.ts', "import { S } from '../ticket/ticket.ts';"),
    ],
    ['the ledger imports the type of a decision', file('src/ledger/a.ts', "import type { D } from '../rule/rule.ts';")],
    ['ground parts import each other', file('src/redis/open.ts', "import { a } from '../config/load.ts';")],
    ['built-in modules and zod are free', file('src/event.ts', "import 'node:fs'; import { z } from 'zod';")],
    ['a dated Date is no clock', file('src/rule/a.ts', 'export const a = (at: number) => new Date(at);')],
    ['comments and texts are no code', file('src/rule/a.ts', "// Date.now()\nexport const a = 'process.env';")],
    ['src/redis reads the clock', file('src/redis/private.ts', 'const until = Date.now() + 1;')],
    ['the simulator has a clock by default', file('src/simulator/a.ts', 'export const a = (now = Date.now) => now();')],
    ['also in options', file('src/simulator/a.ts', 'export function f({ random = Math.random }) { return random(); }')],
    [
      'a file beside a script types its connection',
      file('src/change/record.ts', "import type { Redis } from 'ioredis';"),
      file('src/change/accept.lua', `${header}return 1`),
    ],
  ])('%s', (_name, ...files) => {
    expect(findViolations(files)).toEqual([]);
  });
});

describe('what is noticed', () => {
  it.each<[string, string, ...TreeFile[]]>([
    [
      'an import that points up',
      'src/change/visit.ts:1 imports ../receiver/app.ts: imports point down, and receiver stands above change',
      file('src/change/visit.ts', "import { a } from '../receiver/app.ts';"),
    ],
    ['an import of an entry point', 'server stands above', file('src/redis.ts', "export { a } from './server.ts';")],
    [
      'a type that points up',
      'change stands above',
      file('src/event.ts', "import type { A } from './change/change.ts';"),
    ],
    ['parts side by side', 'side by side', file('src/rule/decide.ts', "import { a } from '../ledger/ledger.ts';")],
    ['side by side above', 'side by side', file('src/receiver/a.ts', "import { a } from '../simulator/a.ts';")],
    ['a decision as a value', 'side by side', file('src/ledger/a.ts', "import { a } from '../rule/rule.ts';")],
    ['a decision in the ground', 'rule stands above', file('src/log.ts', "import type { D } from './rule/rule.ts';")],
    ['words that know others', 'nothing of ours', file(vendorWords, "import type { E } from '../event.ts';")],
    ['a part without a place', 'no layer', file('src/helper/a.ts', 'export const a = 1;')],
    ['a test in the product', 'no layer', file('src/server.ts', "import { a } from '../test/support/a.ts';")],
    ['an inline import type', 'stands above', file('src/event.ts', "export type A = import('./change/a.ts').A;")],
    ['an import() call', 'stands above', file('src/event.ts', "await import('./change/a.ts');")],
    ['an import nobody can read', 'computes', file('src/event.ts', 'export const a = (b: string) => import(b);')],
    [
      'a cycle of two',
      'src/rule/a.ts imports src/rule/b.ts imports src/rule/a.ts: a cycle',
      file('src/rule/a.ts', "import type { B } from './b.ts';"),
      file('src/rule/b.ts', "import type { A } from './a.ts';"),
    ],
    ['a file that imports itself', 'a cycle', file('src/rule/a.ts', "import './a.ts';")],
    ['express away from home', 'express lives in', file('src/change/a.ts', "import express from 'express';")],
    ['helmet away from home', 'helmet lives in', file('src/server.ts', "import helmet from 'helmet';")],
    ['bullmq away from home', 'bullmq lives in', file('src/schedule/a.ts', "import type { Job } from 'bullmq';")],
    ['ioredis away from home', 'ioredis lives in', file('src/server.ts', "import { Redis } from 'ioredis';")],
    ['ioredis as a value', 'ioredis lives in', file('src/ledger/a.ts', "import { Redis } from 'ioredis';")],
    ['a type that still loads', 'ioredis lives in', file('src/ledger/a.ts', "import { type Redis } from 'ioredis';")],
    ['ioredis without a script', 'ioredis lives in', file('src/change/a.ts', "import type { Redis } from 'ioredis';")],
    ['a subpath of undici', 'undici lives in', file('src/ticket/pacer.ts', "import 'undici/lib/agent.js';")],
    [
      'unbounded expressions',
      'cel-js lives in',
      file('src/source/a.ts', "import { parse } from '@marcbachmann/cel-js';"),
    ],
    ['figures of a process', 'prom-client lives in', file('workers/a.ts', "import { Counter } from 'prom-client';")],
    ['a command line below', 'commander lives in', file('src/server.ts', "import { Command } from 'commander';")],
    ['the environment', 'uses process.env', file('src/server.ts', 'export const a = process.env.HOME;')],
    ['the environment by a key', 'uses process.env', file('src/log.ts', "export const a = process['env'];")],
    ['the environment by parts', 'uses process.env', file('src/log.ts', 'const { env } = process;')],
    ['the environment by import', 'uses process.env', file('src/log.ts', "import { env } from 'node:process';")],
    ['the clock', 'src/rule/a.ts:2 uses Date.now: ', file('src/rule/a.ts', '\nexport const a = Date.now();')],
    ['the clock as a default', 'uses Date.now', file('src/rule/a.ts', 'export const a = (now = Date.now) => now();')],
    ['the date of today', 'uses new Date()', file('src/change/a.ts', 'export const a = new Date();')],
    ['the stopwatch', 'uses performance.now', file('src/change/a.ts', 'globalThis.performance.now();')],
    ['chance', 'uses Math.random', file('src/ticket/pacer.ts', 'export const a = Math.random;')],
    [
      'a clock the simulator reads',
      'uses Date.now',
      file('src/simulator/a.ts', 'export const a = (t = Date.now()) => t;'),
    ],
    ['a silent script', 'has no KEYS, ARGV, Answer, Invariant', file('src/change/a.lua', 'return 1 -- KEYS ARGV')],
    ['a forgotten promise', 'has no Invariant', file('src/change/a.lua', '-- KEYS, ARGV\n-- Answer: 1\nreturn 1')],
  ])('%s', (_name, sentence, ...files) => {
    const violations = findViolations(files);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(sentence);
  });
});
