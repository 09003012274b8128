import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Capacity, makePressure } from '../../../src/receiver/pressure.ts';

const roomy: Capacity = { perSecond: 1000, concurrent: 1000, bytes: 1e9 };

function openPressure(overall: Partial<Capacity>, sources: Record<string, Partial<Capacity> | undefined> = {}) {
  const clock = { now: 5000 };
  const known = new Map(Object.entries({ a: undefined, b: undefined, ...sources }));
  const pressure = makePressure({ overall: { ...roomy, ...overall }, sources: known, now: () => clock.now });
  const enterTimes = (source: string, times: number, bytes = 0) =>
    Array.from({ length: times }, () => pressure.enter(source, bytes));
  return { ...pressure, clock, enterTimes };
}

const letIn = undefined;

describe('one source', () => {
  it('takes at most half of everything, unless its own limit says more or less', () => {
    const { enterTimes } = openPressure({ concurrent: 8 }, { mine: { concurrent: 2 }, much: { concurrent: 7 } });
    expect(enterTimes('a', 5)).toEqual([letIn, letIn, letIn, letIn, 'concurrency']);
    expect(enterTimes('mine', 3)).toEqual([letIn, letIn, 'concurrency']);
    expect(openPressure({ concurrent: 8 }, { much: { concurrent: 7 } }).enterTimes('much', 8)[7]).toBe('concurrency');
  });

  it('is held to a rate in each second, also when the clock has stepped back', () => {
    const { enterTimes, clock } = openPressure({}, { mine: { perSecond: 2 } });
    expect(enterTimes('mine', 3)).toEqual([letIn, letIn, 'rate']);
    clock.now += 1000;
    expect(enterTimes('mine', 3)).toEqual([letIn, letIn, 'rate']);
    clock.now -= 60_000;
    expect(enterTimes('mine', 3)).toEqual([letIn, letIn, 'rate']);
  });

  it('is held to the bytes that its requests announce', () => {
    const { enterTimes, leave } = openPressure({ bytes: 200 });
    expect(enterTimes('a', 3, 40)).toEqual([letIn, letIn, 'bytes']);
    leave('a', 40);
    expect(enterTimes('a', 2, 40)).toEqual([letIn, 'bytes']);
  });

  it('is let in again by who leaves', () => {
    const { enter, enterTimes, leave } = openPressure({}, { mine: { concurrent: 1 } });
    expect(enterTimes('mine', 2)).toEqual([letIn, 'concurrency']);
    leave('mine', 0);
    expect(enter('mine', 0)).toBe(letIn);
  });
});

describe('all sources', () => {
  it.each(['a', 'b', 'nobody knows this one', 'nor this'])('%s has its share, however many others come', (quiet) => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'unknown-1', 'unknown-2'), { maxLength: 200 }), (others) => {
        const { enter } = openPressure({ perSecond: 12, concurrent: 12, bytes: 12 });
        const isStranger = (name: string) => name !== 'a' && name !== 'b';
        // Strangers are one: they share what one source has.
        const isQuiet = (name: string) => name === quiet || (isStranger(name) && isStranger(quiet));
        for (const other of others.filter((name) => !isQuiet(name))) enter(other, 1);
        expect([enter(quiet, 1), enter(quiet, 1), enter(quiet, 1), enter(quiet, 1)]).toEqual(Array(4).fill(letIn));
      }),
    );
  });

  it('never have more than twice of everything under way, and count to nothing when all have left', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'strange');
    fc.assert(
      fc.property(fc.array(fc.record({ name: names, bytes: fc.nat(5), leaves: fc.boolean() })), (steps) => {
        const { enter, leave } = openPressure({ concurrent: 6, bytes: 20 }, { c: { concurrent: 100, bytes: 100 } });
        const inside: { name: string; bytes: number }[] = [];
        for (const { name, bytes, leaves } of steps) {
          const first = leaves ? inside.shift() : undefined;
          if (first !== undefined) leave(first.name, first.bytes);
          else if (enter(name, bytes) === undefined) inside.push({ name, bytes });
          expect(inside.length).toBeLessThanOrEqual(12);
          expect(inside.reduce((sum, one) => sum + one.bytes, 0)).toBeLessThanOrEqual(40);
        }
        for (const one of inside) leave(one.name, one.bytes);
        expect(['a', 'b', 'c'].map((name) => enter(name, 0))).toEqual([letIn, letIn, letIn]);
      }),
    );
  });
});
