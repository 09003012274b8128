// Owns the shape of a rule: what it may say about an event, or about tickets on the clock. Which names exist is for
// cross-check.ts, what a CEL text means for the rulebook.
import ms, { type StringValue } from 'ms';
import { z } from 'zod';
import { toMoment } from '../moment.ts';
import { Status, statuses, toTicketId } from '../ticket/ticket.ts';
import { cronFault, isTimeZone } from './cron.ts';
import { cel, DAY, duration, flag, map, name, SECOND } from './scalar.ts';

const text = (expected: string) => z.string({ error: `expected ${expected}` });

const sourcesExpected = { error: 'expected the name of a source, or a list of them' };
const sources = z
  .union(
    [name.transform((one) => [one]), z.array(name).min(1, { error: 'expected the name of at least one source' })],
    sourcesExpected,
  )
  .describe('The source it listens to, or a list of sources');

const set = z
  .union([Status, map({ cel: cel.describe('CEL: a text that is one of the statuses') })], {
    error: `expected ${statuses.join(', ')}, or {cel: '…'}`,
  })
  .describe('The status that the ticket shall have');

const account = name.optional().describe('The account to use; default: the only one, or the one called main');
const dryRun = flag.default(false).describe('true: decide and record everything, but make no call');
const ruleName = name.describe('Names the rule in the ledger and in every explanation; unique');

const locationExpected = { error: "expected the location's UUID" };
const location = z.guid(locationExpected).transform((id) => id.toLowerCase());

const ticket = z
  .union(
    [
      cel,
      map({ link: cel.describe('CEL: the name that a rule with `link` remembered for the ticket') }),
      map({
        number: cel.describe("CEL: the ticket's number, as people see it"),
        location: location.describe('The location that counts it; numbers are unique within one'),
      }),
    ],
    { error: "expected a CEL expression, {link: '…'} or {number: '…', location: ID}" },
  )
  .describe('CEL: the ticket id, or a list of them; or the name or number to find the ticket by');

const UnlessSchema = map({
  on: sources,
  when: cel.optional().describe('CEL: the condition; without it every event of the source counts'),
  ticket: ticket
    .optional()
    .describe("The ticket that this event is about; default: the rule's own `each` and `ticket`"),
}).describe('An event that ends the wait of its ticket');

/** A fault of keys that do not go together; told even while other keys are wrong, so that one run tells every fault. */
function together<Shape extends z.ZodType>(
  schema: Shape,
  faults: readonly { key: string; expected: string; is: (rule: Keys) => boolean }[],
): Shape {
  return faults.reduce(
    (all, { key, expected, is }) =>
      all.refine((rule) => !isKeys(rule) || !is(rule), { error: expected, path: [key], when: () => true }),
    schema,
  );
}

type Keys = Readonly<Record<string, unknown>>;

