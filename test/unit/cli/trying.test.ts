// What docs/rules.md shows under "Trying rules", and what ships with the example, is so.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { readCandidate } from '../../../src/cli/candidate.ts';
import { runFixtures } from '../../../src/cli/run-fixtures.ts';
import { ownFolder } from './folder.ts';

const root = resolve(import.meta.dirname, '../../..');
const example = join(root, 'statuswire.example.yaml');
const page = readFileSync(join(root, 'docs/rules.md'), 'utf8');

it('the tests of the example hold, and are about every rule in it', () => {
  const outcomes = runFixtures(join(root, 'statuswire.example.test.yaml'), {}, 0);
  expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
  const heard = outcomes.flatMap(({ decisions }) => decisions.filter(({ kind }) => kind === 'matched'));
  const rules = readCandidate({ config: example }).loaded.config.rules.map(({ name }) => name);
  expect(new Set(heard.map(({ rule }) => rule))).toEqual(new Set(rules));
});

it('the tests that docs/rules.md shows hold for the example', () => {
  const [shown = ''] = [...page.matchAll(/^```yml\n(.*?)^```$/gms)].map(([, text]) => text);
  const file = join(ownFolder(), 'shown.test.yaml');
  writeFileSync(file, shown.replaceAll('file: examples/', `file: ${root}/examples/`));
  const outcomes = runFixtures(file, { config: example }, 0);
  expect(outcomes.map(({ ok, faults }) => [ok, faults])).toEqual([
    [true, []],
    [true, []],
  ]);
});

it('rules alone have the accounts and sources of the configuration; a whole configuration has its own', () => {
  const folder = ownFolder();
  const rules = 'rules: [{ name: a, on: scanner, ticket: body.t, set: new }]\n';
  writeFileSync(join(folder, 'rules.yaml'), rules);
  const own =
    'accounts: { mine: { auth: { basic: { clientId: a, clientSecret: b } } } }\nsources: { scanner: { verify: none } }\n';
  writeFileSync(join(folder, 'whole.yaml'), own + rules);
  const { loaded } = readCandidate({ config: example, rules: join(folder, 'rules.yaml') });
  expect([Object.keys(loaded.config.accounts), loaded.config.rules.length]).toEqual([['main'], 1]);
  const whole = readCandidate({ config: example, rules: join(folder, 'whole.yaml') });
  expect(Object.keys(whole.loaded.config.accounts)).toEqual(['mine']);
  expect([...whole.sources.keys()]).toEqual(['scanner']);
});

it('a mistake in rules alone is told at its place in their file', () => {
  const file = join(ownFolder(), 'rules.yaml');
  writeFileSync(file, 'rules:\n  - { name: a, on: nobody, ticket: body.t, set: new }\n');
  expect(() => readCandidate({ config: example, rules: file })).toThrow(`${file}:2:20: rules[0].on is "nobody"`);
});
