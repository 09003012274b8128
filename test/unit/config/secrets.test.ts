// Promise 6, for the configuration: no fault ever shows a secret, however wrong the file and however careless the check.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../../src/config/describe.ts';
import type { Finding } from '../../../src/config/fault.ts';
import type { Config } from '../../../src/config/schema.ts';
import { account, configOf, faultsOf } from './files.ts';

const values = {
  clientId: 'id',
  clientSecret: 'pw',
  rate: '10/s',
  baseUrl: 'https://api.spacebring.com',
  networkId: '0b6f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f',
  deadline: '72h',
  verify: 'github',
  secret: 's',
  header: 'x-sig',
  signed: '{body}',
  id: 'body.id',
  keep: '7d',
  on: 'hook',
  name: 'rule',
  when: 'true',
  ticket: 'body.t',
  set: 'new',
  cel: 'body.s',
  account: 'main',
};
type Key = keyof typeof values;

function fileWith(changes: Partial<Record<Key, string>>): string {
  const v = { ...values, ...changes };
  return `
accounts:
  main:
    auth: { basic: { clientId: "${v.clientId}", clientSecret: "${v.clientSecret}" } }
    rate: "${v.rate}"
    baseUrl: "${v.baseUrl}"
    networkId: "${v.networkId}"
    deadline: "${v.deadline}"
sources:
  hook: { verify: "${v.verify}", secrets: ["${v.secret}"], id: "${v.id}", keep: "${v.keep}" }
  other: { verify: { hmac: { header: "${v.header}", signed: "${v.signed}" } }, secrets: ["${v.secret}"] }
rules:
  - { name: "${v.name}", on: "${v.on}", when: "${v.when}", ticket: "${v.ticket}", set: "${v.set}", account: "${v.account}" }
  - { name: "${v.name}", on: ["${v.on}"], when: "${v.when}", ticket: "${v.ticket}", set: { cel: "${v.cel}" } }
  - { name: 5 }
`;
}

/** A check that quotes every text it is given, and the texts around it. */
function blab(config: Config): Finding[] {
  const say = (path: Finding['path'], text: unknown) => ({
    path,
    what: `look: ${JSON.stringify(text)}`,
    expected: `not ${text}`,
  });
  return [
    ...config.rules.flatMap((rule, i) => [
      say(['rules', i], JSON.stringify(rule)),
      ...Object.entries(rule).map(([key, value]) =>
        say(['rules', i, key], typeof value === 'string' ? value : JSON.stringify(value)),
      ),
    ]),
    ...Object.entries(config.sources).flatMap(([name, source]) => [
      say(['sources', name], JSON.stringify(source)),
      say(['sources', name, 'id'], source.id),
      say(['sources', name, 'verify', 'hmac'], JSON.stringify(source.verify)),
      ...source.secrets.map((secret, i) => say(['sources', name, 'secrets', i], secret)),
    ]),
  ];
}

const secret = fc.stringMatching(/^[A-Za-z0-9]{10,24}$/).map((text) => `S${text}`);
const keys = fc.subarray(Object.keys(values) as Key[], { minLength: 1 });

