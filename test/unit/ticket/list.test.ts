import { describe, expect, it } from 'vitest';
import { parseTicketPage } from '../../../src/ticket/list.ts';

const ticket = {
  id: '0B7F2C1E-5D1A-4C55-9A53-0F6C1D2E3F40',
  ...{ number: 30, status: 'solved', type: 'other', description: 'text', locationRef: 'l' },
  ...{ createDate: '2026-01-01T00:00:00Z', updateDate: '2026-01-02T00:00:00Z' },
};

describe('a page of tickets', () => {
  it('is read with the token of the next, ids as we keep them, other fields left out', () => {
    const page = parseTicketPage({ tickets: [{ ...ticket, userRequester: { email: 'a@b.c' } }], nextPageToken: 'x' });
    const id = ticket.id.toLowerCase();
    expect(page).toEqual({ tickets: [{ ...ticket, id }], unreadable: 0, nextPageToken: 'x' });
  });

  it.each([undefined, null, ''])('with %j for a token is the last', (nextPageToken) => {
    expect(parseTicketPage({ tickets: [], nextPageToken })).toEqual({ tickets: [], unreadable: 0 });
  });

  it.each([undefined, '', [], {}, { tickets: {} }, { tickets: null }])('is not %j', (body) => {
    expect(parseTicketPage(body)).toBeUndefined();
  });

  it.each([{ status: 'lost' }, { id: 'a:b' }, { number: 'x' }, { locationRef: undefined }])(
    'counts a ticket with %j, and keeps the others',
    (wrong) => {
      const page = parseTicketPage({ tickets: [{ ...ticket, ...wrong }, ticket] });
      expect(page).toMatchObject({ unreadable: 1, tickets: [{ number: 30 }] });
    },
  );

  it('takes null for a date that was never set', () => {
    expect(parseTicketPage({ tickets: [{ ...ticket, statusUpdateDate: null }] })).toMatchObject({ unreadable: 0 });
  });
});
