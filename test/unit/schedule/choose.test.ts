import { describe, expect, it } from 'vitest';
import { makeRulebook } from '../../../src/rule/rulebook.ts';
import { choose, matchesOf } from '../../../src/schedule/choose.ts';
import type { Standing } from '../../../src/schedule/runs.ts';
import { makeStillHolds } from '../../../src/schedule/still-holds.ts';
import type { ListedTicket } from '../../../src/ticket/list.ts';
import { configOf, location, type RawRule } from '../rule/config.ts';
import { now } from '../rule/given.ts';

const touchedAt = Date.parse('2026-02-01T10:00:00Z');

function compiled(rule: RawRule = {}) {
  const book = makeRulebook(configOf([{ every: '1h', when: 'ticket.status == "solved"', ...rule }]), 'v1');
  const [one] = book.clockRules;
  if (one === undefined) throw new Error('the test needs a rule on the clock');
  return one;
}

const ticket = (id: string, more: Partial<ListedTicket> = {}): ListedTicket => ({
  ...{ id, number: 1, status: 'solved', type: 'other', description: '', locationRef: location },
  ...{ createDate: '2026-01-01T00:00:00Z', updateDate: '2026-02-01T10:00:00Z' },
  statusUpdateDate: '2026-02-01T10:00:00Z',
  ...more,
});

const free: Standing = { isOpen: false };
const newest = (verdict: string, acceptedAt: number, status = 'closed'): Standing => ({
  isOpen: false,
  newest: { verdict, status, acceptedAt },
});

describe('what a rule wants of a page', () => {
  it('are its matching tickets, each once', () => {
    const page = [ticket('a'), ticket('b', { status: 'new' }), ticket('a')];
    expect(matchesOf(compiled(), page, now).map(({ wish }) => wish)).toEqual([
      {
        ...{ kind: 'matched', rule: 'rule-1', ticket: 'a', status: 'closed', account: 'main', dryRun: false },
        reason: expect.any(String),
      },
    ]);
  });

  it('becomes wishes as far as there is room; the rest is left', () => {
    const matches = matchesOf(
      compiled(),
      ['a', 'b', 'c'].map((id) => ticket(id)),
      now,
    );
    const chosen = choose(matches, [{ isOpen: true }, free, free], 1);
    expect(chosen).toMatchObject({ wishes: [{ ticket: 'b' }], busy: 1, left: 1 });
    expect(choose(matches, [free, free, free], -1)).toMatchObject({ wishes: [], left: 3 });
  });
});

describe('a ticket', () => {
  it.each<[string, RawRule, Standing, boolean]>([
    ['nobody has asked anything of', {}, free, false],
    ['with an open wish', {}, { isOpen: true }, true],
    ['whose wish was applied, and that was solved again', {}, newest('applied', touchedAt + 1), false],
    ['whose wish was guarded', {}, newest('guarded', touchedAt + 1), false],
    ['that is held', {}, newest('held', touchedAt - 1), true],
    ['that is held for another status', {}, newest('held', touchedAt + 1, 'new'), false],
    ['that failed', {}, newest('failed', touchedAt + 1), true],
    ['that expired', {}, newest('expired', touchedAt + 1), true],
    ['that failed before its status was set again', {}, newest('failed', touchedAt - 1), false],
    ['that was told of on a dry run', { dryRun: true }, newest('dry-run', touchedAt + 1), true],
    ['that was told of before its status was set again', { dryRun: true }, newest('dry-run', touchedAt - 1), false],
    ['that was told of on a dry run, now that it is none', {}, newest('dry-run', touchedAt + 1), false],
  ])('%s', (_, rule, standing, isBusy) => {
    const chosen = choose(matchesOf(compiled(rule), [ticket('a')], now), [standing], 10);
    expect(chosen.busy).toBe(isBusy ? 1 : 0);
    expect(chosen.wishes).toHaveLength(isBusy ? 0 : 1);
  });
});

describe('the second look', () => {
  const rule = compiled();
  const stillHolds = makeStillHolds(() => [rule]);

  it('holds while the condition does', () => {
    expect(stillHolds('rule-1', { fields: ticket('a') }, now)).toMatchObject({ holds: true });
  });

  it.each<[string, string, unknown, string]>([
    ['the ticket has changed', 'rule-1', ticket('a', { status: 'new' }), 'ticket.status is "new"'],
    ['the rule is gone', 'rule-2', ticket('a'), 'there is no rule rule-2 on the clock any more'],
    ['the ticket cannot be read', 'rule-1', { id: 'a' }, "not as the vendor's contract has it"],
  ])('does not hold when %s', (_, name, fields, reason) => {
    const answer = stillHolds(name, { fields }, now);
    expect(answer).toEqual({ holds: false, reason: expect.stringContaining(reason) });
  });
});
