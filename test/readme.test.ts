// The README is true: what it names exists, its configuration loads and does what it says, its tables are complete.

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { envKeys, readEnv } from '../src/config/env.ts';
import { formatFault } from '../src/config/fault.ts';
import { jsonSchemaText } from '../src/config/json-schema.ts';
import { loadConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import { definitionOf, metricNames } from '../src/metrics/definitions.ts';
import { openapi } from '../src/receiver/openapi.ts';
import { decide } from '../src/rule/decide.ts';
import { checkRules, makeRulebook } from '../src/rule/rulebook.ts';
import { checkSources } from '../src/source/check.ts';
import { verdicts } from '../src/verdict.ts';
import { allPages, blocksOf, brokenLinks, codeIn, filesBelow, readPage, rowsUnder } from './support/markdown.ts';

const readme = readPage('README.md');
const production = readPage('docs/production.md');
const guides = ['README.md', 'docs/production.md'] as const;

/** Reads a configuration as `statuswire check` does, with a value for every name that it takes from the environment. */
function load(text: string) {
  const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const env = Object.fromEntries(names.map((name) => [name, 'whsec_c3RhbmQtaW4gc2VjcmV0']));
  const check = (config: Config) => [...checkSources(config.sources, Date.now()), ...checkRules(config)];
  return loadConfig({ file: 'statuswire.yaml', text, env, check });
}

function faultsOf(text: string): readonly string[] {
  const loaded = load(text);
  return loaded.ok ? [] : loaded.faults.map(formatFault);
}

const smallest = blocksOf(readme, 'yaml').find((text) => text.includes('accounts:')) ?? '';

describe('the smallest rule', () => {
  it('is a configuration without faults', () => {
    expect(smallest).toContain('rules:');
    expect(faultsOf(smallest)).toEqual([]);
  });

  it('makes one wish of the event in examples/', () => {
    const loaded = load(smallest);
    if (!loaded.ok) throw new Error('it has faults');
    const { body } = z.object({ body: z.unknown() }).parse(JSON.parse(readPage('examples/github-issue-closed.json')));
    const event = { id: 'ev_1', source: 'github', type: 'issues.closed', receivedAt: 0, headers: {}, body };
    const decisions = decide(makeRulebook(loaded.config, loaded.version), event, 0);
    expect(decisions).toMatchObject([{ kind: 'matched', status: 'solved' }]);
    expect(readme).toContain('examples/github-issue-closed.json');
  });

  it('with the slip of the pen that the README shows, gets the fault that it shows', () => {
    const shown = blocksOf(readme, 'text').find((text) => text.startsWith('statuswire.yaml:'));
    expect(faultsOf(smallest.replace('set: solved', 'set: sovled'))).toEqual([shown]);
  });
});

describe.each(guides)('%s', (path) => {
  const page = readPage(path);

  it('has yaml without faults', () => {
    const account = 'accounts: { main: { auth: { basic: { clientId: id, clientSecret: pw } } } }\n';
    for (const text of blocksOf(page, 'yaml')) {
      expect(faultsOf(Object.hasOwn(parse(text), 'accounts') ? text : account + text)).toEqual([]);
    }
  });

  it('names only keys of the environment that .env.example has', () => {
    const example = readPage('.env.example');
    const named = new Set([...page.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)].map(([name]) => name));
    expect([...named].filter((name) => !new RegExp(`^${name}=`, 'm').test(example))).toEqual([]);
  });

  it('names only npm scripts that package.json has', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readPage('package.json')));
    const named = [...page.matchAll(/\bnpm (?:run (?:-s |--silent )?([\w:-]+)|(start|test)\b)/g)];
    expect(named.map(([, run, short]) => run ?? short ?? '').filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('the tables of the README', () => {
  it('have every key of statuswire.yaml with its default', () => {
    const Keys = z.object({
      properties: z.record(z.string(), z.object({ default: z.unknown().optional() })),
    });
    const Shape = z.object({
      accounts: z.object({ additionalProperties: Keys }),
      sources: z.object({ additionalProperties: Keys }),
      rules: z.object({ items: z.object({ anyOf: z.array(Keys) }) }),
    });
    const { accounts, sources, rules } = Shape.parse(JSON.parse(jsonSchemaText()).properties);
    const sections = {
      'accounts.NAME': accounts.additionalProperties,
      'sources.NAME': sources.additionalProperties,
      'rules[]': {
        properties: Object.fromEntries(rules.items.anyOf.flatMap(({ properties }) => Object.entries(properties))),
      },
    };
    const keys = Object.entries(sections).flatMap(([section, { properties }]) =>
      Object.entries(properties).map(([key, value]) => [`\`${section}.${key}\``, value.default] as const),
    );
    const rows = new Map(rowsUnder(readme, 'statuswire.yaml').map(([key = '', value = '']) => [key, value]));
    expect([...rows.keys()].toSorted()).toEqual(keys.map(([key]) => key).toSorted());
    const defaults = keys.filter(([, value]) => value !== undefined);
    const written = (value: unknown) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
    expect(defaults.map(([key]) => [key, rows.get(key)])).toEqual(
      defaults.map(([key, value]) => [key, written(value)]),
    );
  });

  it('have every key of the environment with its default', () => {
    const rows = new Map(rowsUnder(readme, 'Environment').map(([key = '', value = '']) => [key, value]));
    expect([...rows.keys()].toSorted()).toEqual(envKeys.map((key) => `\`${key}\``).toSorted());
    const read = readEnv({});
    if (!read.ok) throw new Error('an empty environment is refused');
    for (const [key, value] of Object.entries(read.env).filter(([, value]) => value !== undefined)) {
      expect(rows.get(`\`${key}\``)).toBe(`\`${value}\``);
    }
  });

  it('have every route', () => {
    const routes = Object.entries(openapi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `\`${method.toUpperCase()} ${path}\``),
    );
    expect(
      rowsUnder(readme, 'HTTP')
        .map(([route]) => route)
        .toSorted(),
    ).toEqual(routes.toSorted());
  });

  it('have every metric, as it is defined', () => {
    const rows = metricNames.map(definitionOf).map(({ name, kind, labels, help }) => {
      const named = Object.keys(labels).map((label) => `\`${label}\``);
      return [`\`${name}\``, kind, named.join(', '), help];
    });
    expect(rowsUnder(readme, 'Metrics')).toEqual(rows);
  });

  it('have the words of src/event.ts, as they stand there', () => {
    const words = [...readPage('src/event.ts').matchAll(/^\/\/ {3}(\w+(?: \w+)?) {2,}(.+)$/gm)].map(
      ([, word, meaning]) => [word, meaning],
    );
    expect(words.length).toBeGreaterThan(10);
    expect(rowsUnder(readme, 'Words')).toEqual(words);
  });

  it('know no verdict that there is not', () => {
    const named = rowsUnder(readme, 'Verdicts').map(([verdict = '']) => verdict.replaceAll('`', ''));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((verdict) => !(verdicts as readonly string[]).includes(verdict))).toEqual([]);
  });
});

