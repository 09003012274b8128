import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixturesIn, isFixtureFile, readFixtures, rulesBeside } from '../../../src/cli/fixture.ts';
import { ownFolder } from './folder.ts';

function faultsOf(text: string): string {
  const file = join(ownFolder(), 'a.test.yaml');
  writeFileSync(file, text);
  try {
    readFixtures(file);
    return '';
  } catch (error) {
    return (error as Error).message.replaceAll(file, 'a.test.yaml');
  }
}

const event = 'event: { source: github, body: {} }';

describe('a fixture', () => {
  it('is a name, an event, and what shall be', () => {
    expect(
      faultsOf(`- name: a\n  ${event}\n  none: true\n- name: b\n  file: e.json\n  expect: [{ ticket: x, link: k }]\n`),
    ).toBe('');
  });

  it.each([
    ['an empty file', '', 'a.test.yaml:1:1: '],
    ['a map', 'name: a', 'expected a list of {name, event or file, expect or none}'],
    [
      'an unknown key',
      `- name: a\n  ${event}\n  expcet: []`,
      'a.test.yaml:3:3: [0].expcet is not a known key, expected one of name, event, file, expect, none; did you mean expect?',
    ],
    ['no event', '- name: a\n  none: true', '[0].event is missing, expected either event or file'],
    ['two events', `- name: a\n  ${event}\n  file: e.json\n  none: true`, 'expected either event or file'],
    ['no expectation', `- name: a\n  ${event}`, '[0].expect is missing, expected either expect or `none: true`'],
    ['an empty expectation', `- name: a\n  ${event}\n  expect: []`, 'for no change at all: `none: true`'],
    [
      'no such status',
      `- name: a\n  ${event}\n  expect: [{ ticket: x, status: done }]`,
      'a.test.yaml:3:33: [0].expect[0].status is "done", expected one of new',
    ],
    ['two deeds', `- name: a\n  ${event}\n  expect: [{ ticket: x, status: new, link: k }]`, 'expected either status'],
    [
      'a wait that is none',
      `- name: a\n  ${event}\n  expect: [{ ticket: x, status: new, after: soon }]`,
      '[0].expect[0].after is "soon", expected a duration',
    ],
    ['no body', '- name: a\n  event: { source: github }\n  none: true', '[0].event.body is missing'],
    ['broken YAML', '- name: [a', 'a.test.yaml:1:'],
  ])('with %s is refused at its place', (_what, text, fault) => {
    expect(faultsOf(text)).toContain(fault);
  });

  it('takes texts as they stand: nothing comes from the environment', () => {
    const file = join(ownFolder(), 'a.test.yaml');
    writeFileSync(file, `- name: a\n  event: { source: github, body: { text: "\${HOME} $\${x}" } }\n  none: true\n`);
    expect(readFixtures(file).value[0]?.event?.body).toEqual({ text: `\${HOME} $\${x}` });
  });

  it('stands in *.test.yaml, beside the rules of the same name where there are any', () => {
    const folder = ownFolder();
    for (const name of ['b.test.yaml', 'a.test.yml', 'a.yaml', 'c.yaml']) writeFileSync(join(folder, name), 'x');
    expect(fixturesIn(folder)).toEqual([join(folder, 'a.test.yml'), join(folder, 'b.test.yaml')]);
    expect(rulesBeside(join(folder, 'a.test.yml'))).toBe(join(folder, 'a.yaml'));
    expect(rulesBeside(join(folder, 'b.test.yaml'))).toBeUndefined();
    expect(isFixtureFile('test.yaml')).toBe(false);
    expect(() => fixturesIn(ownFolder())).toThrow('There is no *.test.yaml');
  });
});
