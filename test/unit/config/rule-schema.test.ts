// What a rule may say, and what is told of one that says it wrong.
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../../src/config/describe.ts';
import { account, configOf, faultsOf } from './files.ts';

const hooks = 'sources:\n  hook: { verify: none }\n  other: { verify: none }\n';
const place = '0B6F1D3E-8F4C-4F8E-9D57-1A2B3C4D5E6F';
/** Line 6 is `rules:`, line 7 the rule. */
const file = (rule: string) => `${account}${hooks}rules:\n  - { ${rule} }\n`;
const event = (more: string) => file(`name: a, on: hook, ticket: body.t, ${more}`);
const clock = (more: string) =>
  file(`name: a, locations: ["${place}"], when: "true", set: closed${more === '' ? '' : `, ${more}`}`);
const rule = (text: string) => configOf(text).rules[0];

describe('a rule about events', () => {
  it('says all that there is to say', () => {
    const said = 'set: new, from: [solved], after: 2h, unless: [{ on: other, when: body.x }], at: body.at, stop: true';
    expect(rule(event(said))).toEqual({
      ...{ kind: 'event', name: 'a', on: ['hook'], ticket: 'body.t', set: 'new', from: ['solved'], after: 7_200_000 },
      ...{ unless: [{ on: ['other'], when: 'body.x' }], at: 'body.at', stop: true, dryRun: false, account: 'main' },
    });
  });

  it('may remember a name for a ticket, and find it by name or number', () => {
    expect(rule(event('link: body.key'))).toMatchObject({ link: 'body.key', ticket: 'body.t' });
    const found = (ticket: string) => rule(file(`name: a, on: hook, set: new, ticket: ${ticket}`));
    expect(found('{ link: body.key }')).toMatchObject({ ticket: { link: 'body.key' } });
    expect(found(`{ number: body.n, location: "${place}" }`)).toMatchObject({
      ticket: { number: 'body.n', location: place.toLowerCase() },
    });
  });

  it.each([
    ['dryRun: true', "set is missing, expected new, inProgress, solved, closed, {cel: '…'}, or `link` in its place"],
    ['set: new, link: body.k', 'link is "body.k", expected either `set` or `link`; a rule either changes the ticket'],
    ['link: body.k, from: [new]', 'from is a list, expected no `from` beside `link`, which changes no status'],
    ['link: body.k, after: 2h', 'after is "2h", expected no `after` beside `link`'],
    ['link: body.k, at: body.at', 'at is "body.at", expected no `at` beside `link`'],
    ['link: body.k, stop: true', 'stop is true, expected no `stop` beside `link`'],
    ['link: body.k, unless: [{ on: other }]', 'unless is a list, expected no `unless` beside `link`'],
    ['set: new, unless: [{ on: other }]', 'unless is a list, expected `after` beside it'],
    ['set: new, after: 2h, unless: []', 'unless is an empty list, expected at least one event'],
    [
      'set: new, after: 2h, unless: [{ on: othr }]',
      'unless[0].on is "othr", expected a source of this file: hook, other; did you mean other?',
    ],
    ['set: new, after: 2h, unless: [{ on: [hook, othr] }]', 'unless[0].on[1] is "othr", expected a source'],
    ['set: new, after: 2h, unless: [{ when: body.x }]', 'unless[0].on is missing, expected the name of a source'],
    [
      'set: new, after: 2h, unless: [{ on: other, wen: body.x }]',
      'unless[0].wen is not a known key, expected one of on, when, ticket; did you mean when?',
    ],
    ['set: new, after: 31d', 'after is "31d", expected a duration such as 10s, 2h or 4d, from 1s to 30d'],
    ['set: new, from: []', 'from is an empty list, expected at least one status'],
    ['set: new, from: solved', 'from is "solved", expected a list of statuses, such as [new, inProgress]'],
    [
      'set: new, from: [solvd]',
      'from[0] is "solvd", expected one of new, inProgress, solved, closed; did you mean solved?',
    ],
    ['set: new, from: [solved, solved]', 'from is a list, expected each status once'],
    ['set: new, form: [solved]', 'account, dryRun, stop; did you mean from?'],
  ])('that says %s is told so', (said, fault) => {
    expect(faultsOf(event(said))).toEqual([expect.stringContaining(fault)]);
  });

  it.each([
    ['{ link: body.k, number: body.n }', 'ticket.number is not a known key, expected link'],
    ['{ number: body.n }', "ticket.location is missing, expected the location's UUID"],
    ['{ number: body.n, location: here }', 'ticket.location is "here", expected the location\'s UUID'],
    [
      '{}',
      "ticket.link is missing, expected a CEL expression as text (ticket: expected a CEL expression, {link: '…'} or",
    ],
  ])('with the ticket %s is told so', (ticket, fault) => {
    const [first] = faultsOf(file(`name: a, on: hook, set: new, ticket: ${ticket}`));
    expect(first).toContain(`rules[0].${fault}`);
  });

  it('cannot remember a name for a ticket that it only knows by name', () => {
    const [first] = faultsOf(file('name: a, on: hook, link: body.k, ticket: { link: body.l }'));
    expect(first).toContain('rules[0].ticket is a map, expected a CEL expression for the ticket id beside `link`');
  });
});

