// docs/rules.md is tested: what it shows must be so.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonSchemaText } from '../../../src/config/json-schema.ts';
import { functions } from '../../../src/rule/function.ts';
import { running, writing } from '../../../src/rule/limits.ts';
import { loopNames } from '../../../src/rule/loop.ts';
import { methods } from '../../../src/rule/method.ts';
import { checkRules } from '../../../src/rule/rulebook.ts';
import { clockParts } from '../../../src/rule/time.ts';
import { configOf, decided, type RawRule } from './config.ts';
import { truth, why } from './given.ts';

/** Tables without the spaces that align their columns. */
const page = readFileSync(new URL('../../../docs/rules.md', import.meta.url), 'utf8').replace(/^\|.*$/gm, (row) =>
  row.replace(/ +\|/g, ' |').replace(/-{4,}/g, '---'),
);

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text ?? '');
}

const event = JSON.parse(blocks('json')[0] ?? '') as { type: string; headers: Record<string, string>; body: unknown };
const files = blocks('yaml').map((text) => (parse(text) as { rules: RawRule[] }).rules);
const rules = files.flat();

describe('docs/rules.md', () => {
  it('shows rules that can be used', () => {
    expect(rules.length).toBeGreaterThan(2);
    const none = { verify: 'none' };
    for (const file of files) {
      expect(checkRules(configOf(file, { alerts: none, jira: none, scripts: none }))).toEqual([]);
    }
  });

  it('shows a first rule that matches its event', () => {
    const { type, headers, body } = event;
    expect(decided(rules.slice(0, 1), body, { type, headers })).toMatchObject([{ kind: 'matched', status: 'solved' }]);
  });

  const examples = blocks('cel').flatMap((text) =>
    [...text.matchAll(/^(.*?) +\/\/ (true|false|missing)$/gm)].map(([, example, answer]) => [
      example ?? '',
      answer ?? '',
    ]),
  );
  it.each(examples)('%s is %s', (example, answer) => {
    const found = truth(example, event.body, { headers: event.headers });
    expect(found === 'failure' ? 'missing' : String(found)).toBe(answer);
  });

  it('answers each line of its examples', () => {
    expect(examples).toHaveLength(blocks('cel').join('').trim().split('\n').length);
  });

  it('quotes reasons as they are', () => {
    expect(page).toContain(why('event.type == "issues.closed"'));
    expect(page).toContain(why('body.issue.milestone.title == "May"', event.body));
  });

  it('has a row for every key of a rule', () => {
    const schema = JSON.parse(jsonSchemaText()) as {
      properties: { rules: { items: { anyOf: { properties: object }[] } } };
    };
    const keys = schema.properties.rules.items.anyOf.flatMap(({ properties }) => Object.keys(properties));
    expect(keys.length).toBeGreaterThan(20);
    for (const key of keys) expect(page).toMatch(new RegExp(`^\\| \`${key}\` \\|`, 'm'));
  });

  it('names every function', () => {
    for (const name of [...Object.keys(functions), ...Object.keys(methods), ...loopNames, ...Object.keys(clockParts)]) {
      expect(page).toContain(`${name}`);
    }
  });

  it('has the bounds that hold', () => {
    const table = (from: string) => [
      ...((page.split(from)[1] ?? '').split('\n\n')[0]?.matchAll(/\| (\d+) \|$/gm) ?? []),
    ];
    const numbers = (from: string) => table(from).map(([, number]) => Number(number));
    const w = writing;
    expect(numbers('| an expression | at most |')).toEqual([
      ...[w.characters, w.nodes, w.depth, w.elements, w.nesting, w.patternCharacters, w.patternSize],
    ]);
    expect(numbers('| an event | at most |')).toEqual([
      ...[running.elements, running.characters, running.depth, running.tickets, running.ruleSteps, running.eventSteps],
    ]);
  });
});
