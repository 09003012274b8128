// On which terms a rule acts: guards, waits and what ends them, its own order, tickets found by name or number, names
// remembered, and stop.
import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/rule/decide.ts';
import { running } from '../../../src/rule/limits.ts';
import { makeRulebook } from '../../../src/rule/rulebook.ts';
import { configOf, decided, eventOf, location, type RawRule } from './config.ts';
import { now } from './given.ts';

describe('a decision', () => {
  it('carries the guard and the wait of its rule', () => {
    const [one] = decided([{ ticket: 'body.t', from: ['new', 'inProgress'], after: '2h' }], { t: 'a' });
    expect(one).toEqual({
      ...{ kind: 'matched', rule: 'rule-1', ticket: 'a', status: 'solved', account: 'main', dryRun: false },
      ...{ from: ['new', 'inProgress'], afterMs: 7_200_000, reason: 'the rule has no condition' },
    });
  });

  it('has none where the rule has none', () => {
    const [one] = decided([{ ticket: 'body.t' }], { t: 'a' });
    expect(Object.keys(one ?? {}).toSorted()).toEqual([
      ...['account', 'dryRun', 'kind', 'reason', 'rule', 'status', 'ticket'],
    ]);
  });
});

describe("a rule's own time", () => {
  const rule = { each: 'body.l', ticket: 'item.t', at: 'item.at' };
  const at = (value: unknown) => decided([rule], { l: [{ t: 'a', at: value }] })[0];

  it.each<[unknown, number]>([
    ['2026-02-03T10:00:00Z', Date.UTC(2026, 1, 3, 10)],
    ['2026-02-03 10:00:00 UTC', Date.UTC(2026, 1, 3, 10)],
    [1_770_000_000, 1_770_000_000_000],
  ])('%j orders its wishes', (value, ms) => expect(at(value)).toMatchObject({ kind: 'matched', at: ms }));

  it('may be computed', () => {
    const computed = { ticket: 'body.t', at: 'timestamp(body.at) + duration("1h")' };
    expect(decided([computed], { t: 'a', at: '2026-02-03T10:00:00Z' })).toMatchObject([
      { at: Date.UTC(2026, 1, 3, 11) },
    ]);
  });

  it.each<[unknown, string]>([
    [undefined, 'gave nothing (item.at is missing (item has: t, at))'],
    ['soon', 'is not a time with its zone'],
    ['0001-01-01T00:00:00Z', 'is not a time with its zone'],
    [null, 'is not a time with its zone'],
    ['2026-02-12T10:00:00Z', 'is more than a day ahead'],
  ])('that is %j leaves the order to the event, and is told', (value, why) => {
    const one = at(value);
    expect(one).toMatchObject({ kind: 'matched', reason: expect.stringContaining("so the event's own order is kept") });
    expect(one?.reason).toContain(`; at ${why}`);
    expect(one).not.toHaveProperty('at');
  });
});

describe('a ticket', () => {
  const by = (ticket: unknown, body: unknown) => decided([{ ticket }], body);

  it('is found by its name', () => {
    expect(by({ link: 'body.key' }, { key: 'AB-1' })).toMatchObject([{ kind: 'matched', ticket: 'link:AB-1' }]);
    expect(by({ link: 'body.key' }, { key: 7 })).toMatchObject([{ ticket: 'link:7' }]);
    expect(by({ link: 'body.keys' }, { keys: ['a', 'b', 'a'] })).toMatchObject([
      { ticket: 'link:a' },
      { ticket: 'link:b' },
    ]);
    expect(by({ link: '"jira:" + body.key' }, { key: 'x' })).toMatchObject([{ ticket: 'link:jira:x' }]);
  });

  it('is found by its number within a location', () => {
    const ticket = { number: 'body.n', location };
    expect(by(ticket, { n: 30 })).toMatchObject([{ kind: 'matched', ticket: `number:30@${location}` }]);
    expect(by({ ...ticket, number: 'body.t.extract("#(\\\\d+)")' }, { t: 'fixes #31' })).toMatchObject([
      { ticket: `number:31@${location}` },
    ]);
  });

  it.each<[unknown, unknown, string]>([
    [
      { link: 'body.k' },
      { k: '' },
      'ticket: "" is no name to find a ticket by, expected 1 to 256 printable characters',
    ],
    [{ link: 'body.k' }, { k: 'a\nb' }, 'ticket: "a\\nb" is no name to find a ticket by'],
    [{ link: 'body.k' }, { k: null }, 'ticket: it is null, expected a text, a number or a list of them'],
    [{ link: 'body.k' }, {}, 'ticket: body.k is missing'],
    [{ number: 'body.k', location }, { k: 1.5 }, 'ticket: 1.5 is no ticket number, expected a whole number from 1'],
    [{ number: 'body.k', location }, { k: 'x' }, 'ticket: "x" is no ticket number'],
  ])('is not found by %j in %j', (ticket, body, reason) => {
    expect(by(ticket, body)).toMatchObject([{ kind: 'unmatched', reason: expect.stringContaining(reason) }]);
  });

  it('with the same reference is the same ticket for two rules', () => {
    const rules = [{ ticket: { link: 'body.a' } }, { ticket: { link: 'body.b' }, set: 'closed' }];
    expect(decided(rules, { a: 'x', b: 'x' })).toMatchObject([{ kind: 'matched' }, { kind: 'shadowed', by: 'rule-1' }]);
    expect(decided(rules, { a: 'x', b: 'y' })).toMatchObject([{ kind: 'matched' }, { kind: 'matched' }]);
  });
});