describe('a rule on the clock', () => {
  it('has a limit and a cap if it names none', () => {
    expect(rule(clock('every: 1h, since: always'))).toEqual({
      ...{ kind: 'clock', name: 'a', every: 3_600_000, locations: [place.toLowerCase()], when: 'true', set: 'closed' },
      ...{
        since: 'always',
        except: [],
        limit: 50,
        cap: { count: 20, perMs: 3_600_000 },
        account: 'main',
        dryRun: false,
      },
    });
  });

  it.each<[string, number | 'always']>([
    ['always', 'always'],
    ['2026-03-01', Date.UTC(2026, 2, 1)],
    ['2026-03-01T08:00:00Z', Date.UTC(2026, 2, 1, 8)],
    ['2026-03-01T08:00:00+01:00', Date.UTC(2026, 2, 1, 7)],
  ])('acts since %s', (since, at) => {
    expect(rule(clock(`every: 1h, since: "${since}"`))).toMatchObject({ since: at });
  });

  it('may run by the calendar of a zone, leave tickets alone, and have its own bounds', () => {
    const said = 'cron: "0 8 * * 1-5", timezone: Europe/Berlin, since: always, except: [T1], limit: 5, cap: 3/1d';
    expect(rule(clock(said))).toMatchObject({
      ...{ cron: '0 8 * * 1-5', timezone: 'Europe/Berlin', except: ['T1'], limit: 5 },
      cap: { count: 3, perMs: 86_400_000 },
    });
  });

  it.each([
    ['every: 1h', 'since is missing, expected a date such as 2026-03-01 or 2026-03-01T08:00:00Z, or always'],
    ['every: 1h, since: yesterday', 'since is "yesterday", expected a date'],
    ['every: 1h, since: 2026-02-31', 'since is "2026-02-31", expected a date'],
    ['every: 1h, since: "2026-03-01T08:00"', 'since is "2026-03-01T08:00", expected a date'],
    ['every: 0s, since: always', 'every is "0s", expected a duration'],
    ['cron: "0 * * *", since: always', 'cron is "0 * * *", expected five fields'],
    ['every: 1h, cron: "0 8 * * *", since: always', 'cron is "0 8 * * *", expected either `every` or `cron`'],
    ['evry: 1h, since: always', 'every is missing, expected a duration such as 1h, or `cron` in its place'],
    ['every: 1h, timezone: UTC, since: always', 'timezone is "UTC", expected it beside `cron` only'],
    [
      'cron: "0 8 * * *", timezone: Berlin, since: always',
      'timezone is "Berlin", expected a time zone such as Europe/Berlin',
    ],
    ['every: 1h, since: always, limit: 0', 'limit is 0, expected a whole number from 1 to 1000'],
    ['every: 1h, since: always, limit: 1.5', 'limit is 1.5, expected a whole number from 1 to 1000'],
    ['every: 1h, since: always, cap: 20', 'cap is 20, expected a cap such as 20/1h'],
    ['every: 1h, since: always, cap: 20/h', 'cap is "20/h", expected a number of changes in a time, such as 20/1h'],
    ['every: 1h, since: always, cap: 0/1h', 'cap is "0/1h", expected a number of changes in a time'],
    ['every: 1h, since: always, except: [a b]', 'except[0] is "a b", expected a ticket id'],
    ['every: 1h, since: always, ticket: body.t', 'ticket is not a known key, expected one of name, every, cron'],
  ])('that says %s is told so', (said, fault) => {
    expect(faultsOf(clock(said)).join('\n')).toContain(`rules[0].${fault}`);
  });

  it.each([
    [
      `name: a, every: 1h, locations: [], when: "true", set: closed, since: always`,
      'locations is an empty list, expected at least one location',
    ],
    [
      `name: a, every: 1h, locations: [here], when: "true", set: closed, since: always`,
      'locations[0] is "here", expected the location\'s UUID',
    ],
    [
      `name: a, every: 1h, locations: ["${place}", "${place.toLowerCase()}"], when: "true", set: closed, since: always`,
      'locations is a list, expected each location once',
    ],
    [
      `name: a, every: 1h, locations: ["${place}"], set: closed, since: always`,
      'when is missing, expected a CEL expression as text',
    ],
    [
      `name: a, every: 1h, locations: ["${place}"], when: "true", since: always`,
      "set is missing, expected new, inProgress, solved, closed, or {cel: '…'}",
    ],
  ])('as in %s is told so', (said, fault) => {
    expect(faultsOf(file(said))).toEqual([expect.stringContaining(`rules[0].${fault}`)]);
  });
});

it('the description for the log says when a rule on the clock runs', () => {
  const described = (said: string) => describeConfig(configOf(clock(said))).rules[0];
  const rest = { name: 'a', locations: 1, account: 'main', dryRun: false };
  expect(described('every: 1h, since: always')).toEqual({ everyMs: 3_600_000, ...rest });
  expect(described('cron: "0 8 * * *", since: always')).toEqual({ cron: '0 8 * * *', timezone: 'UTC', ...rest });
});

it('a warning is told and does not stop the start', () => {
  const check = () => [
    { path: ['rules', 0, 'when'], what: 'odd', expected: 'expected sense', severity: 'warning' as const },
  ];
  expect(faultsOf(event('set: new, when: "true"'), {}, check)).toEqual([]);
  expect(faultsOf(`${event('set: new, when: "true"')}  - 5\n`, {}, check)).toEqual([
    '7:58: warning: rules[0].when: odd, expected sense',
    expect.stringContaining('8:5: rules[1] is 5'),
  ]);
});
