import { describe, expect, it, vi } from 'vitest';
import { type SimulatorClient, simulatorClient } from '../../../src/simulator/client.ts';
import type { Seed } from '../../../src/simulator/contract.ts';
import type { Fault } from '../../../src/simulator/faults.ts';
import type { SimulatorOptions } from '../../../src/simulator/options.ts';
import type { Simulator } from '../../../src/simulator/simulator.ts';
import { call, get, put, ticketId, withSimulator } from './calls.ts';

function withClient(
  options: SimulatorOptions,
  body: (client: SimulatorClient, simulator: Simulator) => Promise<void>,
): Promise<void> {
  return withSimulator(options, (simulator) => body(simulatorClient(simulator.url), simulator));
}

describe('the controls over HTTP', () => {
  it('tell what was asked, filtered by ticket and time', () =>
    withClient({ networkId: 'net' }, async (client, simulator) => {
      const before = Date.now();
      await put(simulator, ticketId, 'solved', { headers: { 'spacebring-network-id': 'net' } });
      await get(simulator, 'another');
      expect(await client.requests({ ticket: ticketId.toUpperCase() })).toEqual([
        {
          seq: 1,
          at: expect.any(Number),
          elapsedMs: expect.any(Number),
          kind: 'write',
          method: 'PUT',
          path: `/support/tickets/v1/${ticketId}/status`,
          ticket: ticketId,
          networkId: 'net',
          auth: { kind: 'basic', right: true },
          body: { ticket: { status: 'solved' } },
          refused: false,
          applied: true,
          ending: 'answered',
          status: 200,
          tookMs: expect.any(Number),
        },
      ]);
      expect(await client.requests({ since: before })).toHaveLength(2);
      expect(await client.requests({ since: Date.now() + 60_000 })).toEqual([]);
      expect(await client.requests()).toEqual(simulator.requests());
    }));

  it("tell a ticket's story, and never make one up", () =>
    withClient({}, async (client, simulator) => {
      expect(await client.ticket(ticketId)).toBeUndefined();
      await put(simulator, ticketId, 'inProgress');
      await put(simulator, ticketId, 'solved');
      const story = await client.ticket(ticketId);
      expect(story?.ticket.status).toBe('solved');
      expect(story?.history.map((one) => [one.status, one.by, one.request])).toEqual([
        ['inProgress', 'api', 1],
        ['solved', 'api', 2],
      ]);
      expect(story?.history.map((one) => one.activity)).toEqual(story?.activities.slice(1).map((one) => one.id));
    }));

  it("set a status by a person's own hand, which is no call", () =>
    withClient({}, async (client, simulator) => {
      simulator.set({ outage: 'cut' });
      expect(await client.setByHand(ticketId, 'closed')).toMatchObject({
        ticket: { status: 'closed' },
        activities: [{ type: 'ticketCreated' }, { membership: { user: { name: 'A person' } } }],
        history: [{ by: 'person', previous: 'new', request: null }],
      });
      expect((await client.stats()).calls).toBe(0);
    }));

  it('seed many tickets', () =>
    withClient({ autoCreate: false }, async (client, simulator) => {
      const seeds = Array.from({ length: 500 }, (_, index) => ({ id: `t-${index}`, status: 'solved' as const }));
      expect(await client.seed(seeds)).toHaveLength(500);
      expect((await get(simulator, 't-499')).json()).toMatchObject({ ticket: { status: 'solved', number: 500 } });
    }));

  it('script faults, list and clear them', () =>
    withClient({}, async (client, simulator) => {
      const id = await client.addFault({ times: 2, effect: { kind: 'status', status: 500 } });
      expect((await put(simulator, ticketId, 'solved')).status).toBe(500);
      expect(await client.faults()).toMatchObject([{ id, met: 1, left: 1, effect: { kind: 'status', apply: false } }]);
      await client.clearFaults();
      expect((await put(simulator, ticketId, 'solved')).status).toBe(200);
    }));

  it('switch, release and count', () =>
    withClient({}, async (client, simulator) => {
      expect(await client.set({ credentials: 'revoked' })).toEqual({ credentials: 'revoked', outage: 'none' });
      await put(simulator, ticketId, 'solved');
      expect(await client.set({ credentials: 'good', outage: 'unavailable' })).toMatchObject({ outage: 'unavailable' });
      await client.set({ outage: 'none' });
      await client.addFault({ effect: { kind: 'late', status: 504 } });
      await put(simulator, ticketId, 'solved');
      expect(await client.stats()).toMatchObject({ calls: 2, applied: 0, answers: { 401: 1, 504: 1 }, held: 1 });
      expect(await client.release()).toBe(1);
      expect(await client.stats()).toEqual(simulator.stats());
      expect((await client.stats()).applied).toBe(1);
    }));

  it('count the most calls in flight for one ticket', () =>
    withClient({}, async (client, simulator) => {
      await client.addFault({ share: 1, effect: { kind: 'hang' } });
      const hanging = ['a', 'b', 'a', 'a'].map((id) => put(simulator, id, 'solved').catch((error: unknown) => error));
      await vi.waitFor(async () => expect((await client.stats()).inFlight).toBe(4), 10_000);
      expect((await client.stats()).maxInFlightPerTicket).toBe(3);
      await simulator.close();
      for (const ended of await Promise.all(hanging)) expect(ended).toBeInstanceOf(Error);
    }));

  it('forget everything on a reset but the first tickets', () =>
    withClient({ tickets: [{ id: 'first' }], autoCreate: false }, async (client, simulator) => {
      await put(simulator, 'first', 'closed');
      await client.seed([{ id: 'second' }]);
      await client.set({ outage: 'unavailable' });
      await client.addFault({ share: 1, effect: { kind: 'cut' } });
      await client.reset();
      expect(await client.requests()).toEqual([]);
      expect(await client.stats()).toMatchObject({ calls: 0, applied: 0, answers: {} });
      expect((await get(simulator, 'first')).json()).toMatchObject({ ticket: { status: 'new' } });
      expect((await get(simulator, 'second')).status).toBe(404);
    }));

  it.each<[string, (client: SimulatorClient) => Promise<unknown>]>([
    ['a fault that is none', (client) => client.addFault({ effect: { kind: 'explode' } } as unknown as Fault)],
    ['a status that is none', (client) => client.setByHand('a', 'done' as 'new')],
    ['a seed that is none', (client) => client.seed([{ id: 'a', colour: 'red' } as Seed])],
    ['an unknown switch', (client) => client.set({ lights: 'off' } as Record<string, string>)],
    ['a time that is none', (client) => client.requests({ since: Number.NaN })],
    ['an id that is none', (client) => client.setByHand('a.b', 'new')],
  ])('refuse %s with what is wrong', (_name, ask) =>
    withClient({}, async (client) => {
      await expect(ask(client)).rejects.toThrow(/400 .*issues/);
    }),
  );

  it('refuse bad JSON and unknown controls', () =>
    withClient({}, async (_client, simulator) => {
      const headers = { 'content-type': 'application/json' };
      const bad = await call(`${simulator.url}/_simulator/faults`, { method: 'POST', headers, body: '{' });
      expect(bad.status).toBe(400);
      expect((await call(`${simulator.url}/_simulator/nothing`)).status).toBe(404);
      expect(simulator.requests()).toEqual([]);
    }));
});
