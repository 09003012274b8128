import { describe, expect, it } from 'vitest';
import { cronFault, isTimeZone } from '../../../src/config/cron.ts';

describe('a cron text', () => {
  it.each([
    '0 * * * *',
    '*/15 8-18 * * 1-5',
    '0 8 * * MON,THU',
    '0 0 29 2 *',
    '0 0 L * *',
    '0 8 1 1 1#2',
    '30 0 8 * * *',
  ])('%s is right', (text) => expect(cronFault(text)).toBeUndefined());

  it.each([
    ['', ''],
    ['5', ''],
    ['0 * * *', ''],
    ['0 * * * * * *', ''],
    ['@daily', ''],
    ['H * * * *', ''],
    ['H(0-29) * * * *', ''],
    ['0  8 * * *', ''],
    ['0 8 * *\n1', ''],
    ['61 * * * *', 'got value 61 expected range 0-59'],
    ['0 24 * * *', 'got value 24'],
    ['0 0 30 2 *', 'Invalid explicit day of month definition'],
    ['0 0 31 4,6,9 *', 'Invalid explicit day of month definition'],
    ['*/0 * * * *', 'cannot repeat at every 0 time'],
    ['a b c d e', 'Invalid characters'],
    ['* '.repeat(5000), ''],
  ])('%j is refused', (text, why) => {
    const fault = cronFault(text) ?? '';
    expect(fault).toMatch(/^expected five fields such as "0 8 \* \* 1-5"/);
    expect(fault).toContain(why);
  });
});

it.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Berlin', false],
  ['', false],
])('%j as a time zone is %s', (name, answer) => expect(isTimeZone(name)).toBe(answer));
