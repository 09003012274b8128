// The records of decisions are whole: each is in the list under its own title, and each invariant names the test that can fail.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, readPage, rowsUnder } from '../support/markdown.ts';

const folder = 'docs/decisions';
const files = filesBelow(folder)
  .map((file) => file.slice(folder.length + 1))
  .filter((file) => /^\d{4}-/.test(file));
const rows = rowsUnder(readPage(`${folder}/README.md`), 'Decisions');

it('records are numbered without a gap', () => {
  expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_, i) => i + 1));
});

describe.each(files)('%s', (file) => {
  const page = readPage(`${folder}/${file}`);
  const sectionOf = (name: string) => page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';

  it('is in the list with its title and date', () => {
    const [, title, date] = /^# \d{4}: (.+)\n\n(\d{4}-\d{2}-\d{2})\n/.exec(page) ?? [];
    expect(rows).toContainEqual([`[${file.slice(0, 4)}](${file})`, title, date]);
  });

  it('has a context, a decision, invariants and consequences', () => {
    for (const name of ['Context', 'Decision', 'Invariants', 'Consequences']) expect(sectionOf(name)).toMatch(/\w/);
  });

  it('names a test for each invariant', () => {
    const invariants = sectionOf('Invariants').split(/^- /m).slice(1);
    expect(invariants.length).toBeGreaterThan(0);
    for (const invariant of invariants) {
      const links = [...invariant.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link ?? '');
      const tests = links.filter((link) => /\.test\.ts$|\.ci\//.test(link));
      expect(tests, invariant).not.toEqual([]);
      for (const test of tests)
        expect(existsSync(resolve(import.meta.dirname, '../..', folder, test)), test).toBe(true);
    }
  });
});
