import { describe, expect, it } from 'vitest';
import { checkRules, compileSources, makeRulebook } from '../../../src/rule/rulebook.ts';
import { configOf } from './config.ts';

describe('the check of a configuration', () => {
  it('finds nothing in a sound one', () => {
    const rules = [
      { when: 'body.a == 1 && event.type == "x"', ticket: 'body.t' },
      { each: 'body.l', when: 'item.a', ticket: '[item.t, "fixed"]', set: { cel: 'item.a ? "new" : "closed"' } },
    ];
    const sources = { scanner: { verify: 'none', id: 'headers["x-id"]', type: 'body.kind', at: 'body.at' } };
    expect(checkRules(configOf(rules, sources))).toEqual([]);
  });

  it('finds every mistake at once, each at its path and offset', () => {
    const rules = [
      { when: 'event.typ == "x"', ticket: 'bodi.t' },
      { each: 'item.l', when: 'item.a', ticket: 'now', set: { cel: 'item.a ? "new" : "close"' } },
      { when: 'item.a', ticket: 'body.t' },
    ];
    const sources = {
      scanner: { verify: 'none', id: 'event.id', type: 'body.kind == 1', at: 'headers["X-At"]' },
    };
    const found = checkRules(configOf(rules, sources)).map(({ path, offset }) => [path.join('.'), offset]);
    expect(found).toEqual([
      ['sources.scanner.id', 0],
      ['sources.scanner.type', 0],
      ['sources.scanner.at', 8],
      ['rules.0.when', 6],
      ['rules.0.ticket', 0],
      ['rules.1.each', 0],
      ['rules.1.ticket', 0],
      ['rules.1.set.cel', 17],
      ['rules.2.when', 0],
    ]);
  });

  it('says what was expected in a sentence that can be read after the place', () => {
    for (const { what, expected } of checkRules(configOf([{ when: 'event.typ == 1', ticket: 'body.t + 1 == 2' }]))) {
      expect(what).not.toMatch(/\n/);
      expect(expected).toMatch(/^expected /);
    }
  });
});

describe('a rulebook', () => {
  it('keeps the rules of a source in the order of the file', () => {
    const rules = [
      { name: 'a', on: 'gitlab', ticket: 'body.t' },
      { name: 'b', on: ['github', 'gitlab', 'gitlab'], ticket: 'body.t' },
      { name: 'c', ticket: 'body.t' },
    ];
    const book = makeRulebook(configOf(rules), 'v7');
    expect(book.version).toBe('v7');
    expect(book.rulesFor('gitlab').map(({ name }) => name)).toEqual(['a', 'b']);
    expect(book.rulesFor('github').map(({ name }) => name)).toEqual(['b', 'c']);
    expect(book.rulesFor('constructor')).toEqual([]);
  });

  it('settles the account: the own one, else main, else the only one', () => {
    const config = configOf([{ account: 'other', ticket: 'body.t' }, { ticket: 'body.t' }]);
    const accounts = (from: typeof config) =>
      makeRulebook(from, 'v')
        .rulesFor('github')
        .map(({ account }) => account);
    expect(accounts(config)).toEqual(['other', 'main']);
    const { other } = config.accounts;
    if (other === undefined) throw new Error('the test needs the account other');
    expect(accounts({ ...config, accounts: { only: other } })).toEqual(['other', 'only']);
    expect(() => accounts({ ...config, accounts: { one: other, two: other } })).toThrow('rule-2 has no account');
  });

  it('is not made from rules with mistakes', () => {
    expect(() => makeRulebook(configOf([{ ticket: 'bodi.t' }]), 'v')).toThrow('was the configuration checked?');
  });
});

describe('the expressions of a source', () => {
  const config = configOf([], {
    scanner: { verify: 'none', id: 'headers["x-id"]', type: 'body.kind + "." + body.action', at: 'timestamp(body.at)' },
    unix: { verify: 'none', at: 'body.sent' },
  });
  const { id, type, at } = compileSources(config).get('scanner') ?? {};

  it('are plain functions of headers and body', () => {
    expect(id?.({ 'x-id': '17' }, {})).toEqual({ ok: true, value: '17' });
    expect(type?.({}, { kind: 'scan', action: 'done' })).toEqual({ ok: true, value: 'scan.done' });
    expect(at?.({}, { at: '2026-02-03T10:00:00Z' })).toEqual({ ok: true, value: new Date('2026-02-03T10:00:00Z') });
    expect(compileSources(config).get('unix')?.at?.({}, { sent: 1_770_000_000 })).toEqual({
      ok: true,
      value: 1_770_000_000,
    });
  });

  it('are there only where they are configured', () => {
    expect(Object.keys(compileSources(config).get('unix') ?? {})).toEqual(['at']);
    expect(compileSources(config).get('github')).toEqual({});
  });

  it('say why they give nothing, and never throw', () => {
    expect(id?.({}, null)).toMatchObject({ ok: false, reason: 'headers["x-id"] is missing (headers has no fields)' });
    expect(type?.({}, { kind: 'a' })).toMatchObject({ ok: false, reason: 'body.action is missing (body has: kind)' });
    expect(at?.({}, { at: 'soon' })).toMatchObject({ ok: false });
    expect(at?.({}, undefined)).toMatchObject({ ok: false, reason: 'body is missing' });
  });
});
