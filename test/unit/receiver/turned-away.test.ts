import { describe, expect, it } from 'vitest';
import type { Gathered } from '../../../src/ledger/rejections.ts';
import { makeTurnedAway } from '../../../src/receiver/turned-away.ts';
import { rejection } from '../../support/rejection.ts';

function gatherer() {
  const kept: Gathered[] = [];
  let isAway = false;
  const store = {
    async keep({ load }: { load: Gathered }) {
      if (isAway) throw new Error('Connection is closed.');
      kept.push(load);
    },
    async ping() {
      if (isAway) throw new Error('Connection is closed.');
    },
  };
  const turnedAway = makeTurnedAway({ store, writer: 'wr_1', onDefect: () => {} });
  return {
    ...turnedAway,
    kept,
    leave: (away: boolean) => {
      isAway = away;
    },
  };
}

const noted = (loads: readonly Gathered[]) =>
  loads.flatMap(({ counts }) => counts).reduce((sum, one) => sum + one.number, 0);

describe('a flood of what is turned away', () => {
  it('is counted to the last one, and of each source the last hundred are kept', async () => {
    const one = gatherer();
    for (let i = 0; i < 100_000; i += 1) one.note(rejection({ source: '(unknown)', asked: `guess-${i}` }));
    one.note(rejection());
    await one.flush();
    expect(one.kept).toHaveLength(1);
    expect(one.kept[0]?.counts.map(({ source, number }) => [source, number])).toEqual([
      ['(unknown)', 100_000],
      ['github', 1],
    ]);
    const latest = one.kept[0]?.latest ?? [];
    expect([latest.length, latest[0]?.asked, latest[99]?.asked, latest[100]?.source]).toEqual([
      101,
      'guess-99900',
      'guess-99999',
      'github',
    ]);
  });

  it('of many sources at once makes one script of a bounded size, with something of each', async () => {
    const one = gatherer();
    for (let i = 0; i < 20 * 100; i += 1) one.note(rejection({ source: `source-${i % 20}` }));
    await one.flush();
    const latest = one.kept[0]?.latest ?? [];
    expect([latest.length, new Set(latest.map(({ source }) => source)).size]).toEqual([500, 20]);
    expect(noted(one.kept)).toBe(2000);
  });

  it('while Redis is away is held within the same bounds, and comes when it is back', async () => {
    const one = gatherer();
    one.leave(true);
    for (let second = 0; second < 50; second += 1) {
      for (let i = 0; i < 1000; i += 1) one.note(rejection({ reason: 'unavailable', status: 503 }));
      await one.flush();
    }
    one.leave(false);
    await one.close();
    expect(one.kept.map(({ latest }) => latest.length)).toEqual([100, 100]);
    expect(noted(one.kept)).toBe(50_000);
  });
});

it('each day has its own count, by UTC', async () => {
  const one = gatherer();
  const midnight = Date.UTC(2026, 10, 24);
  for (const at of [midnight - 1, midnight, midnight + 1]) one.note(rejection({ at }));
  await one.flush();
  expect(one.kept[0]?.counts).toEqual([
    { day: '2026-11-23', source: 'github', reason: 'unproven', number: 1 },
    { day: '2026-11-24', source: 'github', reason: 'unproven', number: 2 },
  ]);
});
