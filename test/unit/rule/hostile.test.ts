// What a stranger's event can cost. Work is asserted in steps, which do not depend on the machine; the time of a step is
// not asserted, but each of these would run for minutes if something were not bounded, and then the test's own limit ends it.
import { describe, expect, it } from 'vitest';
import { running } from '../../../src/rule/limits.ts';
import { makeMeter } from '../../../src/rule/meter.ts';
import { compiled, given, truth, why } from './given.ts';

const long = 'a'.repeat(65_536);
const list = Array.from({ length: 1000 }, (_, id) => ({ id, name: `n${id}`, text: long }));
const many = Array.from({ length: 100_000 }, (_, i) => i);
const wide = Object.fromEntries(many.map((i) => [`k${i}`, i]));
const deep = (): unknown => JSON.parse(`${'['.repeat(100_000)}1${']'.repeat(100_000)}`);
const needle = `${'a'.repeat(50_000)}b${'a'.repeat(50_000)}`;

describe('too much work', () => {
  it.each<[string, unknown]>([
    ['body.l.exists(a, body.l.exists(b, a.id + b.id == -1))', { l: list }],
    ['body.l.all(a, body.l.all(b, a.id + b.id > -1))', { l: list }],
    ['body.l.map(a, body.l.map(b, a.id)).size() == 1', { l: list }],
    ['body.l.filter(a, body.l.filter(b, b.id == a.id).size() == 2).size() == 1', { l: list }],
    ['body.l.exists(a, body.l.exists(b, b.missing == 1))', { l: list }],
    ['body.l.exists(a, body.l.exists(b, b.missing == 1)) || true', { l: list }],
    ['body.t.contains(body.n)', { t: 'a'.repeat(1_000_000), n: needle }],
    ['body.t.indexOf(body.n) == 1', { t: 'a'.repeat(1_000_000), n: needle }],
    ['body.t.split(body.n).size() == 1', { t: 'a'.repeat(1_000_000), n: needle }],
    ['body.l.exists(a, a.text.contains("b"))', { l: list.map((one) => ({ ...one, text: long.repeat(8) })) }],
    ['body.l.exists(a, a.text.matches("(a|b)*c"))', { l: list }],
    ['body.l.exists(a, a.text.ticketIds().size() > 0)', { l: list }],
    ['body.l.exists(a, a.text.size() == 1)', { l: list }],
    ['body.l.exists(a, body.m == body.n)', { l: list, m: [...many, 1], n: [...many, 2] }],
    ['body.l.exists(a, -1 in body.m)', { l: list, m: many }],
    ['body.l.exists(a, size(body.w) == 1)', { l: list, w: wide }],
    ['body.t.matches("[ab]*a[ab]{300}c")', { t: long }],
  ])('of %s is refused', (text, body) => {
    const meter = makeMeter(running.ruleSteps);
    const outcome = compiled(text, 'bool').evaluate(given(body), meter);
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringContaining('too much work') });
    expect(compiled(text, 'bool').explain(given(body), meter)).toContain('too much work');
  });

  it('is not avoided by nesting loops in two variables', () => {
    expect(truth('body.l.exists(a, a.l.exists(b, b == -1))', { l: list.map(() => ({ l: list })) })).toBe('failure');
  });
});

describe('too big a value', () => {
  it.each<[string, unknown, string]>([
    ['body.l.exists(a, a == -1)', { l: many }, 'body.l is a list of 100000 elements, at most 1000 are looked at'],
    [
      'body.w.all(k, k == "")',
      { w: Object.fromEntries(many.slice(0, 1001).map((i) => [`k${i}`, i])) },
      '1001 elements',
    ],
    ['body.t.matches("(a+)+$")', { t: `${long}!` }, 'has 65537 characters, at most 65536 are searched'],
    ['body.t.extract("a") == "b"', { t: `${long}!` }, 'has 65537 characters'],
    ['body.t.ticketId() == ""', { t: `${long}!` }, 'a text of 65537 characters, at most 65536 are searched'],
    ['body.t + body.t == ""', { t: long }, 'a text of 131072 characters, at most 65536 are made'],
    ['body.l.map(a, a.text).join() == ""', { l: list }, 'characters, at most 65536 are made'],
    ['(body.l + body.l).size() == 1', { l: list }, 'a list of 2000 elements, at most 1000 are looked at'],
    ['body.t.split("").size() == 1', { t: 'a'.repeat(2000) }, 'more than 1000 pieces'],
    ['body.a == body.b', { a: deep(), b: deep() }, 'nested deeper than 64 levels are not compared'],
    ['body.a in [body.b]', { a: deep(), b: deep() }, 'nested deeper than 64 levels are not compared'],
  ])('in %s is named', (text, body, reason) => {
    expect(truth(text, body)).toBe('failure');
    expect(why(text, body)).toContain(reason);
  });

  it('is shown in part only', () => {
    expect(why('body.a == 1', { a: deep() })).toBe(`body.a == 1 is false: body.a is ${'['.repeat(79)}…`);
    expect(why('body.w == 1', { w: wide })).toContain('body.w is {"k0": 0, "k1": 1');
    expect(why('body.w.x == 1', { w: wide })).toBe('body.w.x is missing (body.w has: k0, k1, k2, k3, k4, k5 …)');
  });
});

describe('a text made against backtracking', () => {
  it.each(['(a+)+$', '(a|aa)+$', '^(a|a?)+$', '(.*)*b', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    'is searched for %s in one pass',
    (pattern) => {
      expect(truth(`body.t.matches("${pattern}")`, { t: `${'a'.repeat(20_000)}!` })).toBe(false);
    },
  );

  it('is searched for ticket ids in one pass', () => {
    for (const text of [
      '/tickets/'.repeat(7000),
      'https://'.repeat(8000),
      '0'.repeat(65_536),
      '00000000-'.repeat(7000),
    ]) {
      expect(truth('body.t.ticketIds() == []', { t: text })).toBe(true);
    }
  });
});
