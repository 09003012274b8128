import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Query } from '../../../src/ledger/ledger.ts';
import { issueClosed, openDoor, parcel, RedisAway, token, told } from './door.ts';

const uuid = '0B6F1F0A-1111-4222-8333-ABCDEFABCDEF';
const wish = { ticket: 'ticket-1', status: 'solved' };

describe('the gate of the operators', () => {
  const paths = ['/api/events/ev_1', '/api/changes/ch_1', '/api/tickets/t-1', '/api/ledger'];

  it.each([
    ['no token', undefined],
    ['a wrong one', 'Bearer wrong'],
    ['half of it', `Bearer ${token.slice(0, -1)}`],
    ['one more letter', `Bearer ${token}x`],
    ['another scheme', `Basic ${token}`],
    ['an empty one', 'Bearer '],
  ])('keeps out %s', async (_what, authorization) => {
    const door = await openDoor();
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const requests = [
      ...paths.map((path) => fetch(`${door.url}${path}`, { headers })),
      fetch(`${door.url}/api/changes`, { method: 'POST', headers, body: JSON.stringify(wish) }),
    ];
    for (const response of await Promise.all(requests)) {
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="statuswire"');
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    }
    expect(door.accepted).toEqual([]);
  });

  it('says which key to set when no token is set, and then no token opens it', async () => {
    for (const apiToken of [undefined, '']) {
      const door = await openDoor({ apiToken });
      for (const authorization of ['Bearer undefined', 'Bearer ', `Bearer ${token}`]) {
        const response = await fetch(`${door.url}/api/ledger`, { headers: { authorization } });
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ detail: expect.stringContaining('STATUSWIRE_API_TOKEN') });
      }
    }
  });

  it('lets the token in, however the scheme is written', async () => {
    const door = await openDoor();
    const response = await fetch(`${door.url}/api/ledger`, { headers: { authorization: `bearer ${token}` } });
    expect(response.status).toBe(200);
  });
});

