import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../../src/metrics/definitions.ts';
import { type MemoryTally, makeTally } from '../../../src/metrics/tally.ts';

function taken({ take }: Pick<MemoryTally, 'take'>): Record<string, number> {
  const flat = take() ?? [];
  const sums: Record<string, number> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) sums[String(flat[i])] = Number(flat[i + 1]);
  return sums;
}

describe('a tally', () => {
  it('gives what was counted once, summed up', () => {
    const tally = makeTally();
    tally.count('deliveries', { source: 'github', outcome: 'accepted' });
    // The order in which a caller writes its labels is its own.
    tally.count('deliveries', { outcome: 'accepted', source: 'github' }, 2);
    tally.count('oldSecrets', { source: 'github' });
    expect(taken(tally)).toEqual({ 'deliveries|github|accepted': 3, 'oldSecrets|github': 1 });
    expect(tally.take()).toBeUndefined();
    tally.count('oldSecrets', { source: 'github' });
    expect(taken(tally)).toEqual({ 'oldSecrets|github': 1 });
  });

  it('puts a duration into the first bucket that has room for it, and adds it up in microseconds', () => {
    const tally = makeTally();
    for (const seconds of [0.05, 0.050001, 60, 61]) tally.observe('callSeconds', { account: 'main' }, seconds);
    expect(taken(tally)).toEqual({
      'callSeconds|main|0.05': 1,
      'callSeconds|main|0.1': 1,
      'callSeconds|main|60': 1,
      'callSeconds|main|above': 1,
      'callSeconds|main|micros': 121_100_001,
    });
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, Number.MAX_VALUE])('takes %s for no time at all', (seconds) => {
    const tally = makeTally();
    tally.observe('waitSeconds', { account: 'main' }, seconds);
    expect(taken(tally)).toEqual({ 'waitSeconds|main|0.01': 1 });
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('does not count by %s', (by) => {
    const tally = makeTally();
    tally.count('oldSecrets', { source: 'github' }, by);
    expect(tally.take()).toBeUndefined();
  });

  it('has no more series than it may, says how much it did not count, and goes on with those that it has', () => {
    const tally = makeTally({ mostSeries: 2 });
    for (const source of ['a', 'b', 'c', 'd', 'a']) tally.count('oldSecrets', { source });
    tally.observe('callSeconds', { account: 'main' }, 1);
    expect(taken(tally)).toEqual({ 'oldSecrets|a': 2, 'oldSecrets|b': 1, uncounted: 3 });
  });

  it('hands over very much in parts, and passes over nothing while more comes in', () => {
    const tally = makeTally();
    const sources = Array.from({ length: 5_000 }, (_, i) => `s${i}`);
    const sums: Record<string, number> = {};
    for (let round = 0; round < 3; round += 1) {
      for (const source of sources) tally.count('oldSecrets', { source });
      const flat = tally.take() ?? [];
      expect(flat.length).toBeLessThanOrEqual(2 * 2_000);
      for (let i = 0; i + 1 < flat.length; i += 2) {
        sums[String(flat[i])] = (sums[String(flat[i])] ?? 0) + Number(flat[i + 1]);
      }
    }
    expect(Object.keys(sums)).toHaveLength(5_000);
  });

  it('loses and invents nothing, whatever is counted and whenever it is taken', () => {
    const outcome = fc.constantFrom(...metrics.deliveries.labels.outcome);
    const source = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('count' as const), source, outcome, by: fc.integer({ min: 1, max: 1000 }) }),
      fc.record({
        kind: fc.constant('observe' as const),
        source,
        seconds: fc.double({ min: 0, max: 20, noNaN: true }),
      }),
      fc.constant({ kind: 'take' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const tally = makeTally();
        const sums = new Map<string, number>();
        const counted = new Map<string, number>();
        const add = (to: Map<string, number>, name: string, by: number) => to.set(name, (to.get(name) ?? 0) + by);
        for (const one of [...steps, { kind: 'take' as const }]) {
          if (one.kind === 'take') for (const [name, by] of Object.entries(taken(tally))) add(sums, name, by);
          if (one.kind === 'count') {
            tally.count('deliveries', { source: one.source, outcome: one.outcome }, one.by);
            add(counted, `deliveries|${one.source}|${one.outcome}`, one.by);
          }
          if (one.kind === 'observe') {
            tally.observe('deliverySeconds', { source: one.source }, one.seconds);
            const bound = metrics.deliverySeconds.buckets.find((most) => one.seconds <= most) ?? 'above';
            add(counted, `deliverySeconds|${one.source}|${bound}`, 1);
            const micros = Math.round(one.seconds * 1_000_000);
            if (micros > 0) add(counted, `deliverySeconds|${one.source}|micros`, micros);
          }
        }
        expect(Object.fromEntries(sums)).toEqual(Object.fromEntries(counted));
      }),
    );
  });
});
