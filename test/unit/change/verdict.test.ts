import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKOFF_CAP_MS, backoffMs, judgeApplied, nextStep, type TicketRecord } from '../../../src/change/verdict.ts';
import type { Activity, Answer, Applied, Ticket } from '../../../src/ticket/answer.ts';
import { statuses } from '../../../src/ticket/ticket.ts';

const T0 = Date.parse('2026-11-23T10:00:00Z');
const iso = (ms: number) => new Date(ms).toISOString();
const record = (parts: Partial<TicketRecord> = {}): TicketRecord => ({
  want: 'solved',
  change: 'ch_1',
  version: '1',
  account: 'main',
  isOpen: true,
  acceptedAt: T0,
  deadlineAt: T0 + 72 * 3_600_000,
  attempts: 0,
  class: 'live',
  rule: 'test',
  from: [],
  ...parts,
});
const ticket = (status: Ticket['status'], statusActivities: Activity[] = [], clockOffsetMs = 0): Ticket => ({
  id: 't',
  status,
  statusActivities,
  fields: {},
  clockOffsetMs,
});
const activity = (id: string, status: Activity['status'], at: number): Activity => ({
  id,
  type: 'statusUpdated',
  date: iso(at),
  ...(status === undefined ? {} : { status }),
});
const unknown = { untilAt: T0 + 60_000, sinceAt: T0 + 1_000, statuses: ['solved'] as const };
const later = T0 + 61_000;

describe('the next step', () => {
  it('is the call for a wish that nobody has tried', () => {
    expect(nextStep(record(), undefined, T0)).toMatchObject({ kind: 'put' });
  });

  it('is to read first when the wish equals what was applied last', () => {
    const again = record({ last: 'solved' });
    expect(nextStep(again, undefined, T0)).toMatchObject({ kind: 'read' });
    expect(nextStep(again, ticket('solved'), T0)).toMatchObject({ kind: 'end', verdict: 'unchanged' });
    expect(nextStep(again, ticket('inProgress'), T0)).toMatchObject({ kind: 'put' });
  });

  it('is the end of a wish whose deadline has passed', () => {
    expect(nextStep(record({ deadlineAt: T0 }), undefined, T0 + 1)).toMatchObject({ kind: 'end', verdict: 'expired' });
  });

  it('after the deadline is a last read where an outcome is unknown, and never a call', () => {
    const late = record({ deadlineAt: later - 1, unknown });
    expect(nextStep(late, undefined, later)).toMatchObject({ kind: 'read' });
    const ours = activity('act-9', 'solved', T0 + 2_000);
    expect(nextStep(late, ticket('solved', [ours]), later)).toMatchObject({ verdict: 'applied' });
    expect(nextStep(late, ticket('new'), later)).toMatchObject({ kind: 'end', verdict: 'expired' });
    expect(nextStep(late, undefined, later + 2 * 3_600_000)).toMatchObject({ kind: 'end', verdict: 'expired' });
  });

  it('after a call that never left is to read: a person may have decided meanwhile', () => {
    const again = record({ attempts: 1 });
    expect(nextStep(again, undefined, later)).toMatchObject({ kind: 'read' });
    expect(nextStep(again, ticket('new'), later)).toMatchObject({ kind: 'put' });
    const theirs = activity('act-9', 'inProgress', T0 + 30_000);
    expect(nextStep(again, ticket('inProgress', [theirs]), later)).toMatchObject({ verdict: 'guarded' });
    expect(nextStep(again, ticket('solved', [theirs]), later)).toMatchObject({ verdict: 'unchanged' });
  });

  it('is nothing for a ticket in step', () => {
    expect(nextStep(record({ isOpen: false }), undefined, T0)).toMatchObject({ kind: 'clear' });
  });
});

