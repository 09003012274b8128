// When wake-ups go into the queue. The clock and its timers are the test's; `world` is a queue as BullMQ keeps it (a job that
// is there is not there twice) and a pace that takes from it.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Appointment } from '../../../src/change/change.ts';
import { makeWake } from '../../../src/change/wake.ts';

/** As in wake.ts: what the pace uses in so many seconds is queued at once, what waits so many times as fast, looked at so often. */
const AHEAD_S = 20;
const LEAD = 4;
const EVERY_MS = 100;
const MOST_WAITING = 100_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const visit = (ticket: string, number = 1, more: Partial<Appointment> = {}): Appointment => ({
  ticket,
  account: 'main',
  number,
  delayMs: 0,
  class: 'live',
  ...more,
});
const many = (count: number, name = 't') => Array.from({ length: count }, (_, i) => visit(`${name}${i}`));

/** What was queued, in order; `refuses` says which is not. */
function world({ pace = (): number => 1, now = Date.now, refuses = (_: Appointment): boolean => false } = {}) {
  const queued: Appointment[] = [];
  const lost: { error: unknown; ticket: string }[] = [];
  const wake = makeWake({
    queue: {
      async add(appointment) {
        queued.push(appointment);
        if (refuses(appointment)) throw new Error(`no job for ${appointment.ticket}`);
      },
    },
    pace,
    now,
    onLost: (error, ticket) => void lost.push({ error, ticket }),
  });
  return { wake, queued, lost, tickets: () => queued.map(({ ticket }) => ticket) };
}

/** Time in steps no longer than the timer's, so that whoever looks in between sees what each turn of it did. */
function pass(ms: number, step = EVERY_MS, look = (_passedMs: number): void => {}): void {
  for (let left = ms; left > 0; left -= step) {
    const passedMs = Math.min(step, left);
    vi.advanceTimersByTime(passedMs);
    look(passedMs);
  }
}

const arrivals = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3_000 })),
    tickets: fc.array(fc.nat(300), { maxLength: 60, size: 'max' }),
  }),
  { maxLength: 12, size: 'max' },
);
/** Looking for a smaller counterexample ends too. */
const soon = { interruptAfterTimeLimit: 10_000 };
const paces = fc.integer({ min: 1, max: 10 });

describe('a wake-up', () => {
  it('is queued at once as long as the pace can use it within twenty seconds, and in its turn from then on', () => {
    const { wake, tickets } = world({ pace: () => 2 });
    const all = many(100);
    for (const one of all) wake(one);
    expect(tickets()).toEqual(all.slice(0, 40).map(({ ticket }) => ticket));
    expect(wake.waiting()).toBe(60);
    pass(1_000);
    expect(tickets()).toHaveLength(48);
    pass(10_000);
    expect(tickets()).toEqual(all.map(({ ticket }) => ticket));
    expect(wake.waiting()).toBe(0);
  });

  it('is queued at once again when those before it are, and no timer stays', () => {
    const { wake, tickets } = world();
    for (const one of many(21)) wake(one);
    pass(2_000);
    expect([wake.waiting(), vi.getTimerCount()]).toEqual([0, 0]);
    wake(visit('next'));
    expect(tickets().at(-1)).toBe('next');
  });

  it('gains nothing by a long quiet: a flood after it is no longer in the queue', () => {
    const { wake, tickets } = world();
    wake(visit('first'));
    vi.advanceTimersByTime(3_600_000);
    for (const one of many(100)) wake(one);
    expect(tickets()).toHaveLength(21);
    wake.close();
  });

  it('is queued with the newest appointment of its ticket, at the place of the first', () => {
    const { wake, queued } = world();
    for (const one of many(20, 'first')) wake(one);
    for (const one of [visit('a', 1), visit('b', 1), visit('a', 2), visit('a', 3)]) wake(one);
    pass(2_000);
    expect(queued.slice(20)).toEqual([visit('a', 3), visit('b', 1)]);
  });

  it('does not hold up those of another account or class', () => {
    const { wake, tickets } = world();
    for (const one of many(5_000, 'flood')) wake(one);
    wake(visit('other', 1, { account: 'other' }));
    wake(visit('clock', 1, { class: 'clock' }));
    expect(tickets().slice(20)).toEqual(['other', 'clock']);
  });

  it('of an account that has no pace is queued as by the slowest', () => {
    const { wake, tickets } = world({ pace: () => 0 });
    for (const one of many(30)) wake(one);
    expect(tickets()).toHaveLength(20);
    pass(2_500);
    expect(tickets()).toHaveLength(30);
  });

  it('that the queue refuses is told and stops nobody', async () => {
    const { wake, tickets, lost } = world({ refuses: ({ ticket }) => ['t0', 't25'].includes(ticket) });
    for (const one of many(30)) wake(one);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(tickets()).toHaveLength(30);
    expect(lost).toEqual(['t0', 't25'].map((ticket) => ({ error: new Error(`no job for ${ticket}`), ticket })));
  });

  it('is left to the sweep when a hundred thousand wait, unless its ticket waits already', () => {
    const { wake, queued } = world({ pace: () => 100 });
    for (const one of many(2_000, 'first')) wake(one);
    for (const one of many(MOST_WAITING)) wake(one);
    wake(visit('too-many'));
    wake(visit('t0', 2));
    expect(wake.waiting()).toBe(MOST_WAITING);
    pass(1_000);
    expect(queued[2_000]).toEqual(visit('t0', 2));
    expect(wake.waiting()).toBe(MOST_WAITING - 400);
    wake.close();
  });
});

