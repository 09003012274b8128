import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VendorTicket } from '../../../src/simulator/contract.ts';
import { listTickets } from '../../../src/simulator/page.ts';
import { makeStore } from '../../../src/simulator/store.ts';

interface Page {
  readonly tickets: readonly VendorTicket[];
  readonly nextPageToken?: string;
  readonly searchQueryNext?: string;
}

function makeFilled(seeds: Parameters<ReturnType<typeof makeStore>['seed']>[0]) {
  const store = makeStore({
    now: () => Date.parse('2026-11-23T10:00:00Z'),
    elapsed: () => 0,
    autoCreate: true,
    sameStatus: 'recorded',
    locationId: 'here',
  });
  store.seed(seeds);
  return store;
}

const day = (number: number) => `2026-01-${String(number).padStart(2, '0')}T00:00:00Z`;
const many = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `t-${index}` }));

function pageOf(answer: { status: number; body: unknown }): Page {
  expect(answer.status).toBe(200);
  return answer.body as Page;
}

/** Follows the tokens, at most `bound` pages. */
function walk(store: ReturnType<typeof makeStore>, query: Record<string, string>, bound = 100): string[] {
  const ids: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < bound; page += 1) {
    const next = pageOf(listTickets(store, token === undefined ? query : { ...query, nextPageToken: token }));
    ids.push(...next.tickets.map((ticket) => ticket.id));
    token = next.nextPageToken;
    if (token === undefined) return ids;
  }
  throw new Error('the pages do not end');
}

describe('a list of tickets', () => {
  it('gives 25 of a location, newest first, unless asked otherwise', () => {
    const store = makeFilled([...many(30), { id: 'elsewhere', locationRef: 'there' }]);
    const page = pageOf(listTickets(store, { locationRef: 'here' }));
    expect(page.tickets.map((ticket) => ticket.id)).toEqual(
      many(30)
        .reverse()
        .slice(0, 25)
        .map(({ id }) => id),
    );
  });

  it('has a token on every page but the last', () => {
    const store = makeFilled(many(4));
    const first = pageOf(listTickets(store, { locationRef: 'here', limit: '2' }));
    expect(first.nextPageToken).toBeTypeOf('string');
    const last = pageOf(listTickets(store, { locationRef: 'here', limit: '2', nextPageToken: first.nextPageToken }));
    expect(last.tickets).toHaveLength(2);
    expect(last).not.toHaveProperty('nextPageToken');
    expect(last).not.toHaveProperty('searchQueryNext');
  });

  it('gives the query of the next page, with what was asked', () => {
    const store = makeFilled(many(3));
    const asked = { locationRef: 'here', limit: '2', order: 'createDate:asc', other: 'x' };
    const { searchQueryNext, nextPageToken } = pageOf(listTickets(store, asked));
    const query = Object.fromEntries(new URLSearchParams(searchQueryNext));
    expect(query).toEqual({ locationRef: 'here', limit: '2', order: 'createDate:asc', nextPageToken });
  });

  it.each([
    ['createDate:asc', ['a', 'b', 'c']],
    ['createDate:desc', ['c', 'b', 'a']],
    ['updateDate:asc', ['b', 'c', 'a']],
    ['updateDate:desc', ['a', 'c', 'b']],
  ])('comes in the order %s', (order, expected) => {
    const store = makeFilled([
      { id: 'a', createDate: day(1), updateDate: day(9) },
      { id: 'b', createDate: day(2), updateDate: day(3) },
      { id: 'c', createDate: day(3), updateDate: day(4) },
    ]);
    expect(walk(store, { locationRef: 'here', order, limit: '1' })).toEqual(expected);
  });

  it('shows every ticket exactly once, however many are on a page and however many share a date', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('createDate:asc', 'updateDate:desc'),
        (days, limit, order) => {
          const store = makeFilled(days.map((one, index) => ({ id: `t-${index}`, createDate: day(one) })));
          const ids = walk(store, { locationRef: 'here', limit: String(limit), order });
          expect([...ids].sort()).toEqual(days.map((_, index) => `t-${index}`).sort());
        },
      ),
      { numRuns: 100 },
    );
  });

  it('does not repeat a ticket when another one arrives between two pages', () => {
    const store = makeFilled(many(4));
    const first = pageOf(listTickets(store, { locationRef: 'here', limit: '2' }));
    store.seed([{ id: 'newest' }]);
    const second = pageOf(listTickets(store, { locationRef: 'here', limit: '2', nextPageToken: first.nextPageToken }));
    expect(second.tickets.map((ticket) => ticket.id)).toEqual(['t-1', 't-0']);
  });

  it('filters by requester and by assignee', () => {
    const store = makeFilled([
      { id: 'a', membershipRefRequester: 'm-1' },
      { id: 'b', membershipRefRequester: 'm-2', userRefAssignee: 'u-1' },
      { id: 'c' },
    ]);
    expect(walk(store, { locationRef: 'here', membershipRefRequester: 'm-1,m-2' })).toEqual(['b', 'a']);
    expect(walk(store, { locationRef: 'here', userRefAssignee: 'u-1' })).toEqual(['b']);
  });

  it('is empty for a location without tickets', () => {
    expect(pageOf(listTickets(makeFilled([]), { locationRef: 'nowhere' }))).toEqual({ tickets: [] });
  });

  it.each([
    ['no location', {}, 'locationRef'],
    ['a limit of 0', { locationRef: 'here', limit: '0' }, 'limit'],
    ['a limit of 101', { locationRef: 'here', limit: '101' }, 'limit'],
    ['a limit that is no number', { locationRef: 'here', limit: 'all' }, 'limit'],
    ['an unknown order', { locationRef: 'here', order: 'status:asc' }, 'order'],
    ['a made-up token', { locationRef: 'here', nextPageToken: 'abc' }, 'nextPageToken'],
    ['a parameter given twice', { locationRef: ['here', 'there'] }, 'locationRef'],
    ['an id listed twice', { locationRef: 'here', userRefAssignee: 'u,u' }, 'userRefAssignee'],
  ])('is a 400 with %s', (_name, query, path) => {
    expect(listTickets(makeFilled([]), query)).toMatchObject({
      status: 400,
      body: { type: 'invalidRequest', issues: [{ path: [path] }] },
    });
  });
});
