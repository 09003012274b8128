import { expect, it } from 'vitest';
import { differences } from '../../../src/cli/outcome.ts';
import type { Decision } from '../../../src/rule/rule.ts';

const wish: Decision = {
  kind: 'matched',
  rule: 'solve',
  ticket: 't-1',
  status: 'solved',
  account: 'main',
  dryRun: false,
  reason: 'it is',
};
const silent: Decision = { kind: 'unmatched', rule: 'solve', reason: 'it is not' };

it('the same deed by a rule of another name, or after other rules that do nothing, makes no difference', () => {
  expect(differences([wish], [silent, { ...wish, rule: 'renamed', reason: 'another' }])).toEqual([]);
  expect(differences([silent], [])).toEqual([]);
});

it.each<[string, readonly Decision[]]>([
  ['nothing', []],
  ['another status', [{ ...wish, status: 'closed' }]],
  ['a wait', [{ ...wish, afterMs: 1000 }]],
  ['a guard', [{ ...wish, from: ['new'] }]],
  ['a trial', [{ ...wish, dryRun: true }]],
  ['another account', [{ ...wish, account: 'second' }]],
  [
    'a name to remember besides',
    [wish, { kind: 'links', rule: 'l', key: 'k', ticket: 't-1', dryRun: false, reason: '' }],
  ],
])('%s instead of a wish is a difference for its ticket', (_what, after) => {
  expect(differences([wish], after)).toMatchObject([{ ticket: 't-1', before: [{ rule: 'solve' }] }]);
  expect(differences(after, [wish])).toHaveLength(1);
});

it('each ticket is told apart', () => {
  const other: Decision = { ...wish, ticket: 't-2' };
  expect(differences([wish, other], [wish]).map(({ ticket, after }) => [ticket, after])).toEqual([['t-2', []]]);
});
