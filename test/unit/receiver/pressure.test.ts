import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Capacity, type Excess, makePressure, type Stay } from '../../../src/receiver/pressure.ts';

const roomy: Capacity = { perSecond: 1000, concurrent: 1000, bytes: 1e9 };

function openPressure(overall: Partial<Capacity>, sources: Record<string, Partial<Capacity> | undefined> = {}) {
  const clock = { now: 5000 };
  const known = new Map(Object.entries({ a: undefined, b: undefined, ...sources }));
  const pressure = makePressure({ overall: { ...roomy, ...overall }, sources: known, now: () => clock.now });
  const inside: { readonly source: string; stay: Stay; hasGivenWay: boolean }[] = [];
  /** Undefined for who is let in. */
  function enter(source: string, bytes = 0): Excess | undefined {
    const stay = pressure.enter(source, bytes, () => {
      const one = inside.find((other) => other.stay === stay);
      if (one !== undefined) one.hasGivenWay = true;
    });
    if (typeof stay === 'string') return stay;
    inside.push({ source, stay, hasGivenWay: false });
    return letIn;
  }
  const enterTimes = (source: string, times: number, bytes = 0) =>
    Array.from({ length: times }, () => enter(source, bytes));
  const leave = (source: string) => inside.find((one) => one.source === source)?.stay.leave();
  return { clock, enter, enterTimes, leave, inside };
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
    leave('a');
    expect(enterTimes('a', 2, 40)).toEqual([letIn, 'bytes']);
  });

  it('is let in again by who leaves', () => {
    const { enter, enterTimes, leave } = openPressure({}, { mine: { concurrent: 1 } });
    expect(enterTimes('mine', 2)).toEqual([letIn, 'concurrency']);
    leave('mine');
    expect(enter('mine')).toBe(letIn);
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
    const step = fc.record({
      name: names,
      bytes: fc.nat(5),
      does: fc.constantFrom('enter', 'arrive', 'leave', 'wait'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const house = openPressure({ concurrent: 6, bytes: 20 }, { c: { concurrent: 100, bytes: 100 } });
        const held = new Map<object, number>();
        for (const { name, bytes, does } of steps) {
          const first = house.inside.find((one) => held.has(one));
          if (does === 'wait') house.clock.now += 700;
          if (does === 'arrive') first?.stay.arrived();
          if (does === 'leave' && first !== undefined) {
            first.stay.leave();
            held.delete(first);
          }
          if (does === 'enter' && house.enter(name, bytes) === letIn) held.set(house.inside.at(-1) ?? {}, bytes);
          for (const one of house.inside) if (one.hasGivenWay) held.delete(one);
          expect(held.size).toBeLessThanOrEqual(12);
          expect([...held.values()].reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(40);
        }
        for (const one of house.inside) one.stay.leave();
        house.clock.now += 1000;
        expect(['a', 'b', 'c'].map((name) => house.enter(name))).toEqual([letIn, letIn, letIn]);
      }),
    );
  });
});

describe('who holds a place while the body comes by and by', () => {
  const full = () => {
    const house = openPressure({}, { mine: { concurrent: 2 } });
    expect(house.enterTimes('mine', 3)).toEqual([letIn, letIn, 'concurrency']);
    return house;
  };
  const gaveWay = ({ inside }: ReturnType<typeof full>) => inside.map((one) => one.hasGivenWay);

  it('gives way after a second, the longest first, and only when the house is full', () => {
    const house = full();
    house.clock.now += 999;
    expect(house.enter('mine')).toBe('concurrency');
    house.clock.now += 1;
    expect(gaveWay(house)).toEqual([false, false]);
    expect(house.enter('mine')).toBe(letIn);
    expect(gaveWay(house)).toEqual([true, false, false]);
    expect(house.enter('mine')).toBe(letIn);
    expect(gaveWay(house)).toEqual([true, true, false, false]);
    expect(house.enter('mine')).toBe('concurrency');
    house.inside[0]?.stay.leave(); // its handler ends later, and is counted once
    expect(house.enter('mine')).toBe('concurrency');
  });

  it('keeps it once the body is there: what is being stored is not taken back', () => {
    const house = full();
    for (const one of house.inside) one.stay.arrived();
    house.clock.now += 60_000;
    expect(house.enter('mine')).toBe('concurrency');
    expect(gaveWay(house)).toEqual([false, false]);
  });

  it('gives way to as many bytes as are to come', () => {
    const house = openPressure({ bytes: 200 });
    expect(house.enterTimes('a', 3, 40)).toEqual([letIn, letIn, 'bytes']);
    house.clock.now += 1000;
    expect(house.enter('a', 80)).toBe(letIn);
    expect(gaveWay(house)).toEqual([true, true, false]);
  });

  it('gives way to other sources only when the whole house is full, and then whoever has been longest', () => {
    const house = openPressure({ concurrent: 6 });
    for (const source of ['a', 'b', 'stranger', 'a', 'b', 'stranger']) {
      house.enter(source);
      house.clock.now += 400;
    }
    expect(house.enter('a'), 'half of all').toBe(letIn);
    expect(gaveWay(house)).toEqual([true, false, false, false, false, false, false]);
    house.inside[1]?.stay.arrived();
    expect(house.enter('a')).toBe(letIn);
    expect(gaveWay(house)).toEqual([true, false, true, false, false, false, false, false]);
  });

  it('holds as many bytes of a body that announced none as there is room for', () => {
    const house = openPressure({ bytes: 200 });
    house.enter('a');
    house.enter('a', 40);
    const [first] = house.inside;
    expect([first?.stay.grow(50), first?.stay.grow(20)]).toEqual([true, false]);
    first?.stay.leave();
    expect(first?.stay.grow(1)).toBe(false);
    expect([house.enter('a', 60), house.enter('a', 1)]).toEqual([letIn, 'bytes']);
  });

  it('does not make room for a rate that is too high', () => {
    const house = openPressure({}, { mine: { perSecond: 1, concurrent: 1 } });
    house.enter('mine');
    expect(house.enter('mine')).toBe('rate');
    house.clock.now += 1000;
    expect(house.enterTimes('mine', 2)).toEqual([letIn, 'rate']);
    expect(gaveWay(house)).toEqual([true, false]);
  });
});