describe('the end', () => {
  it('forgets those that wait, leaves no timer, and queues nothing that is woken after it', () => {
    const { wake, tickets } = world();
    for (const one of many(30)) wake(one);
    wake.close();
    expect([wake.waiting(), vi.getTimerCount()]).toEqual([0, 0]);
    for (const one of many(30, 'late')) wake(one);
    wake(visit('other', 1, { account: 'other' }));
    pass(60_000);
    expect([wake.waiting(), vi.getTimerCount(), tickets().length]).toEqual([0, 0, 20]);
  });
});

describe('whatever is woken, and whenever', () => {
  it('the queue holds the work of nineteen seconds while something waits, and no flood', () => {
    fc.assert(
      fc.property(arrivals, paces, (story, pace) => {
        const { wake, queued } = world({ pace: () => pace });
        const startedAt = Date.now();
        const step = 50;
        let taken = 0;
        let fresh = 0;
        let credit = 1;
        // A consumer that never rests and keeps one call in hand: the hungriest that the pace allows.
        const look = (passedMs: number) => {
          credit = Math.min(1, credit + (pace * passedMs) / 1000);
          if (credit === 1 && taken < queued.length) {
            taken += 1;
            credit = 0;
          }
          if (wake.waiting() > 0) expect(queued.length - taken).toBeGreaterThanOrEqual((AHEAD_S - 1) * pace - 2);
          expect(queued.length).toBeLessThanOrEqual(pace * (AHEAD_S + (LEAD * (Date.now() - startedAt)) / 1000));
        };
        for (const { afterMs, tickets } of story) {
          pass(afterMs, step, look);
          // Each a ticket of its own: what the queue gets is work.
          for (const _ of tickets) wake(visit(`t${fresh++}`));
        }
        pass((fresh / (LEAD * pace)) * 1000 + 1_000, step, look);
        expect([queued.length, wake.waiting()]).toEqual([fresh, 0]);
        wake.close();
      }),
      { numRuns: 100, ...soon },
    );
  });

  it('a queue that ran dry over repeated wake-ups of the same tickets gets work with the next turn', () => {
    fc.assert(
      fc.property(arrivals, paces, fc.integer({ min: 1, max: 12 }), (story, pace, few) => {
        const jobs = new Set<string>();
        const wake = makeWake({
          queue: { add: async ({ ticket }) => void jobs.add(ticket) },
          pace: () => pace,
          now: Date.now,
          onLost: () => {},
        });
        let idleMs = 0;
        let credit = 0;
        const look = (passedMs: number) => {
          credit = Math.min(1, credit + (pace * passedMs) / 1000);
          const [next] = jobs;
          idleMs = next === undefined && wake.waiting() > 0 ? idleMs + passedMs : 0;
          expect(idleMs).toBeLessThanOrEqual(EVERY_MS + 1000 / (LEAD * pace));
          if (credit < 1 || next === undefined) return;
          credit -= 1;
          jobs.delete(next);
        };
        for (const { afterMs, tickets } of story) {
          pass(afterMs, 10, look);
          for (const ticket of tickets) wake(visit(`t${ticket % (few * few)}`));
        }
        wake.close();
      }),
      { numRuns: 60, ...soon },
    );
  });

  it('all of it is queued, in order, the newest of each ticket, whatever the clock and the queue do', async () => {
    const jumps = fc.array(fc.record({ at: fc.nat(11), ms: fc.integer({ min: -86_400_000, max: 86_400_000 }) }));
    await fc.assert(
      fc.asyncProperty(arrivals, paces, jumps, fc.nat(7), async (story, pace, skews, nth) => {
        let skew = 0;
        const refuses = ({ number }: Appointment) => nth > 0 && number % nth === 0;
        const { wake, queued, lost } = world({ pace: () => pace, now: () => Date.now() + skew, refuses });
        // What has to come, by line; a ticket that is woken again keeps its place.
        const owed = new Map<string, Map<string, Appointment>>();
        let seen = 0;
        let number = 0;
        const settle = () => {
          for (; seen < queued.length; seen++) {
            const got = queued[seen];
            const line = owed.get(`${got?.account} ${got?.class}`);
            const [head] = line?.values() ?? [];
            expect(got).toEqual(head);
            line?.delete(head?.ticket ?? '');
          }
        };
        for (const [i, { afterMs, tickets }] of story.entries()) {
          for (const { ms } of skews.filter(({ at }) => at === i)) skew += ms;
          pass(afterMs, EVERY_MS, settle);
          for (const ticket of tickets) {
            const account = ticket % 3 === 0 ? 'other' : 'main';
            const appointment = visit(`t${ticket}`, ++number, { account, class: ticket % 5 === 0 ? 'clock' : 'live' });
            const name = `${account} ${appointment.class}`;
            const line = owed.get(name) ?? new Map<string, Appointment>();
            owed.set(name, line.set(appointment.ticket, appointment));
            wake(appointment);
            settle();
          }
        }
        // No line has more than its 301 tickets waiting. Each step of the clock costs one turn of the timer at most.
        pass((301 / (LEAD * pace)) * 1000 + 1_000, EVERY_MS, settle);
        await Promise.resolve();
        expect([...owed.values()].map((line) => [...line.keys()])).toEqual([...owed].map(() => []));
        expect(lost.map(({ ticket }) => ticket)).toEqual(queued.filter(refuses).map(({ ticket }) => ticket));
        expect([wake.waiting(), vi.getTimerCount()]).toEqual([0, 0]);
      }),
      { numRuns: 100, ...soon },
    );
  });
});
