import { describe, expect, it } from 'vitest';
import { makeJournal, type Seen } from '../../../src/simulator/journal.ts';

const facts = {
  at: 1000,
  elapsedMs: 0,
  kind: 'write',
  method: 'PUT',
  path: '/support/tickets/v1/a/status',
  ticket: 'a',
  auth: { kind: 'basic', right: true },
  refused: false,
} as const;

function makeOne(keep = 100) {
  const ended: Seen[] = [];
  return { journal: makeJournal({ keep, onEnd: (seen) => ended.push(seen) }), ended };
}

describe('the journal', () => {
  it('shows a call while it is open and after it has ended', () => {
    const { journal, ended } = makeOne();
    const call = journal.arrive(facts);
    expect(journal.list()).toMatchObject([{ seq: 1, ending: 'open', status: null, applied: false }]);
    journal.applied(call);
    journal.end(call, 12, 'answered', 200);
    expect(journal.list()).toMatchObject([{ ending: 'answered', status: 200, tookMs: 12, applied: true }]);
    expect(ended).toMatchObject([{ seq: 1, status: 200 }]);
  });

  it('counts only the first ending', () => {
    const { journal, ended } = makeOne();
    const call = journal.arrive(facts);
    journal.end(call, 5, 'left');
    journal.end(call, 9, 'answered', 200);
    expect(journal.stats()).toMatchObject({ answers: {}, unanswered: 1, inFlight: 0 });
    expect(ended).toHaveLength(1);
  });

  it('finds calls by ticket and by time', () => {
    const { journal } = makeOne();
    journal.arrive(facts);
    journal.arrive({ ...facts, ticket: 'b', at: 2000 });
    expect(journal.list({ ticket: 'b' }).map((seen) => seen.seq)).toEqual([2]);
    expect(journal.list({ since: 1000 }).map((seen) => seen.seq)).toEqual([1, 2]);
    expect(journal.list({ since: 1001 }).map((seen) => seen.seq)).toEqual([2]);
    expect(journal.list({ ticket: 'a', since: 1001 })).toEqual([]);
  });

  it('forgets the oldest beyond its size, says how many, and keeps the counts', () => {
    const { journal } = makeOne(3);
    for (let index = 0; index < 8; index += 1) journal.end(journal.arrive(facts), 0, 'answered', 200);
    expect(journal.list().map((seen) => seen.seq)).toEqual([6, 7, 8]);
    expect(journal.stats()).toMatchObject({ calls: 8, forgotten: 5, answers: { 200: 8 } });
  });

  it('counts the most calls in flight for one ticket, not over all of them', () => {
    const { journal } = makeOne();
    const first = journal.arrive(facts);
    journal.arrive({ ...facts, ticket: 'b' });
    journal.end(first, 1, 'answered', 200);
    journal.arrive(facts);
    expect(journal.stats()).toMatchObject({ maxInFlightPerTicket: 1, inFlight: 2 });
    journal.arrive(facts);
    expect(journal.stats().maxInFlightPerTicket).toBe(2);
  });

  it('counts the busiest sliding second, refused calls too', () => {
    const { journal } = makeOne();
    for (const elapsedMs of [0, 900, 950, 1001, 1800, 5000]) journal.arrive({ ...facts, elapsedMs, refused: true });
    expect(journal.stats()).toMatchObject({ maxCallsInOneSecond: 4, refused: 6 });
  });

  it('hands out copies', () => {
    const { journal } = makeOne();
    const call = journal.arrive(facts);
    const [before] = journal.list();
    journal.end(call, 1, 'answered', 200);
    expect(before?.ending).toBe('open');
  });
});
