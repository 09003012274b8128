import { describe, expect, it } from 'vitest';
import { simulatorCode, simulatorLocationId, simulatorRefreshToken } from '../../../src/simulator/options.ts';
import { basic, call, get, list, put, ticketId, token, withSimulator } from './calls.ts';

const ticketFields = ['createDate', 'description', 'id', 'locationRef', 'number', 'status', 'type', 'updateDate'];

describe('PUT /support/tickets/v1/{id}/status', () => {
  it('answers with the ticket and the activity, holding exactly the fields of the contract', () =>
    withSimulator({}, async (simulator) => {
      const reply = await put(simulator, ticketId, 'solved');
      expect(reply.status).toBe(200);
      expect(reply.headers.get('content-type')).toContain('application/json');
      const { ticket, activity, ...rest } = reply.json();
      expect(rest).toEqual({});
      expect(Object.keys(ticket as object).sort()).toEqual([...ticketFields, 'statusUpdateDate'].sort());
      expect(ticket).toMatchObject({ id: ticketId, status: 'solved', locationRef: simulatorLocationId });
      expect(activity).toEqual({
        createDate: expect.stringMatching(/^\d{4}-.*Z$/),
        data: { previousAttributes: { status: 'new' }, status: 'solved' },
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        membership: expect.objectContaining({ user: expect.objectContaining({ name: 'API' }) }),
        ticketRef: ticketId,
        type: 'statusUpdated',
      });
    }));

  it.each([
    ['no ticket around the status', '{"status":"solved"}'],
    ['a word that is no status', '{"ticket":{"status":"done"}}'],
    ['a status in the wrong case', '{"ticket":{"status":"Solved"}}'],
    ['one key too many', '{"ticket":{"status":"solved","note":"x"}}'],
    ['a list', '[]'],
  ])('is a 400 with issues for %s, and nothing is applied', (_name, body) =>
    withSimulator({}, async (simulator) => {
      const reply = await put(simulator, ticketId, 'solved', { body });
      expect(reply.status).toBe(400);
      expect(reply.json()).toMatchObject({
        message: expect.any(String),
        type: 'invalidRequest',
        issues: expect.arrayContaining([{ path: expect.any(Array), message: expect.any(String) }]),
      });
      expect(simulator.ticket(ticketId)).toBeUndefined();
      expect(simulator.stats()).toMatchObject({ applied: 0, answers: { 400: 1 } });
    }),
  );

  it.each([
    ['bad JSON', { body: '{"ticket":' }],
    ['another content type', { headers: { 'content-type': 'text/plain' } }],
    ['a body that is too large', { body: JSON.stringify({ ticket: { status: 'x'.repeat(70_000) } }) }],
    ['a compressed body', { headers: { 'content-encoding': 'gzip' } }],
    ['no body', { body: null }],
  ])('is a 400 for %s', (_name, init) =>
    withSimulator({}, async (simulator) => {
      const reply = await put(simulator, ticketId, 'solved', init);
      expect(reply.status).toBe(400);
      expect(reply.json()).toMatchObject({ message: expect.any(String), type: 'invalidRequest' });
    }),
  );
});

describe('GET /support/tickets/v1/{id}', () => {
  it('gives the ticket and its activities, oldest first', () =>
    withSimulator({}, async (simulator) => {
      const fresh = (await get(simulator, ticketId)).json();
      expect(Object.keys(fresh).sort()).toEqual(['activities', 'ticket']);
      expect(Object.keys(fresh.ticket as object).sort()).toEqual(ticketFields);
      await put(simulator, ticketId, 'inProgress');
      await put(simulator, ticketId, 'solved');
      expect((await get(simulator, ticketId)).json()).toMatchObject({
        ticket: { status: 'solved' },
        activities: [
          { type: 'ticketCreated' },
          { data: { status: 'inProgress' } },
          { data: { status: 'solved', previousAttributes: { status: 'inProgress' } } },
        ],
      });
    }));

  it('can give the activities newest first, as nothing documents their order', () =>
    withSimulator({ activityOrder: 'newestFirst' }, async (simulator) => {
      await put(simulator, ticketId, 'solved');
      expect((await get(simulator, ticketId)).json()).toMatchObject({
        activities: [{ type: 'statusUpdated' }, { type: 'ticketCreated' }],
      });
    }));
});

