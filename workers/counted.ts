// Owns what workers count for /metrics: every call to the vendor, every wait for its slot, every run of a rule on the clock.
// Wraps the parts that do these things, so that each is counted in one place, whoever asks for it.
import type { Tally } from '../src/metrics/tally.ts';
import type { Run } from '../src/schedule/run.ts';
import { LostRun } from '../src/schedule/runs.ts';
import type { Answer } from '../src/ticket/answer.ts';
import type { Pacer } from '../src/ticket/pacer.ts';
import type { Spacebring } from '../src/ticket/spacebring.ts';

/** The calls of an account, counted with their answers and timed. `monotonic`: a clock that never jumps, ms. */
export function countedCalls(
  spacebring: Spacebring,
  { account, tally, monotonic }: { account: string; tally: Tally; monotonic: () => number },
): Spacebring {
  async function counted<T>(call: 'get' | 'list' | 'put', answering: Promise<Answer<T>>): Promise<Answer<T>> {
    const startedAt = monotonic();
    const answer = await answering;
    tally.count('calls', { account, call, answer: answer.kind });
    tally.observe('callSeconds', { account }, (monotonic() - startedAt) / 1000);
    return answer;
  }

  return {
    setStatus: (ticket, status) => counted('put', spacebring.setStatus(ticket, status)),
    readTicket: (ticket) => counted('get', spacebring.readTicket(ticket)),
    listTickets: (location, pageToken) => counted('list', spacebring.listTickets(location, pageToken)),
    close: () => spacebring.close(),
  };
}

/** The pacer, with how long each turn was waited for. */
export function countedTurns(pacer: Pacer, tally: Tally): Pacer {
  return {
    async turn(account, settings, options) {
      const turn = await pacer.turn(account, settings, options);
      tally.observe('waitSeconds', { account }, turn.waitedMs / 1000);
      return turn;
    },
    hold: (account, retryAfterMs) => pacer.hold(account, retryAfterMs),
  };
}

/** A run, with how it came to its end. One that is given back because its process ends has not come to one. */
export function countedRuns(run: Run, tally: Tally): Run {
  return async function countedRun(order, taken, hold, signal) {
    const rule = order.rule.name;
    try {
      await run(order, taken, hold, signal);
      tally.count('clockRuns', { rule, outcome: 'finished' });
    } catch (error) {
      if (error instanceof LostRun) tally.count('clockRuns', { rule, outcome: 'lost' });
      else if (!signal.aborted) tally.count('clockRuns', { rule, outcome: 'broke' });
      throw error;
    }
  };
}