describe('what the guides say of Prometheus', () => {
  const blocks = blocksOf(production, 'yml').map((text) => parse(text));

  it('is one job to scrape with, and rules with an expression, a patience and a sentence', () => {
    const [scrape, alerts] = blocks;
    expect(scrape).toMatchObject({ scrape_configs: [{ static_configs: [{ targets: ['127.0.0.1:8080'] }] }] });
    expect(alerts.groups[0].rules.length).toBeGreaterThanOrEqual(3);
    for (const rule of alerts.groups[0].rules) {
      expect(rule).toEqual({
        alert: expect.stringMatching(/^Statuswire/),
        expr: expect.any(String),
        for: expect.stringMatching(/^\d+m$/),
        annotations: { summary: expect.any(String) },
      });
    }
  });

  it('names only metrics and labels that there are', () => {
    const names = new Set(metricNames.map(definitionOf).map(({ name }) => name));
    const expressions = blocks[1].groups[0].rules.map(({ expr }: { expr: string }) => expr).join('\n');
    const named = [...expressions.matchAll(/\bstatuswire_[a-z_]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThanOrEqual(3);
    expect(named.filter((name) => !names.has(name))).toEqual([]);
    const labels = new Set(metricNames.map(definitionOf).flatMap((one) => Object.keys(one.labels)));
    const grouped = [...expressions.matchAll(/\bby ?\(([^)]*)\)|\{([a-z]+)/g)].map(([, by, one]) => by ?? one ?? '');
    expect(grouped.flatMap((text) => text.split(/, ?/)).filter((label) => !labels.has(label))).toEqual([]);
  });
});

it('what the guides call a message of the log is one', () => {
  const code = ['src', 'workers'].flatMap(filesBelow).map(readPage).join('\n');
  const areas = 'account|change|config|event|flood|process|receiver|request|visit|worker|redis';
  const named = [...codeIn(readme), ...codeIn(production)].filter((text) =>
    new RegExp(`^(${areas})\\.[a-z-]{3,}(\\.[a-z]+)?$`).test(text),
  );
  expect(named).toContain('change.attempted');
  expect(named.filter((name) => !code.includes(`'${name}'`))).toEqual([]);
});

it.each(allPages())('every link of %s within the checkout leads somewhere', (path) => {
  expect(brokenLinks(path)).toEqual([]);
});

it('every decision is in the list of decisions', () => {
  const list = readPage('docs/decisions/README.md');
  const records = allPages().filter((path) => /decisions\/\d{4}-/.test(path));
  expect(records.filter((path) => !list.includes(`(${path.replace('docs/decisions/', '')})`))).toEqual([]);
});
