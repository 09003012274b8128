// Holds package.json and package-lock.json to what `npm ci` needs on any machine (docs/decisions/0004).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));

const Versions = z.record(z.string(), z.string());
const { dependencies, devDependencies } = z
  .object({ dependencies: Versions, devDependencies: Versions })
  .parse(read('package.json'));
const { packages } = z
  .object({ packages: z.record(z.string(), z.object({ optionalDependencies: Versions.default({}) })) })
  .parse(read('package-lock.json'));

describe('the dependencies', () => {
  it('are pinned to exact versions', () => {
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, range]) => !/^\d+\.\d+\.\d+$/.test(range),
    );
    expect(loose).toEqual([]);
  });

  it('are locked for every platform: npm 11 refuses a lock that leaves out the binaries of others', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
  });
});
