import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/rule/decide.ts';
import { running } from '../../../src/rule/limits.ts';
import { makeRulebook } from '../../../src/rule/rulebook.ts';
import { isStatus, toTicketId } from '../../../src/ticket/ticket.ts';
import { configOf, decided, eventOf } from './config.ts';
import { now } from './given.ts';

const uuid = '0b7f2c1e-5d1a-4c55-9a53-0f6c1d2e3f40';

describe('a rule that matches', () => {
  it('names ticket, status, account and why', () => {
    const rule = { when: 'event.type == "issues.closed" && body.n == 1', ticket: 'body.t.ticketId()' };
    expect(decided([rule], { n: 1, t: `see https://x.y/tickets/${uuid.toUpperCase()}` })).toEqual([
      {
        kind: 'matched',
        rule: 'rule-1',
        ticket: uuid,
        status: 'solved',
        account: 'main',
        dryRun: false,
        reason: 'event.type == "issues.closed" && … is true',
      },
    ]);
  });

  it('needs no condition', () => {
    expect(decided([{ ticket: 'body.t', account: 'other', dryRun: true }], { t: 'a' })).toMatchObject([
      { kind: 'matched', account: 'other', dryRun: true, reason: 'the rule has no condition' },
    ]);
  });

  it('may compute the status', () => {
    const rule = { ticket: 'body.t', set: { cel: 'body.ok ? "solved" : body.word' } };
    expect(decided([rule], { t: 'a', ok: true })).toMatchObject([{ kind: 'matched', status: 'solved' }]);
    expect(decided([rule], { t: 'a', ok: false, word: 'done' })).toMatchObject([
      { kind: 'unmatched', reason: 'set: it is "done", expected one of new, inProgress, solved, closed' },
    ]);
  });

  it('knows the times of the event and of the decision', () => {
    const rule = { when: 'event.at < event.receivedAt && event.receivedAt == now', ticket: 'event.id' };
    expect(decided([rule], {}, { at: now - 1 })).toMatchObject([{ kind: 'matched', ticket: 'ev_1' }]);
    expect(decided([rule], {})).toMatchObject([{ kind: 'unmatched' }]);
  });
});

describe('a rule that does not match', () => {
  it.each<[string, object, unknown, string]>([
    [
      'a false condition',
      { when: 'body.n == 2', ticket: 'body.t' },
      { n: 1, t: 'a' },
      'body.n == 2 is false: body.n is 1',
    ],
    ['a missing field', { when: 'body.m == 2', ticket: 'body.t' }, { n: 1 }, 'body.m is missing (body has: n)'],
    [
      'no ticket in the text',
      { ticket: 'body.t.ticketId()' },
      { t: 'a' },
      'ticket: body.t.ticketId(): no ticket id in the text',
    ],
    ['no text', { ticket: 'body.t.ticketId()' }, { t: null }, 'ticket: body.t is null, ticketId() needs a text'],
    ['no field for it', { ticket: 'body.t' }, {}, 'ticket: body.t is missing (body has no fields)'],
    [
      'an empty list',
      { ticket: 'body.t.ticketIds()' },
      { t: 'a' },
      'ticket: it is an empty list, so it names no ticket',
    ],
    ['no list for each', { each: 'body.l', ticket: 'item' }, { l: 'a' }, 'each: it is "a", expected a list'],
    ['nothing in it', { each: 'body.l', ticket: 'item' }, { l: [] }, 'each: it is an empty list'],
    [
      'no ticket id',
      { ticket: 'body.t' },
      { t: 'a b' },
      'ticket: "a b" is no ticket id, expected letters, digits, - or _, at most 128',
    ],
    [
      'an object for a ticket id',
      { ticket: 'body.t' },
      { t: [{ id: 1 }, 2] },
      'ticket: an object (and 1 more) is no ticket id, expected letters, digits, - or _, at most 128',
    ],
  ])('says so: %s', (_, rule, body, reason) => {
    expect(decided([rule as Record<string, unknown>], body)).toEqual([{ kind: 'unmatched', rule: 'rule-1', reason }]);
  });
});

describe('several tickets', () => {
  it('get a decision each, once, beside one for what is no ticket id', () => {
    const body = { t: ['a', 'b', 'a', 'c d', uuid.toUpperCase(), uuid] };
    expect(decided([{ ticket: 'body.t' }], body)).toMatchObject([
      { kind: 'matched', ticket: 'a' },
      { kind: 'matched', ticket: 'b' },
      { kind: 'matched', ticket: uuid },
      { kind: 'unmatched', reason: expect.stringContaining('"c d" is no ticket id') },
    ]);
  });

  it('are at most a thousand for a rule, over all elements', () => {
    const tickets = (from: number) => Array.from({ length: 600 }, (_, i) => `t${from + i}`);
    const all = decided([{ each: 'body.l', ticket: 'item' }], { l: [tickets(0), tickets(1000), tickets(2000)] });
    expect(all.filter(({ kind }) => kind === 'matched')).toHaveLength(running.tickets);
    expect(all.filter(({ kind }) => kind === 'unmatched')).toMatchObject([
      { item: 1, reason: 'ticket: more than 1000 tickets, the others are left out' },
      { item: 2, reason: 'ticket: more than 1000 tickets, the others are left out' },
    ]);
  });
});

