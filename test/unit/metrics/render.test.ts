import { describe, expect, it } from 'vitest';
import { definitionOf, metricNames } from '../../../src/metrics/definitions.ts';
import { type Known, render } from '../../../src/metrics/render.ts';
import type { State } from '../../../src/metrics/state.ts';
import { readExposition } from '../../support/exposition.ts';

const known: Known = {
  source: ['github'],
  sender: ['github', '(unknown)'],
  account: ['main'],
  rule: [],
  reason: ['flood'],
};

async function shown(state: Partial<State>, names: Known = known) {
  const { text } = await render({ gauges: [], sums: new Map(), ...state }, names);
  return readExposition(text);
}

describe('the text of /metrics', () => {
  it('is the format of Prometheus, with every metric by its kind', async () => {
    const { contentType, text } = await render({ gauges: [], sums: new Map() }, known);
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    const all = metricNames.map(definitionOf).map(({ name, kind }) => [name, kind]);
    expect([...readExposition(text).kinds]).toEqual(all);
    for (const { name, help } of metricNames.map(definitionOf)) expect(text).toContain(`# HELP ${name} ${help}\n`);
  });

  it('while Redis is away says that, and nothing else', async () => {
    const { kinds, values } = readExposition((await render(undefined, known)).text);
    expect([...kinds.keys()]).toEqual(['statuswire_redis_up']);
    expect([...values]).toEqual([['statuswire_redis_up', 0]]);
  });

  it('begins every series that can be named at 0, so that the first of each is seen', async () => {
    const { values } = await shown({});
    expect(values.get('statuswire_deliveries_total{source="github",outcome="duplicate"}')).toBe(0);
    expect(values.get('statuswire_rejections_total{source="(unknown)",reason="flood"}')).toBe(0);
    expect(values.get('statuswire_changes_total{account="main",verdict="dry-run"}')).toBe(0);
    expect(values.get('statuswire_call_seconds_count{account="main"}')).toBe(0);
    expect(values.get('statuswire_uncounted_total')).toBe(0);
    expect([...values.keys()].filter((key) => key.startsWith('statuswire_clock_runs_total'))).toEqual([]);
  });

  it('shows sums, also of names that the configuration has no more, and passes over what it does not know', async () => {
    const sums = new Map([
      ['deliveries|github|accepted', 7],
      ['oldSecrets|gone', 3],
      ['of-another-version|github', 9],
    ]);
    const { values } = await shown({ sums });
    expect(values.get('statuswire_deliveries_total{source="github",outcome="accepted"}')).toBe(7);
    expect(values.get('statuswire_old_secret_total{source="gone"}')).toBe(3);
    expect([...values.values()].filter((value) => value === 9)).toEqual([]);
  });

  it('adds buckets up, with the bounds of another version in the next higher one', async () => {
    const sums = new Map([
      ['callSeconds|main|0.05', 1],
      ['callSeconds|main|0.2', 2],
      ['callSeconds|main|60', 4],
      ['callSeconds|main|above', 8],
      ['callSeconds|main|micros', 1_500_000],
    ]);
    const { values } = await shown({ sums });
    const upTo = (le: string) => values.get(`statuswire_call_seconds_bucket{account="main",le="${le}"}`);
    expect(['0.05', '0.1', '0.25', '30', '60', '+Inf'].map(upTo)).toEqual([1, 1, 3, 3, 7, 15]);
    expect(values.get('statuswire_call_seconds_count{account="main"}')).toBe(15);
    expect(values.get('statuswire_call_seconds_sum{account="main"}')).toBe(1.5);
  });

  it('shows gauges as they stood', async () => {
    const labels = { account: 'main', why: 'outage' };
    const { values } = await shown({ gauges: [{ metric: 'accountShut', labels, value: 1 }] });
    expect(values.get('statuswire_account_shut{account="main",why="outage"}')).toBe(1);
  });
});
