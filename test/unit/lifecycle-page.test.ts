// docs/lifecycle.md cannot go stale: the names it draws and tabulates are those of the code.
import { describe, expect, it } from 'vitest';
import { backoffMs, judgeApplied } from '../../src/change/verdict.ts';
import type { Answer } from '../../src/ticket/answer.ts';
import { makeGate } from '../../src/ticket/gate.ts';
import { verdicts } from '../../src/verdict.ts';
import { blocksOf, codeIn, filesBelow, readPage, rowsUnder } from '../support/markdown.ts';

const page = readPage('docs/lifecycle.md');
const luaFiles = filesBelow('src/change').filter((file) => file.endsWith('.lua'));
const nameOf = (file: string) => file.replace(/^.*\/|\.lua$/g, '');
const isLibrary = (file: string) => readPage(file).startsWith('-- Library');
const scripts = luaFiles
  .filter((file) => !isLibrary(file))
  .map(nameOf)
  .filter((name) => !name.startsWith('audit-'));

/** Which script gives which verdict, as `script verdict`, sorted. */
function verdictsInCode(): string[] {
  const literals = (text: string) => [...text.matchAll(/finishChange\([^,]+, '([\w-]+)'/g)].map(([, name]) => name);
  const library = readPage('src/change/change.lua');
  const pairs = scripts.flatMap((script) => {
    const text = readPage(`src/change/${script}.lua`);
    // What a wish does that enters a record stands in the library.
    const entering = /\b(enter|overtake)\(/.test(text) ? literals(library) : [];
    const ending = script === 'finish' ? readPage('src/change/verdict.ts').matchAll(/verdict: '([\w-]+)'/g) : [];
    return [...literals(text), ...entering, ...[...ending].map(([, name]) => name)].map((name) => `${script} ${name}`);
  });
  return [...new Set(pairs)].toSorted();
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  /** The scripts of its label, without what stands in brackets. */
  readonly by: readonly string[];
}

function arrowsOf(diagram: string): Arrow[] {
  return [...diagram.matchAll(/^ {2}(\S+) --> (\S+): (.+)$/gm)].map(([, from = '', to = '', label = '']) => ({
    from,
    to: to.replaceAll('_', '-'),
    by: label.replace(/ \([^)]*\)/g, '').split(', '),
  }));
}

const [wish = [], record = []] = blocksOf(page, 'mermaid').map(arrowsOf);
const plain = (cell = '') => cell.replaceAll('`', '');
const listed = (cell = '') => codeIn(cell);

describe('the arrows', () => {
  it('are the scripts of src/change', () => {
    expect(
      rowsUnder(page, 'The arrows')
        .map(([name]) => plain(name))
        .toSorted(),
    ).toEqual(scripts.toSorted());
  });

  it('that are drawn are scripts, but for the passing of time, and each is drawn', () => {
    const drawn = new Set([...wish, ...record].flatMap(({ by }) => by));
    expect([...drawn].filter((name) => name !== 'time').toSorted()).toEqual(scripts.toSorted());
  });
});

describe('the verdicts', () => {
  const rows = rowsUnder(page, 'A wish').filter(([, by = '']) => scripts.includes(listed(by)[0] ?? ''));

  it('are all there, in a table and as ends of the drawing', () => {
    expect(rows.map(([name]) => plain(name))).toEqual([...verdicts]);
    const states = new Set(wish.map(({ from }) => from));
    const ends = new Set(wish.map(({ to }) => to).filter((to) => !states.has(to)));
    expect([...ends].toSorted()).toEqual([...verdicts].toSorted());
  });

  it('are given by the scripts that give them', () => {
    const told = rows.flatMap(([name, by]) => listed(by).map((script) => `${script} ${plain(name)}`));
    expect(told.toSorted()).toEqual(verdictsInCode());
    const isVerdict = (name: string) => (verdicts as readonly string[]).includes(name);
    const drawn = wish.filter(({ to }) => isVerdict(to)).flatMap(({ by, to }) => by.map((script) => `${script} ${to}`));
    expect([...new Set(drawn)].toSorted()).toEqual(verdictsInCode());
  });
});

it('what is said to stand in Redis does', () => {
  const names = ['A wish', 'A ticket record']
    .flatMap((heading) => rowsUnder(page, heading))
    .filter((cells) => cells.length === 2)
    .flatMap(([, cell]) => listed(cell))
    .filter((name) => name !== 'callTimeout');
  expect(names).toEqual(expect.arrayContaining(['dirty', 'flight', 'unknownUntil', 'number:N@LOCATION']));
  const code = luaFiles.map(readPage).join('\n');
  expect(names.filter((name) => !new RegExp(`\\b${name}(?!\\w)`).test(code))).toEqual([]);
});

describe('the table of answers', () => {
  const rows = rowsUnder(page, 'What an answer means');
  const answers: Record<Answer<never>['kind'], Exclude<Answer<object>, never>> = {
    done: { kind: 'done', httpStatus: 200, value: {} },
    throttled: { kind: 'throttled', httpStatus: 429 },
    refused: { kind: 'refused', httpStatus: 404, why: 'gone' },
    unauthorized: { kind: 'unauthorized', httpStatus: 401, why: 'who?' },
    failed: { kind: 'failed', why: 'no connection' },
    unknown: { kind: 'unknown', why: 'cut' },
  };

  it('has every answer', () => {
    expect(rows.map(([kind]) => plain(kind)).toSorted()).toEqual(Object.keys(answers).toSorted());
  });

  it.each(Object.values(answers))('says of $kind what it means', async (answer) => {
    const [, , ofWish, ofAccount] = rows.find(([kind]) => plain(kind) === answer.kind) ?? [];
    const judgement = judgeApplied(answer);
    expect(listed(ofWish)[0]).toBe(judgement.kind);
    expect(listed(ofWish).includes('settle')).toBe(judgement.kind === 'retry' && judgement.isUnknown);
    let told: unknown;
    const gate = async (_account: string | number, what?: string | number) => {
      told = what;
      return ['', '', '0'];
    };
    await makeGate({ gate, read: async () => ({}) }).tell('main', answer, false);
    expect(listed(ofAccount)[0]).toBe(told);
  });

  it('is followed by the backoff in force', () => {
    const longest = (attempts: number) => backoffMs(attempts, () => 1);
    expect(page).toContain(`\`${longest(0) / 1000} s · 2^attempts\`, at most ${longest(99) / 60_000} min`);
  });
});

it('the gate is shut by what shuts it, after as many failures', () => {
  const gate = readPage('src/ticket/gate.lua');
  const reasons = [...gate.matchAll(/close\('(\w+)'/g)].map(([, why]) => why);
  const rows = rowsUnder(page, 'The gate');
  expect(rows.map(([why]) => plain(why)).toSorted()).toEqual([...new Set(reasons)].toSorted());
  const typed = /type ShutBy = (.*);/.exec(readPage('src/ticket/gate.ts'))?.[1]?.split(' | ');
  expect(typed?.map((why) => why.replaceAll("'", '')).toSorted()).toEqual(rows.map(([why]) => plain(why)).toSorted());
  const outage = rows.find(([why]) => plain(why) === 'outage')?.[1];
  expect(outage).toMatch(new RegExp(`^${/FAILURES_TO_SHUT = (\d+)/.exec(gate)?.[1]} failures in a row`));
});
