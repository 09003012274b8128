// What counts as a loss of what Redis had confirmed, and how it is told.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compare,
  type Findings,
  type Found,
  heal,
  isLater,
  type Marks,
  merge,
  tell,
  whatOf,
} from '../../../src/ledger/mark.ts';

const nothing: Found = { isWhole: false };
const of = (ledger: Found, unmatched: Found = nothing): Findings => ({ ledger, unmatched });

describe('ids of entries', () => {
  it.each([
    ['2-0', '1-9', true],
    ['10-0', '9-0', true],
    ['1-10', '1-9', true],
    ['1-0', '1-0', false],
    ['1700000000000-0', '1700000000000-1', false],
  ])('%s is later than %s: %s', (a, b, later) => {
    expect(isLater(a, b)).toBe(later);
  });

  it('two sets of marks merge into the later of each, whichever comes first', () => {
    const id = fc.option(
      fc.tuple(fc.nat(5), fc.nat(5)).map(([ms, sequence]) => `${ms + 1}-${sequence}`),
      { nil: undefined },
    );
    const some = fc.record({ ledger: id, unmatched: id }).map(
      ({ ledger, unmatched }): Marks => ({
        ...(ledger === undefined ? {} : { ledger }),
        ...(unmatched === undefined ? {} : { unmatched }),
      }),
    );
    fc.assert(
      fc.property(some, some, (a, b) => {
        const both = merge(a, b);
        expect(merge(b, a)).toEqual(both);
        expect(merge(both, a)).toBe(both);
        for (const id of [a.ledger, b.ledger]) {
          if (id !== undefined) expect(isLater(id, both.ledger ?? '')).toBe(false);
        }
      }),
    );
  });
});

describe('nothing is lost', () => {
  it.each<[string, Marks, Findings]>([
    ['where nothing is remembered', {}, of(nothing)],
    ['where nothing is remembered of a Redis that has much', {}, of({ last: '9-0', isWhole: true })],
    ['when the marked entry is the newest', { ledger: '5-0' }, of({ last: '5-0', upTo: '5-0', isWhole: true })],
    ['when newer ones came after it', { ledger: '5-0' }, of({ last: '9-0', upTo: '5-0', isWhole: false })],
    ['when it has been let go of, with all that was older', { ledger: '5-0' }, of({ last: '9-0', isWhole: false })],
    ['when all has been let go of', { ledger: '5-0' }, of({ last: '5-0', isWhole: false })],
  ])('%s', (_name, marks, found) => {
    expect(compare(marks, found)).toBeUndefined();
  });
});

describe('something is lost', () => {
  it('when Redis ends before the mark: from where it ends to the mark', () => {
    const found = of({ last: '3000-1', upTo: '3000-1', isWhole: false });
    expect(compare({ ledger: '5000-0' }, found)).toEqual({ streams: ['ledger'], sinceAt: 3000, untilAt: 5000 });
  });

  it('when the stream is not there: all of it', () => {
    expect(compare({ ledger: '5000-0' }, of(nothing))).toEqual({ streams: ['ledger'], untilAt: 5000 });
  });

  it('when others have written since: the marked entry is missing, an older one is there', () => {
    const found = of({ last: '9000-0', upTo: '4000-0', isWhole: false });
    expect(compare({ ledger: '5000-0' }, found)).toEqual({ streams: ['ledger'], sinceAt: 4000, untilAt: 5000 });
  });

  it('when others have written since into an empty one: the marked entry is missing, and none was ever removed', () => {
    expect(compare({ ledger: '5000-0' }, of({ last: '9000-0', isWhole: true }))).toEqual({
      streams: ['ledger'],
      untilAt: 5000,
    });
  });

  it('in the ring alone, whose last entry was long ago: from where the ledger is whole', () => {
    const marks = { ledger: '7000-0', unmatched: '8000-0' };
    const found = of(
      { last: '7000-0', upTo: '7000-0', isWhole: true },
      { last: '1000-0', upTo: '1000-0', isWhole: true },
    );
    expect(compare(marks, found)).toEqual({ streams: ['unmatched'], sinceAt: 7000, untilAt: 8000 });
  });

  it('in both: up to the later mark', () => {
    const marks = { ledger: '7000-0', unmatched: '8000-0' };
    expect(compare(marks, of({ last: '2000-0', upTo: '2000-0', isWhole: true }))).toEqual({
      streams: ['ledger', 'unmatched'],
      sinceAt: 2000,
      untilAt: 8000,
    });
  });

  it('in a ledger that was removed by hand, later than which the ring has entries: all of it', () => {
    const marks = { ledger: '5000-0', unmatched: '8000-0' };
    const found = of(nothing, { last: '8000-0', upTo: '8000-0', isWhole: true });
    expect(compare(marks, found)).toEqual({ streams: ['ledger'], untilAt: 5000 });
  });
});

describe('after a loss was told', () => {
  const asked = { ledger: '5000-0', unmatched: '4000-0' };
  const found = of(
    { last: '3000-0', upTo: '3000-0', isWhole: true },
    { last: '4000-0', upTo: '4000-0', isWhole: true },
  );

  it('what is there is the mark, so that it is not told again', () => {
    const loss = compare(asked, found);
    if (loss === undefined) throw new Error('nothing is lost');
    const healed = heal(asked, loss, asked, found);
    expect(healed).toEqual({ ledger: '3000-0', unmatched: '4000-0' });
    expect(compare(healed, found)).toBeUndefined();
  });

  it('what was confirmed meanwhile stays', () => {
    const loss = { streams: ['ledger'], untilAt: 5000 } as const;
    expect(heal({ ledger: '6000-0' }, loss, asked, found)).toEqual({ ledger: '6000-0' });
  });

  it('of an empty Redis nothing is remembered', () => {
    expect(heal({ ledger: '5000-0' }, { streams: ['ledger'], untilAt: 5000 }, asked, of(nothing))).toEqual({});
  });
});

describe('the words', () => {
  const loss = { streams: ['ledger'], sinceAt: Date.UTC(2026, 0, 2), untilAt: Date.UTC(2026, 0, 3) } as const;

  it('name the span, the streams, the sources and what to do', () => {
    expect(tell(loss, ['github', 'alerts'])).toEqual({
      streams: ['ledger'],
      since: '2026-01-02T00:00:00.000Z',
      until: '2026-01-03T00:00:00.000Z',
      sources: ['github', 'alerts'],
      what: expect.stringContaining('after 2026-01-02T00:00:00.000Z up to 2026-01-03T00:00:00.000Z'),
      mend: expect.stringMatching(/deliver again.*api.*statuswire audit.*on purpose, there is nothing to do/s),
    });
  });

  it('say that all is lost where nothing from before is left', () => {
    expect(whatOf({ untilAt: loss.untilAt })).toContain('all that it had confirmed up to 2026-01-03T00:00:00.000Z');
    expect(tell({ streams: ['ledger'], untilAt: 0 }, [])).not.toHaveProperty('since');
  });
});
