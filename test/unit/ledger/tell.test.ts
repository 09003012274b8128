import { describe, expect, it } from 'vitest';
import type { EventStory, ToldDecision } from '../../../src/ledger/ledger.ts';
import { tellDecision, tellEvent } from '../../../src/ledger/tell.ts';
import type { Decision } from '../../../src/rule/rule.ts';

const wish: Decision = {
  kind: 'matched',
  rule: 'r',
  ticket: 't-1',
  status: 'solved',
  account: 'main',
  dryRun: false,
  reason: 'it is',
};

function told(...decisions: ToldDecision[]): string[] {
  const story: EventStory = {
    id: 'ev_1',
    source: 'github',
    type: 'issues.closed',
    receivedAt: '2026-03-01T00:00:00.000Z',
    duplicates: 0,
    version: '0123456789ab',
    decisions,
    changes: [],
  };
  return tellEvent(story).slice(2);
}

describe('what a rule said is told', () => {
  it.each<[Decision, string]>([
    [wish, 'rule     r matched: ticket t-1 shall be solved, because it is'],
    [
      { ...wish, item: 2, afterMs: 5_400_000, from: ['new', 'inProgress'], dryRun: true },
      'rule     r (element 2) matched: ticket t-1 shall be solved after 90m, if it is new or inProgress then (dry run), because it is',
    ],
    [{ ...wish, held: true }, 'rule     r matched: ticket t-1 shall be solved (over the cap), because it is'],
    [
      {
        kind: 'shadowed',
        rule: 'r',
        ticket: 't-1',
        status: 'closed',
        account: 'main',
        by: 'q',
        reason: 'q comes first',
      },
      'rule     r shadowed by q: ticket t-1 shall be closed, because q comes first',
    ],
    [
      { kind: 'cancels', rule: 'r', ticket: 't-1', reason: 'it was reopened' },
      'rule     r ended its wait for ticket t-1, because it was reopened',
    ],
    [
      { kind: 'links', rule: 'r', ticket: 't-1', key: 'gh:1', dryRun: false, reason: 'it is' },
      'rule     r remembers ticket t-1 as "gh:1", because it is',
    ],
    [
      { kind: 'unmatched', rule: 'r', reason: 'a == 1 is false: a is 2' },
      'rule     r did not match, because a == 1 is false: a is 2',
    ],
  ])('%o', (decision, line) => {
    expect(tellDecision(decision)).toBe(line);
  });

  it('with the version of the rules, and with what became of it', () => {
    const line = 'rule     r matched: ticket t-1 shall be solved, because it is';
    expect(told({ ...wish, change: 'ch_1', verdict: 'guarded' }, { ...wish, change: 'ch_2' })).toEqual([
      'rules    version 0123456789ab',
      `${line} → guarded`,
      `${line} → still open`,
    ]);
    expect(told({ ...wish, ticket: 'link:gh:1' }).at(-1)).toContain('→ no ticket was remembered by this name');
  });
});
