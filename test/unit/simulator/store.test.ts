import { describe, expect, it } from 'vitest';
import { makeStore, type StoreOptions } from '../../../src/simulator/store.ts';
import type { Status } from '../../../src/ticket/ticket.ts';

const id = '3f0c1e58-0000-4000-8000-000000000001';
const start = Date.parse('2026-11-23T10:00:00.000Z');

function makeOne(options: Partial<StoreOptions> = {}) {
  const clock = { ms: 0 };
  const store = makeStore({
    now: () => start + clock.ms,
    elapsed: () => clock.ms,
    autoCreate: true,
    sameStatus: 'recorded',
    locationId: 'here',
    ...options,
  });
  return { store, clock };
}

describe('the store', () => {
  it('makes a ticket up on first sight, with every field the contract requires', () => {
    const { store } = makeOne();
    expect(store.find(id)?.ticket).toEqual({
      createDate: '2026-11-23T10:00:00.000Z',
      description: 'A ticket made up by the simulator',
      id,
      locationRef: 'here',
      number: 1,
      status: 'new',
      type: 'other',
      updateDate: '2026-11-23T10:00:00.000Z',
    });
    expect(store.find('another')?.ticket.number).toBe(2);
    expect(store.find(id)?.activities).toMatchObject([{ type: 'ticketCreated', ticketRef: id }]);
  });

  it('makes nothing up when told not to, and `peek` never does', () => {
    const { store } = makeOne({ autoCreate: false });
    expect(store.find(id)).toBeUndefined();
    expect(store.set(id, 'solved', 'api', 1)).toEqual({ kind: 'unknown' });
    expect(makeOne().store.peek(id)).toBeUndefined();
  });

  it('records a change with its date, what was before, and who did it', () => {
    const { store, clock } = makeOne();
    store.find(id);
    clock.ms = 1500;
    const result = store.set(id, 'solved', 'api', 7);
    expect(result).toMatchObject({
      kind: 'set',
      ticket: {
        status: 'solved',
        statusUpdateDate: '2026-11-23T10:00:01.500Z',
        updateDate: '2026-11-23T10:00:01.500Z',
      },
      activity: {
        type: 'statusUpdated',
        createDate: '2026-11-23T10:00:01.500Z',
        ticketRef: id,
        data: { status: 'solved', previousAttributes: { status: 'new' } },
        membership: { user: { name: 'API', photoUrl: null } },
      },
    });
    expect(store.peek(id)?.history).toMatchObject([
      { status: 'solved', previous: 'new', by: 'api', elapsedMs: 1500, at: start + 1500, request: 7 },
    ]);
  });

  it('records a status already held once more by default: the worst case', () => {
    const { store, clock } = makeOne();
    store.set(id, 'solved', 'api', 1);
    clock.ms = 10;
    store.set(id, 'solved', 'api', 2);
    const story = store.peek(id);
    expect(story?.activities.map((one) => one.type)).toEqual(['ticketCreated', 'statusUpdated', 'statusUpdated']);
    expect(story?.ticket.statusUpdateDate).toBe('2026-11-23T10:00:00.010Z');
  });

  it('can take a status already held in silence', () => {
    const { store, clock } = makeOne({ sameStatus: 'silent' });
    store.set(id, 'solved', 'api', 1);
    clock.ms = 10;
    expect(store.set(id, 'solved', 'api', 2)).toMatchObject({ kind: 'set', activity: undefined });
    const story = store.peek(id);
    expect(story?.activities).toHaveLength(2);
    expect(story?.ticket.updateDate).toBe('2026-11-23T10:00:00.000Z');
    expect(story?.history).toMatchObject([{ request: 1 }, { request: 2, activity: null }]);
  });

  it('can refuse a status already held', () => {
    const { store } = makeOne({ sameStatus: 'refused' });
    store.set(id, 'solved', 'api', 1);
    expect(store.set(id, 'solved', 'api', 2)).toEqual({ kind: 'same' });
    expect(store.peek(id)?.history).toHaveLength(1);
  });

  it("shows a person's own hand as a person", () => {
    const { store } = makeOne();
    const story = store.setByHand(id, 'inProgress');
    expect(story.ticket.status).toBe('inProgress');
    expect(story.activities.at(-1)).toMatchObject({ membership: { user: { name: 'A person' } } });
    expect(story.history).toMatchObject([{ by: 'person', request: null }]);
    expect(() => store.setByHand(id, 'done' as Status)).toThrow('"done" is not a status');
  });

  it('keeps the seed as it was given and numbers tickets per location', () => {
    const { store } = makeOne();
    const seeds = [
      { id: 'a', status: 'solved', statusUpdateDate: '2026-01-02T03:04:05Z', createDate: '2026-01-01T00:00:00+01:00' },
      { id: 'b', locationRef: 'there' },
      { id: 'c' },
    ] as const;
    expect(store.seed(seeds)).toEqual(['a', 'b', 'c']);
    expect(store.peek('a')?.ticket).toMatchObject({
      status: 'solved',
      statusUpdateDate: '2026-01-02T03:04:05.000Z',
      updateDate: '2026-01-02T03:04:05.000Z',
      createDate: '2025-12-31T23:00:00.000Z',
      number: 1,
    });
    expect(store.peek('b')?.ticket).toMatchObject({ number: 1, locationRef: 'there' });
    expect(store.peek('c')?.ticket.number).toBe(2);
  });

  it('adds no ticket at all when one of the seeds is wrong', () => {
    const { store } = makeOne();
    expect(() => store.seed([{ id: 'a' }, { id: 'b', status: 'done' as Status }])).toThrow();
    expect(store.peek('a')).toBeUndefined();
  });

  it('tells a story that later changes leave as it was', () => {
    const { store } = makeOne();
    const before = store.find(id);
    store.set(id, 'closed', 'api', 1);
    expect(before?.ticket.status).toBe('new');
    expect(before?.history).toEqual([]);
  });

  it('keeps only the newest of a long history', () => {
    const { store } = makeOne({ keep: 3 });
    for (let request = 1; request <= 5; request += 1) store.set(id, 'solved', 'api', request);
    expect(store.peek(id)?.history.map((one) => one.request)).toEqual([3, 4, 5]);
    expect(store.peek(id)?.activities).toHaveLength(3);
  });
});