function isKeys(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a rule cannot say beside `link`, which changes no status. */
const onlyWithSet = ['from', 'after', 'unless', 'at', 'stop'] as const;

const EventShape = map({
  name: ruleName,
  on: sources,
  when: cel.optional().describe('CEL: the condition; without it every event of the source counts'),
  each: cel.optional().describe('CEL: a list; the rule decides once for each element, as `item`'),
  ticket,
  set: set.optional(),
  link: cel.optional().describe('CEL, instead of `set`: a name to remember the ticket by, for `ticket: {link: …}`'),
  at: cel.optional().describe("CEL: the time that orders this rule's changes; default: the event's own"),
  from: z
    .array(Status, { error: 'expected a list of statuses, such as [new, inProgress]' })
    .min(1, { error: 'expected at least one status' })
    .refine((all) => new Set(all).size === all.length, { error: 'expected each status once' })
    .optional()
    .describe('Act only while the ticket has one of these; it is read right before the change'),
  after: duration(SECOND, 30 * DAY)
    .optional()
    .describe('How long to wait before the change is made'),
  unless: z
    .array(UnlessSchema, { error: 'expected a list such as [{on: github, when: …}]' })
    .min(1, { error: 'expected at least one event' })
    .max(10, { error: 'expected at most 10' })
    .optional()
    .describe('Events that end the wait: the change is then not made'),
  account,
  dryRun,
  stop: flag
    .default(false)
    .describe('true: when this rule is heard for a ticket, no later rule is for it and this event'),
});

const EventRuleSchema = together(EventShape, [
  {
    key: 'set',
    expected: `expected ${statuses.join(', ')}, {cel: '…'}, or \`link\` in its place`,
    is: (rule) => rule.set === undefined && rule.link === undefined,
  },
  {
    key: 'link',
    expected: 'expected either `set` or `link`; a rule either changes the ticket or remembers a name for it',
    is: (rule) => rule.set !== undefined && rule.link !== undefined,
  },
  {
    key: 'ticket',
    expected: 'expected a CEL expression for the ticket id beside `link`, which remembers a name for that id',
    is: (rule) => rule.link !== undefined && isKeys(rule.ticket),
  },
  ...onlyWithSet.map((key) => ({
    key,
    expected: `expected no \`${key}\` beside \`link\`, which changes no status`,
    is: (rule: Keys) => rule.link !== undefined && rule[key] !== undefined && rule[key] !== false,
  })),
  {
    key: 'unless',
    expected: 'expected `after` beside it: without a wait there is nothing to end',
    is: (rule) => rule.unless !== undefined && rule.after === undefined && rule.link === undefined,
  },
])
  .transform((rule) => ({ kind: 'event' as const, ...rule }))
  .describe('When this event comes and the condition holds, that ticket shall have this status');

const sinceExpected = 'expected a date such as 2026-03-01 or 2026-03-01T08:00:00Z, or always';
const since = z
  .union(
    [
      z.literal('always'),
      text('a date')
        .regex(/^\d{4}-\d{2}-\d{2}/, { error: sinceExpected })
        .transform(toSince)
        .refine((at) => at !== undefined, { error: sinceExpected })
        .transform((at) => at ?? 0),
    ],
    { error: sinceExpected },
  )
  .describe('Only tickets whose status was last set at or after this; `always` takes every ticket there ever was');

/** Midnight in UTC for a bare date; undefined for a date that does not exist. */
function toSince(written: string): number | undefined {
  const isBare = /^\d{4}-\d{2}-\d{2}$/.test(written);
  const at = toMoment(isBare ? `${written}T00:00:00Z` : written);
  // Date.parse takes the 31st of February for the 3rd of March.
  const day = Date.parse(`${written.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== written.slice(0, 10) ? undefined : at;
}

const capExpected = 'expected a number of changes in a time, such as 20/1h, from 1 to 10000 in 1s to 30d';
const cap = text('a cap such as 20/1h')
  .regex(/^\d{1,5}\/\d{1,6}(s|m|h|d|w)$/, { error: capExpected })
  .transform((written) => {
    const [count = '', per = ''] = written.split('/');
    return { count: Number(count), perMs: ms(per as StringValue) };
  })
  .refine(({ count, perMs }) => count >= 1 && count <= 10_000 && perMs >= SECOND && perMs <= 30 * DAY, {
    error: capExpected,
  });

const ticketId = text('a ticket id: letters, digits, - or _')
  .regex(/^[A-Za-z0-9_-]{1,128}$/, { error: 'expected a ticket id: letters, digits, - or _, at most 128' })
  .transform((id) => toTicketId(id) ?? id);

const limitExpected = { error: 'expected a whole number from 1 to 1000' };

const ClockShape = map({
  name: ruleName,
  every: duration(SECOND).optional().describe('How often it runs; or `cron`'),
  cron: text('five fields such as "0 8 * * 1-5"')
    .check((context) => {
      const fault = cronFault(context.value);
      if (fault !== undefined) context.issues.push({ code: 'custom', message: fault, input: context.value });
    })
    .optional()
    .describe('When it runs: minute, hour, day of month, month, day of week (and seconds before, if six)'),
  timezone: text('a time zone such as Europe/Berlin')
    .refine(isTimeZone, { error: 'expected a time zone such as Europe/Berlin' })
    .optional()
    .describe('The zone in which `cron` counts; default UTC'),
  locations: z
    .array(location, { error: "expected a list of locations' UUIDs" })
    .min(1, { error: 'expected at least one location' })
    .max(100, { error: 'expected at most 100 locations' })
    .refine((all) => new Set(all).size === all.length, { error: 'expected each location once' })
    .describe('The locations whose tickets it looks at'),
  when: cel.describe('CEL over `ticket` and `now`: which tickets it is about'),
  set,
  since,
  except: z
    .array(ticketId, { error: 'expected a list of ticket ids' })
    .max(1000, { error: 'expected at most 1000 ticket ids' })
    .default([])
    .describe('Tickets that it leaves alone'),
  limit: z
    .int(limitExpected)
    .min(1, limitExpected)
    .max(1000, limitExpected)
    .default(50)
    .describe('At most this many changes a run; the rest next time'),
  cap: cap.prefault('20/1h').describe('At most this many changes in a time; what is beyond is held for an operator'),
  account,
  dryRun,
});

const ClockRuleSchema = together(ClockShape, [
  {
    key: 'every',
    expected: 'expected a duration such as 1h, or `cron` in its place',
    is: (rule) => rule.every === undefined && rule.cron === undefined,
  },
  {
    key: 'cron',
    expected: 'expected either `every` or `cron`',
    is: (rule) => rule.every !== undefined && rule.cron !== undefined,
  },
  {
    key: 'timezone',
    expected: 'expected it beside `cron` only',
    is: (rule) => rule.timezone !== undefined && rule.cron === undefined,
  },
])
  .transform((rule) => ({ kind: 'clock' as const, ...rule }))
  .describe('At these times each ticket of the locations for which the condition holds shall have this status');

export const RuleSchema = z.union([EventRuleSchema, ClockRuleSchema], {
  error: 'expected a rule: a map with name, on, ticket, set; or with name, every, locations, when, set, since',
});

/** A rule about events. Exactly one of `set` and `link` is there. */
export type EventRule = z.output<typeof EventRuleSchema>;
/** A rule on the clock. Exactly one of `every` (ms) and `cron` is there; `since` is ms since the epoch. */
export type ClockRule = z.output<typeof ClockRuleSchema>;
export type Rule = EventRule | ClockRule;
/** How a rule finds its ticket. */
export type TicketExpression = EventRule['ticket'];
