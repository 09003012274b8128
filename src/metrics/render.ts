// Owns the text of /metrics, by prom-client: its aggregation of figures that were counted in other processes, here all of them.
// Series that the configuration has names for begin at 0, or Prometheus would miss the first of each. Pure.
import { AggregatorRegistry } from 'prom-client';
import { definitionOf, type LabelSet, type Metric, metricNames, type Names } from './definitions.ts';
import { ABOVE, MICROS, readField } from './field.ts';
import type { State } from './state.ts';

/** The names there are at present; a metric whose names are not given begins with what was counted. */
export type Known = Readonly<Partial<Record<Names, readonly string[]>>>;

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** The text that Prometheus reads. Without a state, which is when Redis is away, it says that and nothing else. */
export async function render(state: State | undefined, known: Known): Promise<Exposition> {
  const shown = state === undefined ? [away] : families(state, known);
  const registry = AggregatorRegistry.aggregate([shown]);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

interface Value {
  readonly labels: LabelSet;
  readonly value: number;
  readonly metricName?: string;
}

/** A metric as prom-client hands it from process to process. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: 'first';
  readonly values: readonly Value[];
}

function family(metric: Metric, values: readonly Value[]): Family {
  const { name, help, kind } = definitionOf(metric);
  return { name, help, type: kind, aggregator: 'first', values };
}

const away = family('redisUp', [{ labels: {}, value: 0 }]);

function families({ gauges, sums }: State, known: Known): Family[] {
  const counted = countedSeries(sums, known);
  const values = (metric: Metric): Value[] => {
    const series = [...(counted.get(metric)?.values() ?? [])];
    switch (definitionOf(metric).kind) {
      case 'gauge':
        return gauges.filter((one) => one.metric === metric).map(({ labels, value }) => ({ labels, value }));
      case 'counter':
        return series.map(({ labels, parts }) => ({ labels, value: parts.get('') ?? 0 }));
      case 'histogram':
        return series.flatMap((one) => histogramValues(metric, one));
    }
  };
  return metricNames.map((metric) => family(metric, values(metric)));
}

/** What was counted of one series, by part of its histogram; a counter has one part, without a name. */
interface Counted {
  readonly labels: LabelSet;
  readonly parts: Map<string, number>;
}

function countedSeries(sums: State['sums'], known: Known): Map<Metric, Map<string, Counted>> {
  const all = new Map<Metric, Map<string, Counted>>();
  const seriesOf = (metric: Metric, values: readonly string[]): Counted => {
    const ofMetric = all.get(metric) ?? new Map<string, Counted>();
    all.set(metric, ofMetric);
    const names = Object.keys(definitionOf(metric).labels);
    const fresh = { labels: Object.fromEntries(names.map((name, i) => [name, values[i] ?? ''])), parts: new Map() };
    const series = ofMetric.get(values.join()) ?? fresh;
    ofMetric.set(values.join(), series);
    return series;
  };
  for (const metric of metricNames) {
    for (const values of combinations(metric, known)) seriesOf(metric, values);
  }
  for (const [text, sum] of sums) {
    const field = readField(text);
    if (field !== undefined) seriesOf(field.metric, field.values).parts.set(field.part ?? '', sum);
  }
  return all;
}

/** Every set of values that the labels of a metric can have together. */
function combinations(metric: Metric, known: Known): readonly (readonly string[])[] {
  return Object.values(definitionOf(metric).labels).reduce<readonly (readonly string[])[]>(
    (sets, values) => {
      const each = typeof values === 'string' ? (known[values] ?? []) : values;
      return sets.flatMap((set) => each.map((value) => [...set, value]));
    },
    [[]],
  );
}

/** Cumulative, as Prometheus wants them. A bound that another version counted under goes into the next higher one. */
function histogramValues(metric: Metric, { labels, parts }: Counted): Value[] {
  const { name, buckets = [] } = definitionOf(metric);
  const observed = [...parts]
    .filter(([part]) => part !== MICROS)
    .map(([part, count]) => ({ bound: part === ABOVE ? Number.POSITIVE_INFINITY : Number(part), count }));
  const upTo = (most: number) => observed.reduce((count, one) => (one.bound <= most ? count + one.count : count), 0);
  const count = upTo(Number.POSITIVE_INFINITY);
  return [
    ...buckets.map((bound) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: String(bound) },
      value: upTo(bound),
    })),
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: (parts.get(MICROS) ?? 0) / 1_000_000 },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