describe('a rule with link', () => {
  const link = { link: 'body.key', ticket: 'body.t' };

  it('remembers a name and wants no status', () => {
    expect(decided([link, { ticket: 'body.t' }], { key: 'AB-1', t: 'a' })).toEqual([
      {
        ...{ kind: 'links', rule: 'rule-1', key: 'AB-1', ticket: 'a', dryRun: false },
        reason: 'the rule has no condition',
      },
      expect.objectContaining({ kind: 'matched', rule: 'rule-2', ticket: 'a' }),
    ]);
  });

  it('only tells it in a dry run', () => {
    expect(decided([{ ...link, dryRun: true }], { key: 'a', t: 'a' })).toMatchObject([{ kind: 'links', dryRun: true }]);
  });

  it.each([
    [{ t: 'a' }, 'link: body.key is missing'],
    [{ t: 'a', key: '' }, 'link: "" is no name for a ticket, expected 1 to 256 printable characters'],
    [{ t: 'a', key: ['x'] }, 'link: a list is no name for a ticket'],
  ])('says why it remembers nothing of %j', (body, reason) => {
    expect(decided([link], body)).toMatchObject([{ kind: 'unmatched', reason: expect.stringContaining(reason) }]);
  });

  it('is not heard for a ticket at which an earlier rule says stop', () => {
    const stop = { ticket: '"a"', stop: true };
    expect(decided([stop, link], { key: 'k', t: 'a' })).toMatchObject([
      { kind: 'matched' },
      { kind: 'unmatched', reason: 'rule-1 comes first and says stop' },
    ]);
    expect(decided([stop, link], { key: 'k', t: 'b' })).toMatchObject([{ kind: 'matched' }, { kind: 'links' }]);
    expect(decided([{ ...stop, dryRun: true }, link], { key: 'k', t: 'a' })).toMatchObject([{}, { kind: 'links' }]);
    expect(decided([{ ...stop, stop: false }, link], { key: 'k', t: 'a' })).toMatchObject([{}, { kind: 'links' }]);
  });
});