describe('ids', () => {
  it('unknown to the vendor are a 404 when no ticket is made up', () =>
    withSimulator({ autoCreate: false, tickets: [{ id: 'known' }] }, async (simulator) => {
      expect((await get(simulator, 'known')).status).toBe(200);
      for (const reply of [await get(simulator, ticketId), await put(simulator, ticketId, 'solved')]) {
        expect(reply.status).toBe(404);
        expect(reply.json()).toMatchObject({ type: 'notFound', message: expect.any(String) });
      }
    }));

  it('need not be UUIDs by default, and must be when strict', async () => {
    await withSimulator({}, async (simulator) => {
      expect((await put(simulator, 'ticket_7', 'solved')).status).toBe(200);
      for (const id of ['a.b', 'a%2Fb', '%E0%A4%A']) expect((await get(simulator, id)).status).toBe(400);
    });
    await withSimulator({ strictIds: true }, async (simulator) => {
      expect((await put(simulator, ticketId, 'solved')).status).toBe(200);
      expect((await put(simulator, 'ticket_7', 'solved')).status).toBe(400);
      expect((await get(simulator, 'ticket_7')).status).toBe(400);
    });
  });

  it('name one ticket in either case', () =>
    withSimulator({}, async (simulator) => {
      const id = 'ABCDEF00-0000-4000-8000-000000000000';
      await put(simulator, id, 'solved');
      expect((await get(simulator, id.toLowerCase())).json()).toMatchObject({ ticket: { status: 'solved' } });
    }));
});

describe('GET /support/tickets/v1', () => {
  it('pages through a location, also by the ready-made query', () =>
    withSimulator({ tickets: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] }, async (simulator) => {
      const first = (await list(simulator, `locationRef=${simulatorLocationId}&limit=2`)).json();
      expect(first).toMatchObject({ tickets: [{ id: 'c' }, { id: 'b' }], nextPageToken: expect.any(String) });
      const second = await call(`${simulator.url}/support/tickets/v1${first.searchQueryNext}`);
      expect(second.json()).toEqual({ tickets: [expect.objectContaining({ id: 'a' })] });
    }));

  it('is a 400 without a location', () =>
    withSimulator({}, async (simulator) => {
      expect((await list(simulator, 'limit=5')).json()).toMatchObject({ issues: [{ path: ['locationRef'] }] });
    }));
});

describe('credentials', () => {
  it('that are missing or wrong are a 401, and are never shown', () =>
    withSimulator({}, async (simulator) => {
      const wrong = `Basic ${Buffer.from('simulator-id:not-the-secret').toString('base64')}`;
      for (const authorization of ['', wrong, 'Bearer nothing']) {
        expect((await get(simulator, ticketId, { authorization })).status).toBe(401);
      }
      const seen = simulator.requests();
      expect(seen.map((one) => one.auth.right)).toEqual([false, false, false]);
      expect(JSON.stringify(seen)).not.toContain(wrong.slice(6));
      expect(JSON.stringify(seen)).not.toContain('not-the-secret');
    }));

  it('of a Bearer need the network, which must be the right one', () =>
    withSimulator({ networkId: ticketId }, async (simulator) => {
      const grant = (
        await token(simulator, { grant_type: 'refresh_token', refresh_token: simulatorRefreshToken })
      ).json();
      const authorization = `Bearer ${grant.access_token}`;
      const headers = { authorization, 'spacebring-network-id': ticketId };
      expect((await put(simulator, ticketId, 'solved', { headers })).status).toBe(200);
      expect((await get(simulator, ticketId, { authorization })).status).toBe(400);
      expect((await get(simulator, ticketId, { ...headers, 'spacebring-network-id': 'other' })).status).toBe(400);
      expect((await get(simulator, ticketId, { authorization: basic, 'spacebring-network-id': 'x' })).status).toBe(400);
      expect((await get(simulator, ticketId)).status).toBe(200);
    }));
});

