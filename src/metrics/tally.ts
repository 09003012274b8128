// Owns counting in memory, where it happens: cheap, bounded, and taken away by and by. Leaves the way to Redis to
// open-tally.ts.
import {
  type CounterName,
  definitionOf,
  type HistogramName,
  type LabelSet,
  type Labels,
  type Metric,
  metricNames,
  metrics,
} from './definitions.ts';
import { ABOVE, fieldOf, MICROS } from './field.ts';

/** Cheap enough for every request, and never throws: what is wrong with a figure is nobody else's trouble. */
export interface Tally {
  /** `by`: a whole number above 0. */
  count<M extends CounterName>(metric: M, labels: Labels<M>, by?: number): void;
  observe<M extends HistogramName>(metric: M, labels: Labels<M>, seconds: number): void;
}

/** Fields of the sums and what is added to each, in turn. */
export type Additions = readonly (string | number)[];

export interface MemoryTally extends Tally {
  /** What was counted since it was last taken, the longest waiting first, a part of it if it is very much; undefined if nothing. */
  take(): Additions | undefined;
}

/** A series as counted since it was last taken: `counts` are added to `fields`, one to one. */
interface Series {
  readonly fields: readonly string[];
  readonly counts: number[];
}

/** Series by the values of their labels, one level a label: that is found five times as fast as by a joined key (measured). */
interface Branch {
  readonly next: Map<string, Branch>;
  series: Series | undefined;
}

/** Far above what a configuration has names for; a bound all the same, should one ever come from a request. */
const MOST_SERIES = 10_000;
/** Fields taken at once: two or three milliseconds of Redis. */
const MOST_FIELDS = 2_000;
/** Thirty years: what is no duration must not make a sum that Redis refuses. */
const LONGEST_S = 1_000_000_000;

export function makeTally({ mostSeries = MOST_SERIES }: { mostSeries?: number } = {}): MemoryTally {
  const roots = ofEach(emptyBranch);
  let size = 0;
  const uncounted = emptySeries('uncounted', []);
  // In the order in which they were first counted after they were taken: none is passed over for long.
  const touched = new Set<Series>();

  function add(series: Series, at: number, by: number): void {
    series.counts[at] = (series.counts[at] ?? 0) + by;
    touched.add(series);
  }

  function seriesOf(metric: Metric, labels: LabelSet): Series | undefined {
    let branch: Branch | undefined = roots[metric];
    for (const label of labelsOf[metric]) branch = branch?.next.get(labels[label] ?? '');
    return branch?.series ?? newSeries(metric, labels);
  }

  /** Undefined, and told as not counted, where there are too many already. */
  function newSeries(metric: Metric, labels: LabelSet): Series | undefined {
    if (size >= mostSeries) return void add(uncounted, 0, 1);
    size += 1;
    const values = labelsOf[metric].map((label) => labels[label] ?? '');
    let branch = roots[metric];
    for (const value of values) {
      const next = branch.next.get(value) ?? emptyBranch();
      branch.next.set(value, next);
      branch = next;
    }
    branch.series = emptySeries(metric, values);
    return branch.series;
  }

  return {
    count(metric, labels, by = 1) {
      if (!Number.isSafeInteger(by) || by <= 0) return;
      const series = seriesOf(metric, labels as LabelSet);
      if (series !== undefined) add(series, 0, by);
    },
    observe(metric, labels, seconds) {
      const series = seriesOf(metric, labels as LabelSet);
      if (series === undefined) return;
      const { buckets } = metrics[metric];
      // After a clock's step back, or with no number at all, it took no time that we know of.
      const took = seconds > 0 && seconds < LONGEST_S ? seconds : 0;
      let bucket = 0;
      while (bucket < buckets.length && took > (buckets[bucket] ?? 0)) bucket += 1;
      add(series, bucket, 1);
      add(series, buckets.length + 1, Math.round(took * 1_000_000));
    },
    take() {
      const taken: (string | number)[] = [];
      for (const series of touched) {
        // A series goes as a whole: the buckets of a histogram never disagree with its sum.
        if (taken.length >= 2 * MOST_FIELDS) break;
        touched.delete(series);
        for (const [i, field] of series.fields.entries()) {
          const counted = series.counts[i] ?? 0;
          if (counted > 0) taken.push(field, counted);
          series.counts[i] = 0;
        }
      }
      return taken.length === 0 ? undefined : taken;
    },
  };
}

function emptyBranch(): Branch {
  return { next: new Map(), series: undefined };
}

function emptySeries(metric: Metric, values: readonly string[]): Series {
  const fields = partsOf[metric].map((part) => fieldOf(metric, values, part));
  return { fields, counts: fields.map(() => 0) };
}

/** The labels of each metric in their order. */
const labelsOf = ofEach((metric) => Object.keys(definitionOf(metric).labels));

/** What is summed up of a series: of a counter itself, of a histogram each bucket and the time. */
const partsOf = ofEach((metric): readonly (string | undefined)[] => {
  const { buckets } = definitionOf(metric);
  return buckets === undefined ? [undefined] : [...buckets.map(String), ABOVE, MICROS];
});

function ofEach<T>(make: (metric: Metric) => T): Readonly<Record<Metric, T>> {
  return Object.fromEntries(metricNames.map((metric) => [metric, make(metric)])) as Record<Metric, T>;
}
