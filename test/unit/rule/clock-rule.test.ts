import { describe, expect, it } from 'vitest';
import { type ClockTicket, decideClock } from '../../../src/rule/clock-rule.ts';
import { checkRules, makeRulebook } from '../../../src/rule/rulebook.ts';
import { configOf, location, type RawRule } from './config.ts';
import { now } from './given.ts';

const solvedLongAgo: ClockTicket = {
  id: '11111111-2222-4333-8444-555566667777',
  number: 30,
  status: 'solved',
  type: 'internet',
  description: 'No internet in the meeting room',
  locationRef: location,
  createDate: '2026-01-01T09:00:00.000Z',
  updateDate: '2026-02-04T09:00:00.000Z',
  statusUpdateDate: '2026-02-03T10:00:00.000Z',
};
const afterFourDays = 'ticket.status == "solved" && now - timestamp(ticket.statusUpdateDate) > duration("96h")';

function compiled(rule: RawRule) {
  const [one] = makeRulebook(configOf([{ every: '1h', ...rule }]), 'v').clockRules;
  if (one === undefined) throw new Error('the test needs a rule on the clock');
  return one;
}

const decided = (rule: RawRule, ticket: Partial<ClockTicket> = {}) =>
  decideClock(compiled({ when: afterFourDays, ...rule }), { ...solvedLongAgo, ...ticket }, now);

describe('a rule on the clock', () => {
  it('matches a ticket for which its condition holds', () => {
    expect(decided({})).toEqual({
      kind: 'matched',
      status: 'closed',
      reason: 'ticket.status == "solved" && … is true',
    });
  });

  it('reads each field of the vendor', () => {
    const when = [
      ...[
        `ticket.id == "${solvedLongAgo.id}"`,
        'ticket.number == 30 && ticket.number / 7 == 4',
        'ticket.type == "internet"',
      ],
      ...['ticket.description.contains("meeting")', `ticket.locationRef == "${location}"`],
      ...['timestamp(ticket.createDate) < timestamp(ticket.updateDate)', 'now > timestamp(ticket.updateDate)'],
    ].join(' && ');
    expect(decided({ when })).toMatchObject({ kind: 'matched' });
  });

  it('may compute the status', () => {
    const set = { cel: 'ticket.type == "internet" ? "inProgress" : ticket.description' };
    expect(decided({ set })).toMatchObject({ kind: 'matched', status: 'inProgress' });
    expect(decided({ set }, { type: 'other' })).toMatchObject({
      reason: expect.stringMatching(/^set: it is "No internet in the meeting room", expected one of new/),
    });
  });

  it.each<[string, RawRule, Partial<ClockTicket>, string]>([
    ['another status', {}, { status: 'new' }, 'ticket.status == "solved" is false: ticket.status is "new"'],
    [
      'too young',
      {},
      { statusUpdateDate: '2026-02-10T10:00:00Z' },
      'ticket.statusUpdateDate is "2026-02-10T10:00:00Z"',
    ],
    ['no date', {}, { statusUpdateDate: undefined }, 'ticket.statusUpdateDate is missing (ticket has: '],
    ['null for a date', {}, { statusUpdateDate: null }, 'ticket.statusUpdateDate is missing (ticket has: '],
    ['no time in it', {}, { statusUpdateDate: 'soon' }, 'a text of 4 characters that is no time'],
    ['left alone', { except: [solvedLongAgo.id.toUpperCase()] }, {}, 'the ticket is in `except`'],
    ['elsewhere', {}, { locationRef: solvedLongAgo.id }, 'the ticket is in another location'],
    ['there already', { when: 'true' }, { status: 'closed' }, 'the ticket is closed already'],
    [
      'from before',
      { since: '2026-02-04' },
      {},
      'since: the status was last set 2026-02-03T10:00:00.000Z, before 2026-02-04T00:00:00.000Z',
    ],
    [
      'from before, never touched since it was made',
      { since: '2026-02-04' },
      { statusUpdateDate: undefined },
      'since: the status was last set 2026-01-01T09:00:00.000Z',
    ],
    [
      'of unknown age',
      { since: '2026-02-04' },
      { statusUpdateDate: 'soon' },
      'since: when the status was last set cannot',
    ],
  ])('does not match a ticket %s, and says why', (_, rule, ticket, reason) => {
    expect(decided(rule, ticket)).toEqual({ kind: 'unmatched', reason: expect.stringContaining(reason) });
  });

  it.each(['2026-02-03', '2026-02-03T10:00:00Z', 'always'])('acts since %s, that moment included', (since) => {
    expect(decided({ since })).toMatchObject({ kind: 'matched' });
  });

  it('has its time, its bounds and its account', () => {
    expect(compiled({ when: 'true' })).toMatchObject({
      ...{ schedule: { kind: 'every', everyMs: 3_600_000 }, locations: [location], limit: 50, account: 'main' },
      ...{ cap: { count: 20, perMs: 3_600_000 }, dryRun: false, since: 'always' },
    });
    const [byCalendar] = makeRulebook(configOf([{ cron: '0 8 * * *', when: 'true' }]), 'v').clockRules;
    expect(byCalendar?.schedule).toEqual({ kind: 'cron', cron: '0 8 * * *', timezone: 'UTC' });
  });

  it('says nothing about events', () => {
    const book = makeRulebook(configOf([{ every: '1h', when: 'true' }, { ticket: 'body.t' }]), 'v');
    expect(book.rulesFor('github').map(({ name }) => name)).toEqual(['rule-2']);
    expect(book.clockRules.map(({ name }) => name)).toEqual(['rule-1']);
  });
});

describe('a mistake in a rule on the clock', () => {
  it.each<[RawRule, string]>([
    [{ when: 'ticket.staus == "new"' }, 'when 7: ticket has no field staus; expected one of id, number, status'],
    [
      { when: 'tickt.status == "new"' },
      'when 0: there is no variable tickt; expected one of ticket, now; did you mean ticket?',
    ],
    [{ when: 'event.type == "a"' }, 'when 0: there is no variable event; expected one of ticket, now'],
    [{ when: 'ticket.number == "30"' }, 'when 0: the types do not fit'],
    [{ when: 'now - ticket.createDate > duration("1h")' }, 'when 0: the types do not fit'],
    [{ when: 'ticket.number' }, 'when 0: this is of type int; expected true or false'],
    [{ when: 'true', set: { cel: '"close"' } }, 'set.cel 0: "close" is not a status; expected one of new'],
  ])('%j is told at its place', (rule, told) => {
    const [first] = checkRules(configOf([{ every: '1h', ...rule }]));
    const { path = [], offset, what, expected } = first ?? {};
    expect(`${path.slice(2).join('.')} ${offset}: ${what}; ${expected}`).toContain(told);
  });
});

describe('the text of a ticket', () => {
  const long = 'a'.repeat(100_000);

  it.each([
    'ticket.description.matches("(a+)+$")',
    'ticket.description.extract("(b)") == "b"',
    'ticket.description.ticketIds().size() == 1',
    'ticket.description.split("").exists(a, a == "b")',
    '(ticket.description + ticket.description).size() == 1',
  ])('written against %s costs no more than that', (when) => {
    expect(decided({ when }, { description: long })).toEqual({
      kind: 'unmatched',
      reason: expect.stringMatching(/at most|more than|too much work/),
    });
  });

  it('is cut in the reason', () => {
    const { reason } = decided({ when: 'ticket.description == "b"' }, { description: long });
    expect(reason.length).toBeLessThan(200);
  });
});