describe('a wish of a script', () => {
  it('is answered 202 with its change and event', async () => {
    const door = await openDoor();
    const response = await door.ask('/api/changes', { method: 'POST', body: JSON.stringify(wish) });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({
      change: expect.stringMatching(/^ch_/),
      event: door.accepted[0]?.event.id,
      duplicate: false,
    });
  });

  it('takes the road of every event, as one decision of the rule `api`', async () => {
    const door = await openDoor({ now: () => 1_700_000_000_000 });
    const body = JSON.stringify({
      ticket: uuid,
      status: 'closed',
      account: 'second',
      reason: 'moved out',
      dryRun: true,
    });
    await door.ask('/api/changes', { method: 'POST', body });
    const ticket = uuid.toLowerCase();
    expect(door.accepted).toEqual([
      {
        event: {
          id: expect.stringMatching(/^ev_/),
          source: 'api',
          type: 'change.requested',
          receivedAt: 1_700_000_000_000,
          headers: {},
          body: { ticket, status: 'closed', account: 'second', reason: 'moved out', dryRun: true },
        },
        rawBody: Buffer.from(body),
        delivery: { key: `once:${door.accepted[0]?.event.id}`, windowMs: 604_800_000 },
        keepMs: 604_800_000,
        digest: createHash('sha256')
          .update(JSON.stringify([ticket, 'closed', 'second', 'moved out', true]))
          .digest('hex'),
        decisions: [
          {
            kind: 'matched',
            rule: 'api',
            ticket,
            status: 'closed',
            account: 'second',
            dryRun: true,
            reason: 'moved out',
          },
        ],
      },
    ]);
    expect(door.lines('event.received')).toMatchObject([{ source: 'api', rules: ['api'], tickets: [ticket] }]);
  });

  it('without a key is new each time; with a key it is the same wish, however it is written', async () => {
    const door = await openDoor();
    const send = async (body: string, key?: string) => {
      const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
      return told(await door.ask('/api/changes', { method: 'POST', body, headers }));
    };
    const [first, second] = [await send(JSON.stringify(wish)), await send(JSON.stringify(wish))];
    expect([first.duplicate, second.duplicate, first.change === second.change]).toEqual([false, false, false]);
    const named = await send(JSON.stringify(wish), 'monday');
    const again = await send('{ "status": "solved", "account": "main", "ticket": "ticket-1" }', 'monday');
    expect(again).toEqual({ ...named, duplicate: true });
    expect((await send(JSON.stringify(wish), 'tuesday')).change).not.toBe(named.change);
  });

  it('with the key of another wish is a conflict, and names the event that has the key', async () => {
    const door = await openDoor();
    const headers = { 'idempotency-key': 'monday' };
    const first = await door.ask('/api/changes', { method: 'POST', body: JSON.stringify(wish), headers });
    const { event } = await told(first);
    const body = JSON.stringify({ ...wish, status: 'closed' });
    const other = await door.ask('/api/changes', { method: 'POST', body, headers });
    expect(other.status).toBe(422);
    expect((await told(other)).detail).toContain(event);
    expect(door.lines('event.refused')).toMatchObject([{ source: 'api', status: 422 }]);
  });

  it.each<[string, unknown, string]>([
    ['an unknown status', { ...wish, status: 'done' }, 'status'],
    ['no ticket', { status: 'solved' }, 'ticket'],
    ['a ticket that cannot be one', { ...wish, ticket: '../x' }, 'ticket'],
    ['an unknown account', { ...wish, account: 'third' }, 'account'],
    ['a reason of 501 characters', { ...wish, reason: 'x'.repeat(501) }, 'reason'],
    ['a dryRun that is a word', { ...wish, dryRun: 'yes' }, 'dryRun'],
    ['an unknown key', { ...wish, urgent: true }, ''],
    ['a list', [wish], ''],
    ['null', null, ''],
  ])('with %s is refused with the place of the fault', async (_what, body, path) => {
    const door = await openDoor();
    const response = await door.ask('/api/changes', { method: 'POST', body: JSON.stringify(body) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ path, expected: expect.any(String) }] });
    expect(door.accepted).toEqual([]);
  });

  it.each([
    ['not JSON', 'ticket=1', 400],
    ['nothing', '', 400],
    ['deep', '['.repeat(200_000), 400],
    ['a prototype', '{"__proto__":{"dryRun":true},"ticket":"t","status":"solved"}', 400],
    ['too large', ' '.repeat(1024 * 1024 + 1), 413],
  ])('whose body is %s is never a 5xx', async (_what, body, status) => {
    const door = await openDoor();
    const response = await door.ask('/api/changes', { method: 'POST', body });
    expect(response.status).toBe(status);
    expect(door.accepted).toEqual([]);
  });

  it('with a key that is empty, too long or not printable is refused', async () => {
    const door = await openDoor();
    for (const key of ['', 'x'.repeat(257), 'a\tb', 'é']) {
      const headers = { 'idempotency-key': key };
      const response = await door.ask('/api/changes', { method: 'POST', body: JSON.stringify(wish), headers });
      expect(response.status).toBe(400);
    }
    expect(door.accepted).toEqual([]);
  });

  it('gets 415 when compressed, 503 when Redis is away, 500 when no change came of it', async () => {
    const body = JSON.stringify(wish);
    const away = await openDoor({ core: { accept: () => Promise.reject(new RedisAway('gone')) } });
    const headers = { 'content-encoding': 'gzip' };
    expect((await away.ask('/api/changes', { method: 'POST', body, headers })).status).toBe(415);
    const refused = await away.ask('/api/changes', { method: 'POST', body });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    const accept = async () => ({ eventId: 'ev_1', duplicate: false, conflict: false, changes: [] });
    const broken = await openDoor({ core: { accept } });
    expect((await broken.ask('/api/changes', { method: 'POST', body })).status).toBe(500);
  });
});