describe('a secret is in no fault', () => {
  it('when it comes from the environment, wherever it is used', () => {
    fc.assert(
      fc.property(secret, keys, fc.constantFrom('', 'x-', 'body.'), (value, used, before) => {
        const file = fileWith(Object.fromEntries(used.map((key) => [key, `${before}\${S}`])));
        const faults = faultsOf(file, { S: value }, blab);
        expect(faults.length).toBeGreaterThan(0);
        expect(faults.filter((fault) => fault.includes(value))).toEqual([]);
      }),
    );
  });

  it('when it stands in the file, in a place for secrets', () => {
    fc.assert(
      fc.property(secret, (value) => {
        const faults = faultsOf(fileWith({ clientSecret: value, clientId: value, secret: value }), {}, (config) =>
          blab(config).filter(({ path }) => path.includes('secrets')),
        );
        expect(faults.length).toBeGreaterThan(1);
        expect(faults.filter((fault) => fault.includes(value))).toEqual([]);
      }),
    );
  });

  it('when it is the user of an address, however the address is written and wherever it stands', () => {
    const address = fc.constantFrom(
      ...[
        'http://u:S@x.example',
        'https://S@x.example',
        'https://S:@x.example/p?q#f',
        'ftp://u:S@x',
        '//u:S@x.example',
      ],
      ...['http:u:S@x.example', 'http:/u:S@x.example', 'u:S@x.example', 'https://u:a/S?@x.example', 'https://u:a S@x'],
      ...['https://u:a@S@x.example', `https://${'long'.repeat(20)}S:S@x.example`, 'see https://u:S@x.example'],
    );
    const places = ['baseUrl', 'rate', 'networkId', 'deadline', 'verify', 'keep', 'on', 'set', 'account'] as const;
    fc.assert(
      fc.property(secret, address, fc.constantFrom(...places), (value, form, place) => {
        const written = form.replaceAll('S', value);
        const file = fileWith({ [place]: written }).replace('rate:', `${JSON.stringify(written)}: 1\n    rate:`);
        const faults = faultsOf(file, {}, (config) =>
          config.rules.map((_, i) => ({ path: ['rules', i], what: `look: ${written}`, expected: `not ${written}` })),
        );
        expect(faults.length).toBeGreaterThan(1);
        expect(faults.filter((fault) => fault.includes(value))).toEqual([]);
      }),
    );
  });

  it('when it stands where the way to verify belongs', () => {
    const forms = ['S', '{ header: S }', '{ header: { name: "S=/" } }', '{ hmac: S }', '{ hmac: { header: [S] } }'];
    const wrong = [
      '[S]',
      '{ bearer: S }',
      '{ hmac: { header: x, algorithm: S } }',
      '{ uptime-kuma: { header: "S =" } }',
    ];
    fc.assert(
      fc.property(secret, fc.constantFrom(...forms, ...wrong), (value, form) => {
        const written = form.replaceAll('S', value);
        const file = fileWith({ verify: '(way)' }).replace('"(way)"', written);
        const faults = faultsOf(file).filter((fault) => fault.includes('sources.hook.verify'));
        expect(faults.length).toBeGreaterThan(0);
        expect(faults.filter((fault) => fault.includes(value))).toEqual([]);
      }),
    );
  });

  it('when its key is misspelt or its place is wrong', () => {
    const file = `
accounts:
  main: { auth: { basic: { clientSecrt: hunter2, clientSecret: [hunter2], clientId: { a: hunter2 } } } }
  other: { auth: hunter2 }
  third: { auth: { oauth: { refreshTokn: hunter2, refreshToken: [hunter2], clientId: i, clientSecret: p } } }
sources:
  hook: { verify: github, secrets: hunter2 }
  two: { verify: github, secret: hunter2 }
`;
    const faults = faultsOf(file, { STATUSWIRE_SECRET: 'hunter2' });
    expect(faults).toHaveLength(10);
    expect(faults.join()).not.toContain('hunter2');
  });
});

it('what a check says of the form of a secret is told, because it does not repeat it', () => {
  const finding = {
    path: ['sources', 'hook', 'secrets', 0],
    what: 'this secret is not base64',
    expected: 'expected base64',
  };
  const file = fileWith({ secret: `\${S}` })
    .replace('  - { name: 5 }\n', '')
    .replace('"rule", on: [', '"rule2", on: [');
  expect(faultsOf(file, { S: 'hunter2' }, () => [finding])).toEqual([
    '10:39: sources.hook.secrets[0]: this secret is not base64, expected base64',
  ]);
});

it.each(['a', ' ', 'secret'])('what is said of the secret %j is told, though it stands in every sentence', (value) => {
  const finding = {
    path: ['sources', 'hook', 'secrets', 0],
    what: 'this secret is too short',
    expected: 'expected more',
  };
  const file = `${account}sources:\n  hook: { verify: github, secrets: ["${value}"] }\n`;
  expect(faultsOf(file, {}, () => [finding])).toEqual([
    '4:37: sources.hook.secrets[0]: this secret is too short, expected more',
  ]);
});

it('the description for the log counts secrets and shows none', () => {
  const text = fileWith({ clientSecret: 'hunter2', clientId: 'hunter2', secret: 'hunter2' })
    .replace('  - { name: 5 }\n', '')
    .replace('"rule", on: [', '"rule2", on: [');
  const description = describeConfig(configOf(text));
  expect(JSON.stringify(description)).not.toContain('hunter2');
  expect(description.sources.hook).toEqual({ verify: 'github', secrets: 1, keepMs: 604_800_000 });
  expect(description.sources.other?.verify).toBe('hmac in x-sig');
  expect(description.rules[1]).toEqual({ name: 'rule2', on: ['hook'], account: 'main', dryRun: false });
});
