import { expect, it } from 'vitest';
import { makeNarrator } from '../../../src/cli/narrator.ts';
import { makeLog } from '../../../src/log.ts';

function narrated() {
  const told: string[] = [];
  const narrator = makeNarrator((name, text) => told.push(`${name}: ${text}`));
  return { told, narrator, log: makeLog({ level: 'debug', name: 'test' }, narrator) };
}

it('tells the lines of the road in words, as they come, and no others', () => {
  const { told, log } = narrated();
  log.info({ url: 'http://here' }, 'receiver.listening');
  log.info('worker.trouble');
  log.debug({ waitedMs: 7, share: 0.95 * 0.6 }, 'visit.turn');
  log.info({ call: 'PUT', status: 'solved', answer: 'done', httpStatus: 200, durationMs: 5 }, 'change.attempted');
  log.info({ call: 'PUT', status: 'solved', answer: 'unknown', durationMs: 5 }, 'change.attempted');
  expect(told).toEqual([
    'receiver: listens on http://here',
    'pace: waited 7 ms for its slot (57 % of the pace)',
    'call: PUT status solved → 200 in 5 ms',
    'call: PUT status solved → unknown in 5 ms',
  ]);
});

it('keeps what comes while held, tells it in its order, and nothing once stopped', () => {
  const { told, narrator, log } = narrated();
  narrator.hold();
  log.info({ url: 'first' }, 'receiver.listening');
  log.info({ url: 'second' }, 'receiver.listening');
  expect(told).toEqual([]);
  narrator.release();
  log.info({ url: 'third' }, 'receiver.listening');
  narrator.stop();
  log.info({ url: 'fourth' }, 'receiver.listening');
  expect(told).toEqual(['first', 'second', 'third'].map((url) => `receiver: listens on ${url}`));
});