describe('each', () => {
  const rule = {
    each: 'body.alerts',
    when: '"ticket" in item.labels',
    ticket: 'item.labels.ticket',
    set: { cel: 'item.status == "resolved" ? "solved" : "inProgress"' },
  };

  it('decides once for every element', () => {
    const alerts = [
      { status: 'resolved', labels: { ticket: 'a' } },
      { status: 'firing', labels: {} },
      { status: 'firing', labels: { ticket: 'b' } },
    ];
    expect(decided([rule], { alerts })).toMatchObject([
      { kind: 'matched', item: 0, ticket: 'a', status: 'solved' },
      { kind: 'unmatched', item: 1, reason: '"ticket" in item.labels is false: item.labels is {}' },
      { kind: 'matched', item: 2, ticket: 'b', status: 'inProgress' },
    ]);
  });

  it('hears the first of two elements that want something for one ticket', () => {
    const alerts = ['resolved', 'firing', 'resolved'].map((status) => ({ status, labels: { ticket: 'a' } }));
    expect(decided([rule], { alerts })).toMatchObject([
      { kind: 'matched', item: 0, status: 'solved' },
      {
        kind: 'shadowed',
        item: 1,
        by: 'rule-1',
        reason: 'rule-1 (element 0) comes first and wants solved for this ticket',
      },
      {
        kind: 'shadowed',
        item: 2,
        by: 'rule-1',
        reason: 'rule-1 (element 0) comes first and wants the same for this ticket',
      },
    ]);
  });

  it('looks at the first thousand elements and says how many are left out', () => {
    const all = decided(
      [{ each: 'body', ticket: 'item' }],
      Array.from({ length: 1003 }, (_, i) => `t${i}`),
    );
    expect(all).toHaveLength(1001);
    expect(all[999]).toMatchObject({ kind: 'matched', item: 999, ticket: 't999' });
    expect(all[1000]).toEqual({
      kind: 'unmatched',
      rule: 'rule-1',
      reason: 'each: a list of 1003 elements, at most 1000 are looked at; the last 3 are left out',
    });
  });
});

describe('two rules for one ticket', () => {
  const wants = (set: string, more: object = {}) => ({ ticket: 'body.t', set, ...more });
  const body = { t: 'a' };

  it('hear the first, whether the second wants another status or the same', () => {
    expect(decided([wants('solved'), wants('closed'), wants('solved')], body)).toMatchObject([
      { kind: 'matched', status: 'solved' },
      {
        kind: 'shadowed',
        status: 'closed',
        by: 'rule-1',
        reason: 'rule-1 comes first and wants solved for this ticket',
      },
      {
        kind: 'shadowed',
        status: 'solved',
        by: 'rule-1',
        reason: 'rule-1 comes first and wants the same for this ticket',
      },
    ]);
  });

  it('are both heard for different tickets', () => {
    expect(decided([wants('solved'), wants('closed', { ticket: '["a", "b"]' })], body)).toMatchObject([
      { kind: 'matched', ticket: 'a', status: 'solved' },
      { kind: 'shadowed', ticket: 'a', by: 'rule-1' },
      { kind: 'matched', ticket: 'b', status: 'closed' },
    ]);
  });

  it('end at one that says stop', () => {
    expect(
      decided([wants('solved', { stop: true }), wants('closed'), wants('closed', { ticket: '"b"' })], body),
    ).toMatchObject([
      { kind: 'matched' },
      { kind: 'shadowed', by: 'rule-1', reason: 'rule-1 comes first and says stop' },
      { kind: 'matched', ticket: 'b' },
    ]);
  });

  it('act although an earlier one is a dry run', () => {
    expect(decided([wants('closed', { dryRun: true, stop: true }), wants('solved')], body)).toMatchObject([
      { kind: 'matched', dryRun: true, status: 'closed' },
      { kind: 'matched', dryRun: false, status: 'solved' },
    ]);
  });

  it('show a dry run what would be heard instead of it', () => {
    const dry = { dryRun: true };
    expect(decided([wants('solved'), wants('closed', dry)], body)).toMatchObject([
      { kind: 'matched' },
      { kind: 'shadowed', by: 'rule-1' },
    ]);
    expect(decided([wants('solved', dry), wants('closed', dry)], body)).toMatchObject([
      { kind: 'matched' },
      { kind: 'shadowed', by: 'rule-1' },
    ]);
  });
});

describe('rules of other sources', () => {
  it('say nothing', () => {
    expect(decided([{ on: 'gitlab', ticket: 'body.t' }], { t: 'a' })).toEqual([]);
    expect(decided([{ on: 'gitlab', ticket: 'body.t' }], { t: 'a' }, { source: 'toString' })).toEqual([]);
  });
});

