// When a process asks whether what was confirmed is still there, what it writes down, and what it says. Redis is a fake here;
// test/integration/ledger/marks.test.ts has a real one that loses things.
import { EventEmitter } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { type ConfirmedEntry, type Findings, isLater, type Marks } from '../../../src/ledger/mark.ts';
import type { MarkFile } from '../../../src/ledger/mark-file.ts';
import { type MarkWatch, seen, watchMarks } from '../../../src/ledger/watch-marks.ts';
import { makeLog } from '../../../src/log.ts';
import type { RedisClient } from '../../../src/redis/connection.ts';
import { until } from '../../support/until.ts';

const watches: MarkWatch[] = [];
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch.close();
});

/** A ledger in memory that can be away or cut, a file in memory that can refuse, and a clock that stands. */
function surroundings(kept: Marks = {}) {
  const lines: Record<string, unknown>[] = [];
  const state = {
    lines,
    said: (msg: string) => lines.filter((line) => line.msg === msg),
    client: new EventEmitter(),
    /** Ids that the ledger holds, oldest first. */
    ledger: [] as string[],
    isWhole: false,
    failure: undefined as Error | undefined,
    asked: [] as Marks[],
    kept,
    isReadOnly: false,
    nowMs: 0,
    watch: async () => {
      const watch = await watchMarks({
        look,
        client: state.client as unknown as RedisClient,
        file,
        sources: () => ['github'],
        log: makeLog({ level: 'debug', name: 't' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
        now: () => state.nowMs,
        everyMs: 5,
      });
      watches.push(watch);
      return watch;
    },
  };
  const file: MarkFile = {
    path: '/home/mark.json',
    read: async () => state.kept,
    async update(change) {
      if (state.isReadOnly) throw new Error('EROFS: read-only file system');
      state.kept = change(state.kept);
    },
  };
  async function look(marks: Marks): Promise<Findings> {
    state.asked.push(marks);
    if (state.failure !== undefined) throw state.failure;
    const upTo = state.ledger.findLast((id) => !isLater(id, marks.ledger ?? ''));
    return { ledger: { last: state.ledger.at(-1), upTo, isWhole: state.isWhole }, unmatched: { isWhole: false } };
  }
  return state;
}

const ledger = (id: string): ConfirmedEntry => ({ stream: 'ledger', id });
const away = new Error('Connection is closed.');

it('what is seen is soon in the file, and at the latest when the watch is closed', async () => {
  const redis = surroundings();
  redis.ledger = ['1-0', '2-0', '3-0'];
  const watch = await redis.watch();
  watch.saw(ledger('2-0'));
  watch.saw(ledger('1-0'));
  await until('the mark is written', 5_000, () => redis.kept.ledger === '2-0');
  watch.saw(ledger('3-0'));
  await watch.close();
  expect(redis.kept).toEqual({ ledger: '3-0' });
  expect(redis.lines).toEqual([]);
});

it('a start with a Redis that ends before the mark says so once, and the next start is quiet', async () => {
  const redis = surroundings({ ledger: '5000-0' });
  redis.ledger = ['3000-0'];
  const first = await redis.watch();
  expect(redis.said('redis.rolled-back')).toMatchObject([
    { level: 'error', since: '1970-01-01T00:00:03.000Z', until: '1970-01-01T00:00:05.000Z', sources: ['github'] },
  ]);
  expect(first.checks()).toMatchObject([{ name: 'redis rolled back', ok: false }]);
  expect(redis.kept).toEqual({ ledger: '3000-0' });
  const next = await redis.watch();
  expect([redis.lines.length, next.checks()]).toEqual([1, []]);
});

it('readiness names a loss for a day', async () => {
  const redis = surroundings({ ledger: '5000-0' });
  const watch = await redis.watch();
  redis.nowMs = 24 * 3_600_000;
  expect(watch.checks()).toHaveLength(1);
  redis.nowMs += 1;
  expect(watch.checks()).toEqual([]);
});

it.each(['ready', '-node', 'refresh'])(
  'after %s it is asked for what was seen until then, also if more is seen since',
  async (event) => {
    const redis = surroundings();
    const watch = await redis.watch();
    redis.ledger = ['1000-0', '2000-0'];
    watch.saw(ledger('2000-0'));
    redis.ledger = ['1000-0', '9000-0'];
    redis.client.emit(event);
    watch.saw(ledger('9000-0'));
    await until('the loss is told', 5_000, () => redis.said('redis.rolled-back').length > 0);
    expect(redis.said('redis.rolled-back')).toMatchObject([
      { since: '1970-01-01T00:00:01.000Z', until: '1970-01-01T00:00:02.000Z' },
    ]);
    await watch.close();
    expect(redis.kept).toEqual({ ledger: '9000-0' });
  },
);

it('a Redis that is emptied under a connection that stays is noticed when something new is confirmed', async () => {
  const redis = surroundings();
  redis.ledger = ['1000-0', '2000-0'];
  redis.isWhole = true;
  const watch = await redis.watch();
  watch.saw(ledger('2000-0'));
  await until('the mark is written', 5_000, () => redis.kept.ledger === '2000-0');
  redis.ledger = ['9000-0'];
  watch.saw(ledger('9000-0'));
  await until('the loss is told', 5_000, () => redis.said('redis.rolled-back').length > 0);
  await watch.close();
  expect(redis.lines).toMatchObject([{ until: '1970-01-01T00:00:02.000Z' }]);
  expect(redis.kept).toEqual({ ledger: '9000-0' });
});

it('Redis is not asked while nothing happens', async () => {
  const redis = surroundings();
  redis.ledger = ['1000-0'];
  const watch = await redis.watch();
  watch.saw(ledger('1000-0'));
  await until('the mark is written', 5_000, () => redis.kept.ledger === '1000-0');
  const asked = redis.asked.length;
  await watch.close();
  expect(redis.asked.length).toBe(asked);
});

it('a question that nobody answered is asked again, and nothing newer is written down meanwhile', async () => {
  const redis = surroundings({ ledger: '2000-0' });
  redis.failure = away;
  const watch = await redis.watch();
  watch.saw(ledger('9000-0'));
  await until('it is asked again', 5_000, () => redis.asked.length > 2);
  expect([redis.kept, redis.lines]).toEqual([{ ledger: '2000-0' }, []]);
  redis.ledger = ['1000-0', '9000-0'];
  redis.failure = undefined;
  await until('the loss is told', 5_000, () => redis.said('redis.rolled-back').length > 0);
  await until('the mark is written', 5_000, () => redis.kept.ledger === '9000-0');
  expect(watch.checks()).toHaveLength(1);
});

it('a Redis that forbids the question is told once, and counts as whole', async () => {
  const redis = surroundings({ ledger: '2000-0' });
  redis.failure = new Error('NOPERM this user has no permissions to run the xinfo command');
  const watch = await redis.watch();
  watch.saw(ledger('3000-0'));
  redis.client.emit('ready');
  await watch.close();
  expect(redis.lines.map(({ msg }) => msg)).toEqual(['redis.unwatched']);
  expect(redis.kept).toEqual({ ledger: '3000-0' });
});

it('a folder that cannot be written to is told once, and losses are noticed all the same', async () => {
  const redis = surroundings();
  redis.isReadOnly = true;
  redis.ledger = ['1000-0', '2000-0', '3000-0'];
  const watch = await redis.watch();
  watch.saw(ledger('2000-0'));
  await until('it was tried', 5_000, () => redis.lines.length > 0);
  watch.saw(ledger('3000-0'));
  redis.ledger = ['1000-0'];
  redis.client.emit('ready');
  await watch.close();
  expect(redis.lines.map(({ msg }) => msg)).toEqual(['redis.mark-unkept', 'redis.rolled-back']);
});

it('a closed watch listens no more', async () => {
  const redis = surroundings();
  const watch = await redis.watch();
  await watch.close();
  expect(redis.client.eventNames().filter((name) => redis.client.listenerCount(name) > 0)).toEqual([]);
});

it('what is accepted is seen when it has an entry', async () => {
  const saw: ConfirmedEntry[] = [];
  const answers = [{ entry: ledger('5-0'), eventId: 'a' }, { eventId: 'b' }];
  const accept = seen(
    async (at: number) => answers[at] ?? { eventId: 'none' },
    (entry) => void saw.push(entry),
  );
  expect([await accept(0), await accept(1)]).toEqual(answers);
  expect(saw).toEqual([ledger('5-0')]);
  await expect(
    seen(
      async () => Promise.reject(away),
      () => {},
    )(undefined),
  ).rejects.toBe(away);
});
