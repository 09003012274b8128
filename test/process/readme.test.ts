// What the README shows of commands is what they print: the demo, `send` and `explain` line by line, the list of commands.
import { join, resolve } from 'node:path';
import { expect, inject, it } from 'vitest';
import { blocksOf, readPage, rowsUnder } from '../support/markdown.ts';
import { type Running, statuswire, workFolder } from '../support/process.ts';
import { testPlaces } from '../support/redis-places.ts';
import { addressOf } from '../support/service.ts';

const readme = readPage('README.md');
const root = resolve(import.meta.dirname, '../..');

/**
 * A text with what differs from run to run taken out: ids, times, lengths of time, ports, folders; and that a slot of the
 * pace which a busy machine was too late for is waited for again.
 */
function shapeOf(text: string): readonly string[] {
  return text
    .trim()
    .replace(/\b(ev|ch)_[0-9a-z]{26}\b/g, '$1_ID')
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID')
    .replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'MOMENT')
    .replace(/\bversion [0-9a-f]{12}\b/g, 'version HASH')
    .replace(/unix:\/\/[^\s)]+/g, 'unix://PLACE')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/\b\d+(\.\d+)? (ms|s)\b/g, 'N $2')
    .split('\n')
    .filter((line, i, all) => !(line.startsWith('pace ') && line === all[i - 1]));
}

function shown(firstWord: string): string {
  const block = blocksOf(readme, 'text').find((text) => text.startsWith(firstWord));
  if (block === undefined) throw new Error(`the README shows nothing that begins with ${firstWord}`);
  return block;
}

async function outputOf(run: Running): Promise<string> {
  expect(await run.ended(60_000)).toBe(0);
  return run.output();
}

async function help(...command: string[]): Promise<string> {
  return outputOf(statuswire([...command, '--help'], { cwd: root }));
}

it('the demo prints what the README shows', async () => {
  const { bin, stateDir } = testPlaces;
  const env = { STATUSWIRE_HOME: stateDir, ...(bin === undefined ? {} : { REDIS_SERVER_BIN: bin }) };
  const demo = statuswire(['demo'], { cwd: workFolder(), env });
  expect(shapeOf(await outputOf(demo))).toEqual(shapeOf(shown('Statuswire demo:')));
});

it('`send` to a service without configuration prints what the README shows, and `explain` tells the story of the demo', async () => {
  const env = { REDIS_URL: inject('redisUrl'), STATUSWIRE_PREFIX: `readme-${process.pid}`, PORT: '0' };
  const cwd = workFolder();
  const url = await addressOf(statuswire(['start'], { cwd, env }));
  const file = join(root, 'examples/github-issue-closed.json');
  const sent = await outputOf(statuswire(['send', 'github', file, '--url', url], { cwd, env }));
  expect(shapeOf(sent)).toEqual(shapeOf(shown('202 ev_')));

  const event = /ev_\w+/.exec(sent)?.[0] ?? '';
  const story = shown('Statuswire demo:').match(/^ {2}event[\s\S]*?(?=\n\n)/m)?.[0] ?? '';
  const expected = shapeOf(story.replace(/^ {2}/gm, ''));
  const explain = async () => shapeOf(await outputOf(statuswire(['explain', event], { cwd, env })));
  // The call may still be under way when the first question is asked.
  await expect.poll(explain, { timeout: 30_000 }).toEqual(expected);
});

it('the table of commands has every command, and every option that it names is one', async () => {
  const rows = rowsUnder(readme, 'Commands').map(([command = '', what = '']) => ({
    words: command.split(/[ `]+/),
    what,
  }));
  const listed = [...(await help()).matchAll(/^ {2}(\w[\w-]*)(?= |$)/gm)].map(([, name]) => name);
  expect([...new Set(rows.map(({ words }) => words[2]))].toSorted()).toEqual(listed.toSorted());
  for (const { words, what } of rows) {
    const options = [...what.matchAll(/`(--[\w-]+)/g)].map(([, option]) => option ?? '');
    if (options.length === 0) continue;
    const told = await help(words[2] ?? '');
    expect(options.filter((option) => !told.includes(option))).toEqual([]);
  }
});

it('every `statuswire` command in the guides is one', async () => {
  const listed = [...(await help()).matchAll(/^ {2}(\w[\w-]*)(?= |$)/gm)].map(([, name]) => name);
  const guides = ['README.md', 'docs/production.md', 'docs/sources.md', 'docs/rules.md', 'docs/simulator.md'].map(
    readPage,
  );
  const named = guides.flatMap((page) => [...page.matchAll(/(?:`|npx )statuswire ([a-z]+)/g)].map(([, name]) => name));
  const composed = guides.flatMap((page) => [...page.matchAll(/--rm receiver ([a-z]+)/g)].map(([, name]) => name));
  expect([...named, ...composed].filter((name) => !listed.includes(name))).toEqual([]);
});
