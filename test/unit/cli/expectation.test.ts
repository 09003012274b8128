import { describe, expect, it } from 'vitest';
import { compare, tellExpected } from '../../../src/cli/expectation.ts';
import type { Expected } from '../../../src/cli/fixture.ts';
import type { Decision } from '../../../src/rule/rule.ts';

const solved: Decision = {
  kind: 'matched',
  rule: 'solve',
  ticket: 't-1',
  status: 'solved',
  account: 'main',
  dryRun: false,
  afterMs: 7_200_000,
  from: ['new', 'inProgress'],
  reason: 'it is',
};
const shadowed: Decision = {
  kind: 'shadowed',
  rule: 'close',
  ticket: 't-1',
  status: 'closed',
  account: 'main',
  by: 'solve',
  reason: 'solve comes first',
};
const linked: Decision = { kind: 'links', rule: 'link', key: 'gh:1', ticket: 't-1', dryRun: false, reason: 'it is' };
const ended: Decision = { kind: 'cancels', rule: 'solve', ticket: 't-2', reason: 'it is' };
const silent: Decision = { kind: 'unmatched', rule: 'other', reason: 'it is not' };

function holds(decisions: readonly Decision[], ...expected: Expected[]): boolean {
  const { missing, unexpected } = compare(decisions, expected);
  return missing.length === 0 && unexpected.length === 0;
}

describe('what was made is as expected', () => {
  it('when all that is said of it is so, whatever is not said', () => {
    expect(holds([silent, solved], { ticket: 't-1', status: 'solved' })).toBe(true);
    const all: Expected = { rule: 'solve', ticket: 't-1', status: 'solved', account: 'main', dryRun: false };
    expect(holds([solved], { ...all, after: 7_200_000, from: ['inProgress', 'new'] })).toBe(true);
  });

  it.each<[string, Partial<Expected>]>([
    ['rule', { rule: 'other' }],
    ['ticket', { ticket: 't-2' }],
    ['status', { status: 'closed' }],
    ['account', { account: 'second' }],
    ['wait', { after: 3_600_000 }],
    ['guard', { from: ['new'] }],
    ['trial', { dryRun: true }],
    ['shadow', { shadowedBy: 'other' }],
  ])('not when the %s is another', (_what, other) => {
    expect(holds([solved], { ticket: 't-1', status: 'solved', ...other })).toBe(false);
  });

  it('when a name that is remembered and a wait that ends are expected', () => {
    expect(holds([linked, ended], { ticket: 't-1', link: 'gh:1' }, { ticket: 't-2', cancels: true })).toBe(true);
    expect(holds([linked], { ticket: 't-1', link: 'gh:2' })).toBe(false);
    expect(holds([ended], { ticket: 't-2', status: 'solved' })).toBe(false);
  });

  it('also when what is shadowed is not mentioned; where it is, it has to be so', () => {
    expect(holds([solved, shadowed], { ticket: 't-1', status: 'solved' })).toBe(true);
    const mentioned: Expected = { rule: 'close', ticket: 't-1', status: 'closed', shadowedBy: 'solve' };
    expect(holds([solved, shadowed], mentioned, { ticket: 't-1', status: 'solved' })).toBe(true);
    expect(holds([solved], mentioned, { ticket: 't-1', status: 'solved' })).toBe(false);
  });

  it('only when each is made once for each time that it is expected, in whatever order', () => {
    const twice: Decision[] = [solved, { ...solved, rule: 'again', ticket: 't-2' }];
    const one: Expected = { ticket: 't-1', status: 'solved' };
    expect(holds(twice, one)).toBe(false);
    expect(holds([solved], one, one)).toBe(false);
    expect(holds(twice, { ticket: 't-2', status: 'solved' }, one)).toBe(true);
  });

  it('is told as it was expected', () => {
    const expected: Expected = { rule: 'solve', ticket: 't-1', status: 'solved', after: 5_400_000, from: ['new'] };
    expect(tellExpected(expected)).toBe('solve: ticket t-1 shall be solved after 90m, if it is new then');
  });
});