describe('a story', () => {
  const stories = {
    event: async (id: string) => (id === 'ev_1' ? { id, source: 'github' } : undefined),
    change: async (id: string) => (id === 'ch_1' ? { id, verdict: 'applied' } : undefined),
    ticket: async (id: string) => (id === uuid.toLowerCase() ? { id, inStep: true } : undefined),
    page: async () => ({ entries: [] }),
  };

  it('of an event, a change and a ticket is told as JSON', async () => {
    const door = await openDoor({ stories });
    const ask = async (path: string) => told(await door.ask(path));
    expect(await ask('/api/events/ev_1')).toEqual({ id: 'ev_1', source: 'github' });
    expect(await ask('/api/changes/ch_1')).toEqual({ id: 'ch_1', verdict: 'applied' });
    expect(await ask(`/api/tickets/${uuid}`)).toEqual({ id: uuid.toLowerCase(), inStep: true });
  });

  it('of something unknown is a 404, also where the id cannot be one and nobody is asked', async () => {
    const door = await openDoor({ stories: { ...stories, event: async (id) => stories.event(id) } });
    for (const path of [
      'events/ev_2',
      'changes/ch_2',
      'tickets/t-2',
      'events/a%20b',
      'tickets/%00',
      `events/${'x'.repeat(129)}`,
    ]) {
      const response = await door.ask(`/api/${path}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ status: 404, detail: expect.stringContaining('Nothing is known') });
    }
  });

  it('is a 503 while Redis is away or frozen, and a 500 for a defect', async () => {
    const door = await openDoor({
      stories: {
        ...stories,
        event: () => Promise.reject(new RedisAway('gone')),
        change: () => parcel<undefined>().promise,
        ticket: () => Promise.reject(new Error('words of a member')),
      },
      limits: { answerMs: 50 },
    });
    const answers = await Promise.all(['events/e', 'changes/c', 'tickets/t'].map((path) => door.ask(`/api/${path}`)));
    expect(answers.map((answer) => [answer.status, answer.headers.get('retry-after')])).toEqual([
      [503, '5'],
      [503, '5'],
      [500, null],
    ]);
    expect(await answers[2]?.text()).not.toContain('words of a member');
  });
});

describe('the ledger', () => {
  it('is asked with what the query says, and gives its page', async () => {
    const asked: Query[] = [];
    const page = async (query: Query) => {
      asked.push(query);
      return { entries: [{ id: '1-0', kind: 'event' }], next: '1-0' };
    };
    const nobody = async () => undefined;
    const door = await openDoor({
      stories: { event: nobody, change: nobody, ticket: nobody, page },
      now: () => 90_000_000,
    });
    const response = await door.ask(
      `/api/ledger?limit=2&kind=change&rule=api&ticket=${uuid}&verdict=dry-run&since=24h&cursor=1-0`,
    );
    expect(await response.json()).toEqual({ entries: [{ id: '1-0', kind: 'event' }], next: '1-0' });
    await door.ask('/api/ledger');
    expect(asked).toEqual([
      {
        limit: 2,
        kind: 'change',
        rule: 'api',
        ticket: uuid.toLowerCase(),
        verdict: 'dry-run',
        since: 3_600_000,
        cursor: '1-0',
      },
      { limit: 50 },
    ]);
  });

  it('refuses a question it would have to guess at', async () => {
    const door = await openDoor();
    const response = await door.ask('/api/ledger?limit=0&verdict=done&colour=red');
    expect(response.status).toBe(400);
    const { errors } = await told(response);
    expect(errors).toHaveLength(3);
    for (const path of ['', 'limit', 'verdict']) expect(errors).toContainEqual({ path, expected: expect.any(String) });
  });
});

it('operators wait no longer for a flood of deliveries', async () => {
  const door = await openDoor({
    limits: { hooks: { perSecond: 2, concurrent: 100, bytes: 1e6 }, othersPerSecond: 2 },
    now: () => 1000,
  });
  const hooks = [await door.deliver(issueClosed), await door.deliver(issueClosed)];
  const asks = [await door.ask('/api/ledger'), await door.ask('/readyz'), await door.ask('/openapi.json')];
  expect([...hooks, ...asks].map((response) => response.status)).toEqual([202, 429, 200, 200, 429]);
});
