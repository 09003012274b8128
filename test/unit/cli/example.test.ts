import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examplePrefix, exampleVariables, shippedFile, shown } from '../../../src/cli/example.ts';
import { simulatorClientSecret } from '../../../src/simulator/options.ts';
import { ownFolder } from './folder.ts';

const kept = (home: string) => join(home, 'example-secrets.json');

describe('the values of the example', () => {
  it('are made up once for a folder, readable by its user alone', () => {
    const home = join(ownFolder(), 'home');
    const first = exampleVariables(home, {});
    expect(first.GITHUB_WEBHOOK_SECRET).toMatch(/^whsec_/);
    expect(exampleVariables(home, {})).toEqual(first);
    expect(readdirSync(home)).toEqual(['example-secrets.json']);
    expect(statSync(kept(home)).mode & 0o777).toBe(0o600);
    expect(exampleVariables(ownFolder(), {})).not.toEqual(first);
  });

  it('are the environment’s where it has them, which is not written down, but never real credentials', () => {
    const home = ownFolder();
    const given = {
      GITHUB_WEBHOOK_SECRET: 'a real secret',
      SPACEBRING_CLIENT_SECRET: 'real',
      SCANNER_WEBHOOK_SECRET: '',
    };
    const values = exampleVariables(home, given);
    expect(values.GITHUB_WEBHOOK_SECRET).toBe('a real secret');
    expect(values.SPACEBRING_CLIENT_SECRET).toBe(simulatorClientSecret);
    expect(values.SCANNER_WEBHOOK_SECRET).toMatch(/^whsec_/);
    expect(readFileSync(kept(home), 'utf8')).not.toContain('real');
  });

  it('grow with the example', () => {
    const home = ownFolder();
    writeFileSync(kept(home), JSON.stringify({ GITHUB_WEBHOOK_SECRET: 'whsec_older' }));
    const values = exampleVariables(home, {});
    expect(values.GITHUB_WEBHOOK_SECRET).toBe('whsec_older');
    expect(values.SCRIPTS_TOKEN).toMatch(/^whsec_/);
    expect(exampleVariables(home, {})).toEqual(values);
  });

  it('that cannot be read are told, with the next step', () => {
    const home = ownFolder();
    writeFileSync(kept(home), '{');
    expect(() => exampleVariables(home, {})).toThrow(/example-secrets\.json cannot be read\. Remove it/);
  });

  it('that cannot be kept are told, with the next step', () => {
    const home = join(ownFolder(), 'home');
    writeFileSync(home, 'a file');
    expect(() => exampleVariables(home, {})).toThrow(/The folder \S+ cannot be made or written to .*STATUSWIRE_HOME/);
  });
});

it('what ships is there, and is told by a path that can be typed here', () => {
  const file = shippedFile('examples/github-issue-closed.json');
  expect(existsSync(file)).toBe(true);
  expect(shown(resolve('examples/some.json'))).toBe(join('examples', 'some.json'));
  const elsewhere = ownFolder();
  mkdirSync(join(elsewhere, 'deep'));
  expect(shown(join(elsewhere, 'deep'))).toBe(join(elsewhere, 'deep'));
});

it('has names of its own in Redis', () => {
  expect(examplePrefix({ STATUSWIRE_PREFIX: 'mine' })).toBe('mine-example');
});
