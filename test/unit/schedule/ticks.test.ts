// When a schedule ticks, by a held clock: the moments are BullMQ's, the words that it is given are ours.
import { getNextMillis } from 'bullmq';
import { expect, it } from 'vitest';
import { makeRulebook } from '../../../src/rule/rulebook.ts';
import { toRepeat } from '../../../workers/ticks.ts';
import { configOf, type RawRule } from '../rule/config.ts';

/** The next ticks of a rule after a moment. */
function ticks(rule: RawRule, from: string, count: number): string[] {
  const [compiled] = makeRulebook(configOf([{ when: 'true', ...rule }]), 'v1').clockRules;
  if (compiled === undefined) throw new Error('the test needs a rule on the clock');
  const repeat = toRepeat(compiled.schedule);
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count; ) {
    at = getNextMillis(at, repeat) ?? Number.NaN;
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

it.each<[string, RawRule, string, string[]]>([
  ['in UTC where nothing else is said', { cron: '0 8 * * *' }, '2026-07-01T08:00:00Z', ['2026-07-02T08:00Z']],
  [
    'in its own zone, on working days',
    { cron: '0 8 * * 1-5', timezone: 'Europe/Berlin' },
    '2026-01-09T07:00:00Z',
    ['2026-01-12T07:00Z', '2026-01-13T07:00Z'],
  ],
  [
    'at the same hour before and after the clocks are put forward',
    { cron: '0 8 * * *', timezone: 'Europe/Berlin' },
    '2026-03-28T00:00:00Z',
    ['2026-03-28T07:00Z', '2026-03-29T06:00Z', '2026-03-30T06:00Z'],
  ],
  [
    'once in the hour that there is twice',
    { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
    '2026-10-24T12:00:00Z',
    ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
  ],
  [
    'every ten minutes of some hours',
    { cron: '*/10 8-18 * * *', timezone: 'America/New_York' },
    '2026-06-01T22:45:00Z',
    ['2026-06-01T22:50Z', '2026-06-02T12:00Z'],
  ],
])('a cron ticks %s', (_, rule, from, expected) => {
  expect(ticks(rule, from, expected.length)).toEqual(expected);
});

it('`every` ticks by its length', () => {
  expect(ticks({ every: '90m' }, '2026-01-01T00:00:00Z', 2)).toEqual(['2026-01-01T01:30Z', '2026-01-01T03:00Z']);
});
