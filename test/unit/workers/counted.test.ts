import { describe, expect, it } from 'vitest';
import { makeTally } from '../../../src/metrics/tally.ts';
import type { Run } from '../../../src/schedule/run.ts';
import { LostRun } from '../../../src/schedule/runs.ts';
import type { Pacer } from '../../../src/ticket/pacer.ts';
import type { Spacebring } from '../../../src/ticket/spacebring.ts';
import { countedCalls, countedRuns, countedTurns } from '../../../workers/counted.ts';

const never = () => Promise.reject(new Error('not asked for here'));

describe('calls to the vendor', () => {
  it('are counted by what was asked and what came back, timed, and answered as they were', async () => {
    const tally = makeTally();
    const times = [0, 300, 1_000, 1_020];
    const throttled = { kind: 'throttled', httpStatus: 429 } as const;
    const refused = { kind: 'refused', httpStatus: 404, why: 'HTTP 404' } as const;
    const spacebring: Spacebring = {
      setStatus: async () => throttled,
      readTicket: async () => refused,
      listTickets: never,
      close: async () => {},
    };
    const counted = countedCalls(spacebring, { account: 'main', tally, monotonic: () => times.shift() ?? 0 });
    expect(await counted.setStatus('t', 'solved')).toBe(throttled);
    expect(await counted.readTicket('t')).toBe(refused);
    expect(tally.take()).toEqual([
      ...['calls|main|put|throttled', 1],
      ...['callSeconds|main|0.05', 1, 'callSeconds|main|0.5', 1, 'callSeconds|main|micros', 320_000],
      ...['calls|main|get|refused', 1],
    ]);
  });
});

describe('turns', () => {
  it('are counted with what was waited for them, whatever becomes of them', async () => {
    const tally = makeTally();
    const turn = { waitedMs: 700, share: 1, isProbe: false, leave: async () => false };
    const pacer: Pacer = { turn: async () => turn, hold: async () => 5 };
    const counted = countedTurns(pacer, tally);
    const options = { signal: new AbortController().signal, onWait: async () => {} };
    expect(await counted.turn('main', { rate: 10, margin: 0.05 }, options)).toBe(turn);
    expect(await counted.hold('main', undefined)).toBe(5);
    expect(tally.take()).toEqual(['waitSeconds|main|1', 1, 'waitSeconds|main|micros', 700_000]);
  });
});

describe('runs of a rule on the clock', () => {
  const order = { rule: { name: 'closes' }, version: 'v' } as Parameters<Run>[0];
  const taken = { run: 'r', startedAt: 0, resumed: 0 };
  const hold = { rule: 'closes', token: 't' };

  async function run(end: Run, signal = new AbortController().signal) {
    const tally = makeTally();
    const failed = await countedRuns(end, tally)(order, taken, hold, signal).catch((error: unknown) => error);
    return { failed, counted: tally.take() };
  }

  it('are counted when they have come to their end', async () => {
    expect(await run(async () => {})).toEqual({ failed: undefined, counted: ['clockRuns|closes|finished', 1] });
  });

  it.each([
    ['lost', new LostRun('gone')],
    ['broke', new Error('a defect')],
  ])('are counted as %s, and reject as they did', async (outcome, error) => {
    const ended = await run(() => Promise.reject(error));
    expect(ended).toEqual({ failed: error, counted: [`clockRuns|closes|${outcome}`, 1] });
  });

  it('are not counted when they are given back because the process ends', async () => {
    const { counted } = await run(() => Promise.reject(new Error('aborted')), AbortSignal.abort());
    expect(counted).toBeUndefined();
  });
});
