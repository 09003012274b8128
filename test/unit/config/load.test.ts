import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatFault } from '../../../src/config/fault.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { explainReadError } from '../../../src/config/read-text.ts';
import { account, configOf, faultsOf, load } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'statuswire-load-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hook = 'sources:\n  hook: { verify: github, secrets: [s] }\n';
const rule = 'name: a, on: hook, ticket: body.t, set: new';

describe('a file that is right', () => {
  it('is given with its defaults, durations in milliseconds', () => {
    const config = configOf(`${account}${hook}rules:\n  - { ${rule} }\n`);
    expect(config.accounts.main).toMatchObject({ rate: 10, margin: 0.05, callTimeout: 10_000, deadline: 259_200_000 });
    expect(config.sources.hook).toMatchObject({ verify: 'github', secrets: [{ value: 's' }], keep: 604_800_000 });
    expect(config.rules).toEqual([
      {
        ...{ kind: 'event', name: 'a', on: ['hook'], ticket: 'body.t', set: 'new' },
        ...{ account: 'main', dryRun: false, stop: false },
      },
    ]);
  });

  it('is frozen to the leaves', () => {
    const config = configOf(`${account}${hook}rules:\n  - { ${rule} }\n`);
    const all = [
      config,
      config.rules,
      config.rules[0],
      config.rules[0]?.kind === 'event' && config.rules[0].on,
      config.sources.hook?.secrets,
    ];
    expect(all.every((part) => Object.isFrozen(part))).toBe(true);
  });

  it('has no source by an inherited name', () => {
    const config = configOf(`${account}${hook}`);
    expect(config.sources.constructor).toBeUndefined();
    expect(config.accounts.toString).toBeUndefined();
  });

  it('has a version that changes with any character of it', () => {
    const [one, same, other] = [account, account, `${account}\n`].map((text) => load(text));
    expect(one).toMatchObject({ ok: true, version: expect.stringMatching(/^[0-9a-f]{12}$/) });
    expect(same).toMatchObject({ version: one?.ok && one.version });
    expect(other?.ok && other.version).not.toBe(one?.ok && one.version);
  });

  it('says where a rule stands', () => {
    const loaded = load(`${account}${hook}rules:\n  - { ${rule} }\n`);
    expect(loaded.ok && loaded.locate(['rules', 0, 'ticket'], 5)).toEqual({ line: 6, column: 39 });
  });

  it('may begin with a byte order mark and have Windows line ends', () => {
    expect(configOf(`\uFEFF${account.replaceAll('\n', '\r\n')}`).accounts.main).toBeDefined();
  });

  it('reads on, yes and no as the texts they are', () => {
    expect(faultsOf(`${account}sources:\n  yes: { verify: none }\n  on: { verify: none }\n`)).toEqual([]);
  });
});

describe('the account of a rule', () => {
  const two = (first: string) =>
    `accounts:\n  ${first}: &x\n  other: &x\n${hook}rules:\n  - { ${rule} }\n`.replaceAll(
      '&x',
      '{ auth: { basic: { clientId: i, clientSecret: p } } }',
    );

  it('is the only one', () => {
    expect(configOf(`${account.replace('main', 'north')}${hook}rules:\n  - { ${rule} }\n`).rules[0]?.account).toBe(
      'north',
    );
  });

  it('is the one called main, where there are several', () => {
    expect(configOf(two('main')).rules[0]?.account).toBe('main');
  });

  it('is the one the rule names', () => {
    expect(configOf(two('main').replace('set: new', 'set: new, account: other')).rules[0]?.account).toBe('other');
  });
});

describe('a value from the environment', () => {
  const sources = (id: string) => `${account}sources:\n  hook: { verify: none, id: ${id} }\n`;

  it('takes the place of its name, also inside a text and more than once', () => {
    expect(configOf(sources(`"a-\${X}-\${Y}-\${X}"`), { X: '1', Y: '2' }).sources.hook?.id).toBe('a-1-2-1');
  });

  it('stays a text, whatever it looks like, and cannot become YAML', () => {
    for (const value of ['true', '5', 'null', 'a: b', '}\nrules: []', '"', `\${OTHER}`]) {
      expect(configOf(sources(`"\${X}"`), { X: value, OTHER: 'no' }).sources.hook?.id).toBe(value);
    }
  });

  it('is not looked for behind a doubled dollar', () => {
    expect(configOf(sources(`"$\${X} $5 $X"`)).sources.hook?.id).toBe(`\${X} $5 $X`);
  });
});

describe('the check that is passed in', () => {
  it('is told where its mistakes stand, inside a text too', () => {
    const text = `${account}${hook}rules:\n  - name: a\n    on: hook\n    set: new\n    ticket: |\n      body.\n        t +\n`;
    const check = () => [
      { path: ['rules', 0, 'ticket'], offset: 11, what: 'nothing follows +', expected: 'expected a value' },
    ];
    expect(faultsOf(text, {}, check)).toEqual(['11:12: rules[0].ticket: nothing follows +, expected a value']);
  });

  it('sees a frozen configuration with the account of each rule', () => {
    let seen: unknown;
    load(`${account}${hook}rules:\n  - { ${rule} }\n`, {}, (config) => {
      seen = [Object.isFrozen(config.rules), config.rules[0]?.account];
      return [];
    });
    expect(seen).toEqual([true, 'main']);
  });
});

describe('a file that cannot be read', () => {
  const write = (name: string, content: string | Buffer) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  const faultOf = (file: string) => {
    const result = loadConfig({ file, env: {}, check: () => [] });
    return result.ok ? undefined : result.faults.map(formatFault).join('\n').replace(`${file}:`, '');
  };

  it.each([
    [
      'is missing',
      () => join(folder, 'none.yaml'),
      '1:1: there is no such file, expected a configuration; copy statuswire.example.yaml or name another with --config',
    ],
    ['is a folder', () => folder, '1:1: this is a folder, expected a file; name the one inside it'],
    [
      'is empty',
      () => write('empty.yaml', ' \n'),
      '1:1: the file is empty, expected accounts, sources and rules; copy statuswire.example.yaml to begin',
    ],
    [
      'is not UTF-8',
      () => write('latin1.yaml', Buffer.from([0x61, 0xe4, 0x0a])),
      '1:1: the file is not UTF-8, expected UTF-8; save it again with that encoding',
    ],
    [
      'is too large',
      () => write('large.yaml', `${account}#${'x'.repeat(256 * 1024)}`),
      '1:1: the file is larger than 256 kB, expected a configuration; is this the right file?',
    ],
    [
      'holds comments only',
      () => write('comments.yaml', '# nothing\n'),
      '1:1: the file is empty, expected a map with accounts, sources, rules',
    ],
    [
      'holds a text only',
      () => write('text.yaml', 'hunter2\n'),
      '1:1: the file is a text not shown here, expected a map with accounts, sources, rules',
    ],
  ])('because it %s is told with the next step', (_why, file, fault) => {
    expect(faultOf(file())).toBe(fault);
  });

  it('because of its permissions is told with the next step', () => {
    const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    expect(explainReadError(error)).toMatchObject({ what: 'the file may not be read' });
    expect(explainReadError(new Error('odd'))).toMatchObject({ what: 'the file cannot be read (Error: odd)' });
  });

  it('is read from the disk when it can be', () => {
    expect(loadConfig({ file: write('good.yaml', account), env: {}, check: () => [] })).toMatchObject({ ok: true });
  });
});
