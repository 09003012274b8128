import { describe, expect, it } from 'vitest';
import { makeReload } from '../../../src/cli/reload.ts';
import { type Check, type Loaded, type LoadResult, loadConfig } from '../../../src/config/load.ts';
import { makeLog } from '../../../src/log.ts';
import { checkRules } from '../../../src/rule/rulebook.ts';
import { checkSources } from '../../../src/source/check.ts';

const account = (id: string) => `{ auth: { basic: { clientId: ${id}, clientSecret: pw } } }`;
const sources = 'sources: { github: { verify: none } }\n';
const rule = (status: string, more = '') => `rules: [{ name: a, on: github, ticket: body.t, set: ${status}${more} }]\n`;
const text = (status: string, accounts = `{ main: ${account('one')} }`, more = '') =>
  `accounts: ${accounts}\n${sources}${rule(status, more)}`;

function load(content: string): LoadResult {
  const check: Check = (config) => [...checkSources(config.sources, Date.UTC(2026, 5)), ...checkRules(config)];
  return loadConfig({ file: 'statuswire.yaml', text: content, env: {}, check });
}

function loaded(content: string): Loaded {
  const result = load(content);
  if (!result.ok) throw new Error('it has faults');
  return result;
}

function makeBench() {
  const lines: { msg: string; faults?: readonly string[]; warnings?: readonly string[] }[] = [];
  const swapped: Loaded[] = [];
  const bench = { file: text('solved'), trouble: undefined as Error | undefined };
  const reload = makeReload({
    loaded: loaded(bench.file),
    read: () => load(bench.file),
    swap: async (next) => {
      if (bench.trouble !== undefined) throw bench.trouble;
      swapped.push(next);
    },
    log: makeLog({ level: 'info', name: 'test' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
  });
  return { bench, reload, swapped, lines, messages: () => lines.map(({ msg }) => msg) };
}

describe('a look at the file', () => {
  it('puts a changed one in force, once', async () => {
    const { bench, reload, swapped, messages } = makeBench();
    await reload.look(false);
    expect(messages()).toEqual([]);
    bench.file = text('closed');
    await reload.look(false);
    await reload.look(false);
    expect(swapped.map(({ config }) => config.rules[0]?.set)).toEqual(['closed']);
    expect(messages()).toEqual(['config.reloaded']);
    expect(reload.checks()).toEqual([]);
  });

  it('that an operator asks for puts in force what is there, also as it was', async () => {
    const { reload, swapped } = makeBench();
    await reload.look(true);
    expect(swapped).toHaveLength(1);
  });

  it('refuses a faulty one whole, tells it once, and forgets it when the old text is back', async () => {
    const { bench, reload, swapped, messages } = makeBench();
    bench.file = text('sovled');
    await reload.look(false);
    await reload.look(false);
    expect(swapped).toEqual([]);
    expect(messages()).toEqual(['config.refused']);
    expect(reload.checks()).toMatchObject([
      {
        name: 'config',
        ok: false,
        detail: expect.stringMatching(
          /^statuswire\.yaml:3:\d+: a fault; the log or `statuswire check` says more; version [0-9a-f]{12} keeps running$/,
        ),
      },
    ]);
    bench.file = text('solved');
    await reload.look(false);
    expect(reload.checks()).toEqual([]);
  });

  it('names what had it refused, and no warning that stands before it', async () => {
    const { bench, reload, lines } = makeBench();
    const ended = '{ value: a-long-secret, until: 2026-01-01 }';
    const faulty = text('sovled').replace(sources, `sources: { github: { verify: github, secrets: [${ended}] } }\n`);
    bench.file = faulty;
    await reload.look(false);
    expect(reload.checks()[0]?.detail).toMatch(/^statuswire\.yaml:3:/);
    expect(reload.checks()[0]?.detail).not.toMatch(/warning|\(and/);
    expect(lines).toMatchObject([
      { faults: [expect.stringContaining('"sovled"')], warnings: [expect.stringContaining('this secret has ended')] },
    ]);
  });

  it('shows strangers the place of a fault, and nothing that stands in the file', async () => {
    const { bench, reload } = makeBench();
    const more = 'baseUrl: "http://hunter2:hunter2@x.example", "hunter2!": 1';
    bench.file = text('hunter2', `{ main: { auth: hunter2, ${more} } }`, ', when: hunter2').replace('none', 'hunter2');
    await reload.look(false);
    expect(reload.checks()[0]?.detail).toMatch(/^statuswire\.yaml:1:\d+: a fault \(and \d+ more\);/);
    expect(JSON.stringify(reload.checks())).not.toContain('hunter2');
  });

  it('takes changed accounts for what they are: known after a restart, and named until then', async () => {
    const { bench, reload, swapped, messages } = makeBench();
    bench.file = text('closed', `{ main: ${account('another')}, spare: ${account('two')} }`, ', account: main');
    await reload.look(false);
    expect(swapped).toHaveLength(1);
    expect(messages()).toEqual(['config.reloaded', 'config.restart-needed']);
    expect(reload.checks()).toEqual([
      { name: 'config', ok: false, detail: 'restart needed for accounts: main, spare' },
    ]);
  });

  it('refuses a rule that uses an account without workers', async () => {
    const { bench, reload, swapped, lines } = makeBench();
    bench.file = text('closed', `{ main: ${account('one')}, spare: ${account('two')} }`, ', account: spare');
    await reload.look(false);
    expect(swapped).toEqual([]);
    expect(lines).toMatchObject([
      {
        faults: [
          expect.stringContaining('rules[0] uses account spare, which is new, expected one of those in use (main)'),
        ],
      },
    ]);
    expect(reload.checks()[0]?.detail).toMatch(/^statuswire\.yaml:3:\d+: a fault;/);
  });

  it('that could not be carried through is taken up again', async () => {
    const { bench, reload, swapped, messages } = makeBench();
    bench.file = text('closed');
    bench.trouble = new Error('Redis is away');
    await reload.look(false);
    expect(messages()).toEqual(['config.swap-failed']);
    bench.trouble = undefined;
    await reload.look(false);
    expect(swapped).toHaveLength(1);
  });
});