const anyRules = [
  { when: 'event.type == body.type || body.a.b > body.c', ticket: 'body.ticket', stop: true },
  { each: 'body', when: 'item.x == 1 || item == body[0]', ticket: 'item.t', set: { cel: 'item.s' } },
  { each: 'body.l', ticket: '[item, body.t]', set: 'closed' },
  { when: 'body.exists(k, body[k] == headers[k])', ticket: 'body.map(k, k)', dryRun: true },
  { when: 'body.l.exists(a, body.l.all(b, a == b)) && body.t.matches("(a+)+$")', ticket: 'body.t.ticketIds()' },
  { ticket: 'string(body.t) + string(size(body))', set: { cel: 'string(body.s)' } },
] as const;

describe('any event', () => {
  const book = makeRulebook(configOf(anyRules), 'v');
  const status = fc.constantFrom('solved', 'closed', 'a', uuid);
  const json = fc.jsonValue({ maxDepth: 5 });
  const shaped = fc.record(
    {
      type: fc.string(),
      ticket: fc.oneof(status, json),
      l: fc.oneof(fc.array(fc.oneof(status, json)), json),
      t: fc.oneof(status, json),
      s: fc.oneof(status, json),
      __proto__: json,
      constructor: json,
    },
    { requiredKeys: [] },
  );
  const list = fc.array(
    fc.record({ x: fc.constantFrom(1, 2), t: status, s: fc.oneof(status, json) }, { requiredKeys: [] }),
  );

  it('is decided without throwing, with one wish at most for each ticket', () => {
    fc.assert(
      fc.property(
        fc.oneof(json, shaped, list, fc.constant(undefined)),
        fc.dictionary(fc.string(), fc.string()),
        (body, headers) => {
          const event = eventOf(body, { headers });
          const decisions = decide(book, event, now);
          expect(decide(book, event, now)).toEqual(decisions);
          const real = decisions.flatMap((one) => (one.kind === 'matched' && !one.dryRun ? [one] : []));
          expect(new Set(real.map(({ ticket }) => ticket)).size).toBe(real.length);
          for (const one of decisions) {
            expect(one.reason).toMatch(/./);
            if (one.kind === 'matched' || one.kind === 'shadowed')
              expect([toTicketId(one.ticket), isStatus(one.status)]).toEqual([one.ticket, true]);
          }
          const told = decisions.map(({ rule }) => rule);
          expect(new Set(told)).toEqual(new Set(anyRules.map((_, i) => `rule-${i + 1}`)));
          expect(told).toEqual(told.toSorted());
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the work of one event', () => {
  const heavy = { when: 'body.l.exists(a, body.l.exists(b, a + b == -1))', ticket: '"t"' };
  const light = { when: 'body.n == 1', ticket: '"u"' };
  const l = Array.from({ length: 1000 }, (_, i) => i);

  it('is bounded for a rule, and the next rule is heard', () => {
    expect(decided([heavy, light], { l, n: 1 })).toMatchObject([
      { kind: 'unmatched', reason: expect.stringContaining('too much work') },
      { kind: 'matched', ticket: 'u' },
    ]);
  });

  it('is bounded for all elements of a rule together', () => {
    const all = decided([{ ...heavy, each: 'body.l', when: 'body.l.exists(a, a + item == -1)' }], { l });
    expect(all.length).toBeLessThan(200);
    expect(all[0]).toMatchObject({ item: 0, reason: expect.stringContaining('is false') });
    expect(all.at(-1)).toEqual({
      kind: 'unmatched',
      rule: 'rule-1',
      reason: expect.stringMatching(/^each: from element \d+ on, the event makes this rule too much work/),
    });
  });

  it('is bounded in the number of decisions', () => {
    const all = decided(
      Array.from({ length: 100 }, () => ({ each: 'body.l', when: 'item == -1', ticket: '"t"' })),
      { l },
    );
    expect(all.length).toBeLessThan(running.eventSteps / running.decisionSteps + 200);
    expect(new Set(all.map(({ rule }) => rule)).size).toBe(100);
  });

  it('is bounded for all rules together', () => {
    const all = decided([heavy, heavy, heavy, light], { l, n: 1 });
    expect(all).toHaveLength(4);
    for (const one of all) expect(one).toMatchObject({ reason: expect.stringContaining('too much work') });
  });

  it('is small for a thousand rules that do not match', () => {
    const rules = Array.from({ length: 999 }, (_, i) => ({
      when: `body.n == ${i + 2} && body.missing.x == 1`,
      ticket: '"t"',
    }));
    const all = decided([...rules, light], { n: 1, wide: Object.fromEntries(l.map((i) => [`k${i}`, i])) });
    expect(all.at(-1)).toMatchObject({ kind: 'matched' });
    expect(all.slice(0, -1).every(({ kind }) => kind === 'unmatched')).toBe(true);
  });
});
