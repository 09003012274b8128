// What an operator may do over HTTP, with the core faked: which answer stands for what became of it.
import { describe, expect, it } from 'vitest';
import type { Steered } from '../../../src/change/steer.ts';
import { openDoor } from './door.ts';

const unchanged = async () => undefined;
const links = { link: unchanged, linked: unchanged };

describe('POST /api/changes/:id/…', () => {
  const cases: [Steered, number, RegExp][] = [
    [{ kind: 'cancelled' }, 200, /cancelled/],
    [{ kind: 'retried', change: 'ch_2' }, 200, /ch_2/],
    [{ kind: 'unknown' }, 404, /Nothing is known/],
    [{ kind: 'under-way' }, 409, /under way/],
    [{ kind: 'ended', verdict: 'applied' }, 409, /applied/],
    [{ kind: 'not-failed' }, 409, /still open/],
    [{ kind: 'overtaken', by: 'ch_9' }, 409, /ch_9/],
  ];
  it.each(cases)('%o is answered %i', async (steered, status, words) => {
    const asked: string[] = [];
    const act = async (id: string) => {
      asked.push(id);
      return steered;
    };
    const door = await openDoor({
      operations: { ...links, cancel: act, retry: act, pause: unchanged, resume: unchanged },
    });
    for (const deed of ['cancel', 'retry']) {
      const response = await door.ask(`/api/changes/ch_1/${deed}`, { method: 'POST' });
      expect(response.status).toBe(status);
      expect(await response.text()).toMatch(words);
    }
    expect(asked).toEqual(['ch_1', 'ch_1']);
  });

  it('an id that cannot be one is unknown without asking, and fills no log', async () => {
    const asked: string[] = [];
    const act = async (id: string): Promise<Steered> => {
      asked.push(id);
      return { kind: 'cancelled' };
    };
    const door = await openDoor({
      operations: { ...links, cancel: act, retry: act, pause: unchanged, resume: unchanged },
    });
    for (const id of ['x'.repeat(10_000), 'x'.repeat(129), 'a%20b', '%00']) {
      for (const deed of ['cancel', 'retry']) {
        expect((await door.ask(`/api/changes/${id}/${deed}`, { method: 'POST' })).status).toBe(404);
      }
    }
    expect(asked).toEqual([]);
    expect(door.lines('change.steered')).toHaveLength(8);
    expect(door.logText()).not.toContain('x'.repeat(129));
  });

  it('needs the token, and another method is told which one there is', async () => {
    const door = await openDoor();
    expect((await fetch(`${door.url}/api/changes/ch_1/cancel`, { method: 'POST' })).status).toBe(401);
    const got = await door.ask('/api/changes/ch_1/cancel');
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('POST /api/accounts/:name/…', () => {
  it('says whether anything changed, and knows which accounts there are', async () => {
    const steered: string[] = [];
    const door = await openDoor({
      operations: {
        ...links,
        cancel: async () => ({ kind: 'unknown' }),
        retry: async () => ({ kind: 'unknown' }),
        pause: async (account) => {
          steered.push(account);
          return { kind: 'shut', why: 'operator' };
        },
        resume: unchanged,
      },
    });
    const paused = await door.ask('/api/accounts/main/pause', { method: 'POST' });
    expect([paused.status, await paused.json()]).toEqual([200, { account: 'main', state: 'paused', changed: true }]);
    const resumed = await door.ask('/api/accounts/main/resume', { method: 'POST' });
    expect(await resumed.json()).toEqual({ account: 'main', state: 'open', changed: false });
    expect((await door.ask('/api/accounts/nobody/pause', { method: 'POST' })).status).toBe(404);
    expect(steered).toEqual(['main']);
  });
});

describe('/api/links', () => {
  it('remembers a name for a ticket and tells it, whatever the name is made of', async () => {
    const known = new Map<string, string>();
    const door = await openDoor({
      operations: {
        cancel: async () => ({ kind: 'unknown' }),
        retry: async () => ({ kind: 'unknown' }),
        pause: unchanged,
        resume: unchanged,
        link: async (key, ticket) => void known.set(key, ticket),
        linked: async (key) => known.get(key),
      },
    });
    const body = JSON.stringify({ key: 'repo/7 ü', ticket: 't-1' });
    const set = await door.ask('/api/links', { method: 'POST', body });
    expect([set.status, await set.json()]).toEqual([200, { key: 'repo/7 ü', ticket: 't-1' }]);
    const got = await door.ask(`/api/links/${encodeURIComponent('repo/7 ü')}`);
    expect(await got.json()).toEqual({ key: 'repo/7 ü', ticket: 't-1' });
    expect((await door.ask('/api/links/other')).status).toBe(404);
    expect((await door.ask('/api/links', { method: 'POST', body: '{"key":""}' })).status).toBe(400);
  });
});
