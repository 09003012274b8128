import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type CounterName,
  definitionOf,
  type HistogramName,
  type Labels,
  metricNames,
} from '../../../src/metrics/definitions.ts';
import { fieldOf, readField } from '../../../src/metrics/field.ts';

const all = metricNames.map(definitionOf);

describe('the list of metrics', () => {
  it('has names as Prometheus wants them, each once', () => {
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^statuswire(_[a-z]+)+$/.test(name))).toEqual([]);
    const isTotal = ({ name, kind }: (typeof all)[number]) => name.endsWith('_total') === (kind === 'counter');
    expect(all.filter((one) => !isTotal(one))).toEqual([]);
    const inSeconds = all.filter(({ kind }) => kind === 'histogram');
    expect(inSeconds.filter(({ name }) => !name.endsWith('_seconds'))).toEqual([]);
  });

  it('has ascending buckets where it has any, and has them for histograms only', () => {
    for (const { kind, buckets = [] } of all) {
      expect(buckets.length > 0).toBe(kind === 'histogram');
      expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
    }
  });

  it('makes types of which a misspelt label, value or metric is none', () => {
    expectTypeOf<Labels<'deliveries'>>().toEqualTypeOf<{
      readonly source: string;
      readonly outcome: 'accepted' | 'duplicate' | 'answered';
    }>();
    // What scripts count is not for a tally.
    expectTypeOf<CounterName>().toEqualTypeOf<'deliveries' | 'oldSecrets' | 'calls' | 'clockRuns' | 'uncounted'>();
    expectTypeOf<HistogramName>().toEqualTypeOf<'deliverySeconds' | 'callSeconds' | 'waitSeconds'>();
  });
});

describe('the name of a sum', () => {
  it('is read as it was made', () => {
    for (const metric of metricNames) {
      const { kind, labels } = definitionOf(metric);
      const values = Object.keys(labels).map((_, i) => `name-${i}`);
      const part = kind === 'histogram' ? '0.5' : undefined;
      expect(readField(fieldOf(metric, values, part))).toEqual({ metric, values, part });
    }
  });

  it.each(['changes|main', 'changes|main|applied|more', 'callSeconds|main', 'later|main', '', 'toString'])(
    'that this version does not know, %s, is passed over',
    (text) => {
      expect(readField(text)).toBeUndefined();
    },
  );
});
