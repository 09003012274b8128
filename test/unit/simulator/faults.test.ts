import { describe, expect, it } from 'vitest';
import { type Fault, makeFaults, makeRandom } from '../../../src/simulator/faults.ts';

const call = { method: 'PUT', kind: 'write', ticket: 't-1' } as const;
const cut: Fault['effect'] = { kind: 'cut' };

function makeSome(seed = 1) {
  return makeFaults({ random: makeRandom(seed) });
}

describe('faults', () => {
  it('meet the next call only, unless told otherwise', () => {
    const faults = makeSome();
    const id = faults.add({ effect: cut });
    expect(faults.pick(call)).toEqual({ id, effect: { kind: 'cut', apply: false } });
    expect(faults.pick(call)).toBeUndefined();
  });

  it('meet the next `times` calls that match and leave the others alone', () => {
    const faults = makeSome();
    faults.add({ match: { method: 'put', ticket: 't-1', kind: 'write' }, times: 2, effect: cut });
    expect(faults.pick({ ...call, ticket: 't-2' })).toBeUndefined();
    expect(faults.pick({ ...call, method: 'GET' })).toBeUndefined();
    expect(faults.pick({ ...call, kind: 'read' })).toBeUndefined();
    expect(faults.pick({ method: 'PUT', kind: 'write' })).toBeUndefined();
    expect([faults.pick(call), faults.pick(call), faults.pick(call)].map(Boolean)).toEqual([true, true, false]);
    expect(faults.list()).toMatchObject([{ id: 'fault-1', met: 2, left: 0 }]);
  });

  it('match a ticket however its UUID is spelled', () => {
    const faults = makeSome();
    faults.add({ match: { ticket: 'ABCDEF00-0000-4000-8000-000000000000' }, effect: cut });
    expect(faults.pick({ ...call, ticket: 'abcdef00-0000-4000-8000-000000000000' })).toBeDefined();
  });

  it('are met in the order they were asked for', () => {
    const faults = makeSome();
    faults.add({ effect: { kind: 'hang' } });
    faults.add({ effect: cut });
    expect([faults.pick(call), faults.pick(call)].map((met) => met?.effect.kind)).toEqual(['hang', 'cut']);
  });

  it('with a share meet about that share of the calls, and the same ones for the same seed', () => {
    const run = (seed: number) => {
      const faults = makeSome(seed);
      faults.add({ share: 0.3, effect: cut });
      return Array.from({ length: 2000 }, () => faults.pick(call) !== undefined);
    };
    const met = run(7).filter(Boolean).length;
    expect(met).toBeGreaterThan(500);
    expect(met).toBeLessThan(700);
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  it('with a share of 0 never happen and with 1 always do', () => {
    const never = makeSome();
    never.add({ share: 0, effect: cut });
    const always = makeSome();
    always.add({ share: 1, effect: cut });
    expect(Array.from({ length: 100 }, () => never.pick(call))).toEqual(Array(100).fill(undefined));
    expect(Array.from({ length: 100 }, () => always.pick(call))).not.toContain(undefined);
    expect(always.list()).toMatchObject([{ met: 100, left: null, share: 1 }]);
  });

  it('are gone once cleared', () => {
    const faults = makeSome();
    faults.add({ times: 5, effect: cut });
    faults.clear();
    expect(faults.pick(call)).toBeUndefined();
    expect(faults.list()).toEqual([]);
  });

  it.each([
    ['times and share together', { times: 1, share: 0.5, effect: cut }],
    ['an unknown key', { effect: cut, chance: 1 }],
    ['an unknown effect', { effect: { kind: 'explode' } }],
    ['a share above one', { share: 1.1, effect: cut }],
    ['a success as a failure', { effect: { kind: 'status', status: 200 } }],
    ['a header that would split the answer', { effect: { kind: 'redirect', location: 'a\r\nb: c' } }],
  ])('refuses %s', (_name, fault) => {
    expect(() => makeSome().add(fault as Fault)).toThrow();
  });
});

describe('chance from a seed', () => {
  it('stays between 0 and 1 and spreads over it', () => {
    const random = makeRandom(42);
    const numbers = Array.from({ length: 10_000 }, random);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const mean = numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });
});