describe('an event that meets an unless', () => {
  const waiting = (unless: readonly RawRule[], more: RawRule = {}) => ({
    ...{ when: 'event.type == "closed"', ticket: 'body.t', after: '2h', unless, ...more },
  });
  const reopened = { on: 'github', when: 'event.type == "reopened"' };

  it('ends the wait of the tickets that the rule itself would name in it', () => {
    expect(decided([waiting([reopened])], { t: ['a', 'b'] }, { type: 'reopened' })).toEqual([
      expect.objectContaining({ kind: 'unmatched', rule: 'rule-1' }),
      { kind: 'cancels', rule: 'rule-1', ticket: 'a', reason: 'event.type == "reopened" is true' },
      { kind: 'cancels', rule: 'rule-1', ticket: 'b', reason: 'event.type == "reopened" is true' },
    ]);
  });

  it('says why it ends nothing', () => {
    expect(decided([waiting([reopened])], { t: 'a' }, { type: 'labeled' })).toMatchObject([
      { kind: 'unmatched', reason: 'event.type == "closed" is false: event.type is "labeled"' },
      { kind: 'unmatched', reason: 'unless: event.type == "reopened" is false: event.type is "labeled"' },
    ]);
    expect(decided([waiting([reopened])], {}, { type: 'reopened' })[1]).toMatchObject({
      reason: 'unless: ticket: body.t is missing (body has no fields)',
    });
  });

  it('may come from another source, and name the ticket in its own way', () => {
    const rules = [
      waiting([
        { on: 'gitlab', ticket: '{"id": body.other}.id' },
        { on: 'gitlab', when: 'false' },
      ]),
    ];
    expect(decided(rules, { other: 'a' }, { source: 'gitlab' })).toMatchObject([
      { kind: 'cancels', rule: 'rule-1', ticket: 'a' },
      { kind: 'unmatched', reason: 'unless: false is false' },
    ]);
    expect(decided(rules, { t: 'a' }, { type: 'closed' })).toMatchObject([{ kind: 'matched', afterMs: 7_200_000 }]);
  });

  it('ends it for a reference as for an id', () => {
    const rules = [waiting([reopened], { ticket: { link: 'body.key' } })];
    expect(decided(rules, { key: 'x' }, { type: 'reopened' })[1]).toMatchObject({ kind: 'cancels', ticket: 'link:x' });
  });

  it('is looked at element by element where the rule is', () => {
    const rule = waiting([{ on: 'github', when: 'item.s == "firing"' }], {
      ...{ each: 'body.l', when: 'item.s == "resolved"', ticket: 'item.t' },
    });
    const l = ['firing', 'resolved', 'firing', 'firing'].map((s, i) => ({ s, t: ['a', 'b', 'b', 'a'][i] }));
    expect(decided([rule], { l }).filter(({ kind }) => kind !== 'unmatched')).toMatchObject([
      { kind: 'matched', item: 1, ticket: 'b' },
      // Not b: what the rule says of it in this very event is newer than its wait. And a only once.
      { kind: 'cancels', ticket: 'a' },
    ]);
  });

  it('does not end the wait that it begins', () => {
    expect(decided([waiting([{ on: 'github' }])], { t: 'a' }, { type: 'closed' })).toMatchObject([
      { kind: 'matched', ticket: 'a' },
      { kind: 'unmatched', reason: 'unless: the rule already spoke about its tickets' },
    ]);
  });

  it('is told once by several that it meets', () => {
    const all = decided([waiting([reopened, { on: ['github', 'gitlab'] }])], { t: 'a' }, { type: 'reopened' });
    expect(all.filter(({ kind }) => kind === 'cancels')).toHaveLength(1);
  });

  it('is heard in the order of the file, among the rules of its source', () => {
    const rules = [{ ticket: 'body.t' }, waiting([{ on: 'gitlab' }]), { on: 'gitlab', ticket: 'body.t' }];
    const told = decided(rules, { t: 'a' }, { source: 'gitlab' }).map(({ rule, kind }) => `${rule} ${kind}`);
    expect(told).toEqual(['rule-2 cancels', 'rule-3 matched']);
  });
});

describe('the work of one event', () => {
  const heavy = 'body.l.exists(a, body.l.exists(b, a + b == -1))';
  const l = Array.from({ length: 1000 }, (_, i) => i);

  it.each<[string, RawRule]>([
    ['a name to find a ticket by', { ticket: { link: `${heavy} ? "a" : "b"` } }],
    ['a number', { ticket: { number: `${heavy} ? 1 : 2`, location } }],
    ['a name to remember', { ticket: '"a"', link: `${heavy} ? "a" : "b"` }],
    [
      'a condition that ends a wait',
      { when: 'false', ticket: '"a"', after: '1h', unless: [{ on: 'github', when: heavy }] },
    ],
  ])('is bounded in %s', (_, rule) => {
    const told = decided([rule], { l }).at(-1);
    expect(told).toMatchObject({ kind: 'unmatched', reason: expect.stringContaining('too much work') });
  });

  it("is bounded in the rule's own time, which then is not used", () => {
    const [one] = decided([{ ticket: '"a"', at: `${heavy} ? 1 : 2` }], { l });
    expect(one).toMatchObject({ kind: 'matched', reason: expect.stringContaining('too much work') });
    expect(one).not.toHaveProperty('at');
  });

  it('is bounded for all conditions that end waits together', () => {
    const unless = Array.from({ length: 10 }, () => ({ on: 'github', when: heavy }));
    const rules = Array.from({ length: 100 }, () => ({ when: 'false', ticket: '"a"', after: '1h', unless }));
    const book = makeRulebook(configOf(rules), 'v');
    const all = decide(book, eventOf({ l }), now);
    expect(all).toHaveLength(1100);
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['unmatched']));
    expect(running.eventSteps).toBeLessThan(10 * running.ruleSteps);
  });
});
