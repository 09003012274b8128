// Owns how a sum is named in the hash that holds them all: metric, values of its labels in their order, and for a histogram
// the part, joined by `|`, which no name may contain. `changes|main|applied`, `callSeconds|main|0.5`. src/change/*.lua
// writes such names too.
import { definitionOf, isMetric, type Metric } from './definitions.ts';

const JOIN = '|';

/** The observations above the last bound, and the sum of all, in whole microseconds: integers add up without a rest. */
export const ABOVE = 'above';
export const MICROS = 'micros';

export function fieldOf(metric: Metric, values: readonly string[], part?: string): string {
  return [metric, ...values, ...(part === undefined ? [] : [part])].join(JOIN);
}

export interface Field {
  readonly metric: Metric;
  readonly values: readonly string[];
  /** Of a histogram: a bound in seconds, ABOVE or MICROS. */
  readonly part?: string | undefined;
}

/** Undefined for what this version does not know: an older or a newer one counts into the same hash. */
export function readField(text: string): Field | undefined {
  const [metric = '', ...rest] = text.split(JOIN);
  if (!isMetric(metric)) return undefined;
  const { kind, labels } = definitionOf(metric);
  const size = Object.keys(labels).length;
  if (rest.length !== size + (kind === 'histogram' ? 1 : 0)) return undefined;
  return { metric, values: rest.slice(0, size), part: rest[size] };
}