describe('after an unknown outcome', () => {
  it('the ticket is read before anything else', () => {
    expect(nextStep(record({ unknown }), undefined, later)).toMatchObject({ kind: 'read' });
  });

  it('our own activity is found and the wish is applied with it', () => {
    const ours = activity('act-9', 'solved', T0 + 2_000);
    const step = nextStep(record({ unknown }), ticket('solved', [ours]), later);
    expect(step).toMatchObject({ kind: 'end', verdict: 'applied', activity: { id: 'act-9' } });
  });

  it('a ticket that was in that status before our call is unchanged, not applied', () => {
    const old = activity('act-1', 'solved', T0 - 3_600_000);
    expect(nextStep(record({ unknown }), ticket('solved', [old]), later)).toMatchObject({ verdict: 'unchanged' });
  });

  it('a call that was not applied is made again', () => {
    const old = activity('act-1', 'new', T0 - 3_600_000);
    expect(nextStep(record({ unknown }), ticket('new', [old]), later)).toMatchObject({ kind: 'put' });
    expect(nextStep(record({ unknown }), ticket('new', []), later)).toMatchObject({ kind: 'put' });
  });

  it('an older call of ours that landed late is overruled by the newest wish', () => {
    const late = { ...unknown, statuses: ['inProgress'] as const };
    const ours = activity('act-9', 'inProgress', T0 + 5_000);
    expect(nextStep(record({ unknown: late }), ticket('inProgress', [ours]), later)).toMatchObject({ kind: 'put' });
  });

  it('a person who decided after the wish is respected', () => {
    const theirs = activity('act-9', 'inProgress', T0 + 30_000);
    const step = nextStep(record({ unknown }), ticket('inProgress', [theirs]), later);
    expect(step).toMatchObject({ kind: 'end', verdict: 'guarded', reason: expect.stringContaining('act-9') });
  });

  it('a wish made after the person’s decision is the newer one', () => {
    const theirs = activity('act-9', 'inProgress', T0 + 30_000);
    const newer = record({ unknown, acceptedAt: T0 + 40_000 });
    expect(nextStep(newer, ticket('inProgress', [theirs]), later)).toMatchObject({ kind: 'put' });
  });

  it('a vendor whose clock is ten minutes off changes nothing', () => {
    const skew = 600_000;
    const old = activity('act-1', 'new', T0 - 3_600_000 + skew);
    expect(nextStep(record({ unknown }), ticket('new', [old], skew), later)).toMatchObject({ kind: 'put' });
    const theirs = activity('act-9', 'inProgress', T0 + 30_000 - skew);
    expect(nextStep(record({ unknown }), ticket('inProgress', [theirs], -skew), later)).toMatchObject({
      verdict: 'guarded',
    });
  });

  it('what is confirmed for a wish that ended before only clears the doubt', () => {
    expect(nextStep(record({ unknown, isOpen: false }), ticket('solved'), later)).toMatchObject({ kind: 'clear' });
  });
});

it('a step is found for every record and every ticket', () => {
  const status = fc.constantFrom(...statuses);
  const anyRecord = fc.record({
    want: status,
    isOpen: fc.boolean(),
    hasUnknown: fc.boolean(),
    last: fc.option(status, { nil: undefined }),
    deadlineAt: fc.integer({ min: T0 - 10, max: T0 + 10 }),
  });
  const anyTicket = fc.option(fc.record({ status, at: fc.integer({ min: T0 - 1e6, max: T0 + 1e6 }), by: status }), {
    nil: undefined,
  });
  fc.assert(
    fc.property(anyRecord, anyTicket, ({ hasUnknown, last, ...rest }, seen) => {
      const all = record({ ...rest, ...(last ? { last } : {}), ...(hasUnknown ? { unknown } : {}) });
      const read = seen && ticket(seen.status, [activity('a', seen.by, seen.at)]);
      const step = nextStep(all, read, T0);
      // A ticket that has been read is never read again in the same breath: visits end.
      if (read !== undefined) expect(step.kind).not.toBe('read');
      // Nothing is ever sent for a wish that has its verdict, unless an outcome was unknown.
      if (!all.isOpen && !hasUnknown) expect(step.kind).toBe('clear');
    }),
  );
});

describe('an answer means for the wish', () => {
  const cases: [Answer<Applied>, object][] = [
    [{ kind: 'done', httpStatus: 200, value: {} }, { kind: 'applied' }],
    [
      { kind: 'throttled', httpStatus: 429, retryAfterMs: 5 },
      { kind: 'hold', retryAfterMs: 5 },
    ],
    [{ kind: 'throttled', httpStatus: 429 }, { kind: 'hold' }],
    [
      { kind: 'refused', httpStatus: 404, why: 'no' },
      { kind: 'end', verdict: 'failed', reason: 'no' },
    ],
    [
      { kind: 'unauthorized', httpStatus: 401, why: 'who' },
      { kind: 'shut', reason: 'who' },
    ],
    [
      { kind: 'failed', why: 'refused' },
      { kind: 'retry', isUnknown: false, reason: 'refused' },
    ],
    [
      { kind: 'unknown', why: 'timeout' },
      { kind: 'retry', isUnknown: true, reason: 'timeout' },
    ],
  ];
  it.each(cases)('%o → %o', (answer, judgement) => expect(judgeApplied(answer)).toEqual(judgement));
});

it('backoff is full jitter, grows, and is never more than ten minutes', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999999, noNaN: true }), (attempts, chance) => {
      const wait = backoffMs(attempts, () => chance);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(Math.min(BACKOFF_CAP_MS, 1_000 * 2 ** Math.min(attempts, 30)));
    }),
  );
  expect(backoffMs(3, () => 0.5)).toBe(4_000);
});