describe('POST /oauth2/token', () => {
  it('rotates refresh tokens, and exchanges the code once', () =>
    withSimulator({ accessTokenTtlMs: 7000 }, async (simulator) => {
      const refresh = (refresh_token: unknown) =>
        token(simulator, { grant_type: 'refresh_token', refresh_token: String(refresh_token) });
      const first = await refresh(simulatorRefreshToken);
      expect(first.json()).toMatchObject({ expires_in: 7, token_type: 'Bearer', scope: 'support' });
      expect((await refresh(simulatorRefreshToken)).json()).toMatchObject({ error: 'invalid_grant' });
      expect((await refresh(first.json().refresh_token)).status).toBe(200);
      const exchange = () => token(simulator, { grant_type: 'authorization_code', code: simulatorCode });
      expect([(await exchange()).status, (await exchange()).status]).toEqual([200, 400]);
    }));

  it('refuses an unknown client and a body that is no form', () =>
    withSimulator({}, async (simulator) => {
      const grant = { grant_type: 'refresh_token', refresh_token: simulatorRefreshToken };
      const wrong = await token(simulator, { ...grant, client_secret: 'no' });
      expect([wrong.status, wrong.json().error]).toEqual([401, 'invalid_client']);
      const json = await call(`${simulator.url}/oauth2/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new URLSearchParams({
          ...grant,
          client_id: 'simulator-id',
          client_secret: 'simulator-secret',
        }).toString(),
      });
      expect([json.status, json.json().error]).toEqual([400, 'invalid_request']);
      expect((await token(simulator, grant)).status).toBe(200);
    }));

  it('writes the grant down and no secret', () =>
    withSimulator({}, async (simulator) => {
      await token(simulator, { grant_type: 'refresh_token', refresh_token: simulatorRefreshToken });
      const [seen] = simulator.requests();
      expect(seen).toMatchObject({
        kind: 'token',
        body: { grant_type: 'refresh_token' },
        auth: { kind: 'form', right: true },
      });
      expect(JSON.stringify(seen)).not.toMatch(/simulator-(secret|refresh-token)/);
    }));
});

describe('the limit', () => {
  it('refuses the eleventh call in any second with a 429, reads, lists and wrong credentials counted', () => {
    const clock = { ms: 0 };
    return withSimulator({ rate: 10, elapsed: () => clock.ms }, async (simulator) => {
      for (let index = 0; index < 7; index += 1)
        expect((await put(simulator, `t-${index}`, 'solved')).status).toBe(200);
      expect((await get(simulator, 't-0')).status).toBe(200);
      expect((await list(simulator)).status).toBe(200);
      expect((await get(simulator, 't-0', { authorization: 'none' })).status).toBe(401);
      clock.ms = 999;
      const eleventh = await put(simulator, 't-7', 'solved');
      expect(eleventh.status).toBe(429);
      expect(eleventh.json()).toMatchObject({ type: 'tooManyRequests', message: expect.any(String) });
      expect(eleventh.headers.has('retry-after')).toBe(false);
      expect(simulator.ticket('t-7')).toBeUndefined();
      clock.ms = 1000;
      expect((await put(simulator, 't-7', 'solved')).status).toBe(200);
      expect(simulator.stats()).toMatchObject({ calls: 12, refused: 1, maxCallsInOneSecond: 11, applied: 8 });
      expect(simulator.requests().filter((seen) => seen.refused)).toMatchObject([
        { ticket: 't-7', status: 429, applied: false, body: { ticket: { status: 'solved' } } },
      ]);
    });
  });

  it.each([
    ['seconds', '1'],
    ['date', 'Mon, 23 Nov 2026 10:00:01 GMT'],
  ] as const)('can say Retry-After in %s', (retryAfter, expected) => {
    const now = () => Date.parse('2026-11-23T10:00:00.000Z');
    return withSimulator({ rate: 1, retryAfter, now, elapsed: () => 0 }, async (simulator) => {
      await get(simulator, ticketId);
      const refused = await get(simulator, ticketId);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expected]);
    });
  });
});

describe('a status already held', () => {
  it.each([
    ['recorded', 200, ['activity', 'ticket']],
    ['silent', 200, ['ticket']],
    ['refused', 400, ['message', 'type']],
  ] as const)('can be %s', (sameStatus, status, keys) =>
    withSimulator({ sameStatus }, async (simulator) => {
      await put(simulator, ticketId, 'solved');
      const again = await put(simulator, ticketId, 'solved');
      expect(again.status).toBe(status);
      expect(Object.keys(again.json()).sort()).toEqual(keys);
    }),
  );
});

it('anything else is a 404 in the same error form', () =>
  withSimulator({}, async (simulator) => {
    const reply = await call(`${simulator.url}/networks/v1`);
    expect([reply.status, reply.json().type]).toEqual([404, 'notFound']);
  }));
