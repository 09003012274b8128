import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { watchFile } from '../../../src/cli/watch.ts';
import { until } from '../../support/until.ts';
import { ownFolder } from './folder.ts';

function watched(file: string, pollMs?: number): () => number {
  let count = 0;
  const watching = watchFile(file, () => (count += 1), pollMs);
  onTestFinished(() => watching.close());
  return () => count;
}

it('a file that is written, replaced, removed and made again is told', async () => {
  const file = join(ownFolder(), 'a.yaml');
  writeFileSync(file, 'one');
  const told = watched(file);
  const deeds = [
    () => writeFileSync(file, 'two'),
    () => {
      writeFileSync(`${file}.new`, 'three');
      renameSync(`${file}.new`, file);
    },
    () => rmSync(file),
    () => writeFileSync(file, 'four'),
  ];
  for (const deed of deeds) {
    const before = told();
    deed();
    await until('it is told', 10_000, () => told() > before);
  }
});

it('a link that leads to another file is told, without a notice of the system', async () => {
  const folder = ownFolder();
  for (const name of ['v1', 'v2']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'a.yaml'), name);
  }
  const elsewhere = ownFolder();
  symlinkSync(join(folder, 'v1'), join(elsewhere, 'data'));
  const file = join(ownFolder(), 'a.yaml');
  symlinkSync(join(elsewhere, 'data', 'a.yaml'), file);
  const told = watched(file, 20);
  symlinkSync(join(folder, 'v2'), join(elsewhere, 'new'));
  renameSync(join(elsewhere, 'new'), join(elsewhere, 'data'));
  await until('it is told', 10_000, () => told() > 0);
});

it('another file in the folder is nothing to tell', async () => {
  const folder = ownFolder();
  const file = join(folder, 'a.yaml');
  writeFileSync(file, 'one');
  const told = watched(file);
  writeFileSync(join(folder, 'b.yaml'), 'two');
  const both = watched(join(folder, 'b.yaml'));
  writeFileSync(join(folder, 'b.yaml'), 'three');
  await until('the other is told', 10_000, () => both() > 0);
  expect(told()).toBe(0);
});
