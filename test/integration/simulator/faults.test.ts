import { describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../../src/simulator/faults.ts';
import type { Simulator } from '../../../src/simulator/simulator.ts';
import { get, list, put, ticketId, token, withSimulator } from './calls.ts';

const appliedTo = (simulator: Simulator) => simulator.ticket(ticketId)?.history.map((one) => one.status) ?? [];
const write: Fault['match'] = { kind: 'write' };

/** A call that its caller abandons as soon as the simulator has it and `ready` holds. */
async function abandon(simulator: Simulator, ready: () => boolean): Promise<void> {
  const control = new AbortController();
  const reply = put(simulator, ticketId, 'solved', { signal: control.signal }).catch((error: unknown) => error);
  await vi.waitFor(() => expect(simulator.stats().inFlight === 1 && ready()).toBe(true), 10_000);
  control.abort();
  expect(await reply).toBeInstanceOf(Error);
  await vi.waitFor(() => expect(simulator.stats().inFlight).toBe(0), 10_000);
}

describe('faults on request', () => {
  it.each([400, 401, 403, 404, 409, 500, 502, 503])('answer %i without applying, or having applied', (status) =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ match: write, effect: { kind: 'status', status } });
      simulator.addFault({ match: write, effect: { kind: 'status', status, apply: true } });
      expect((await put(simulator, ticketId, 'inProgress')).status).toBe(status);
      expect(appliedTo(simulator)).toEqual([]);
      expect((await put(simulator, ticketId, 'solved')).status).toBe(status);
      expect(appliedTo(simulator)).toEqual(['solved']);
      expect((await put(simulator, ticketId, 'closed')).status).toBe(200);
      expect(simulator.requests().map(({ fault, applied }) => [fault, applied])).toEqual([
        ['fault-1', false],
        ['fault-2', true],
        [undefined, true],
      ]);
    }),
  );

  it('answer 429 with a Retry-After word for word, which is no refusal by the limit', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'status', status: 429, retryAfter: 'soon, perhaps' } });
      const reply = await put(simulator, ticketId, 'solved');
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, 'soon, perhaps']);
      expect(simulator.stats()).toMatchObject({ refused: 0, answers: { 429: 1 }, faults: 1 });
    }));

  it('answer with any body', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'status', status: 502, body: '<h1>Bad gateway</h1>' } });
      expect((await get(simulator, ticketId)).text).toBe('<h1>Bad gateway</h1>');
    }));

  it('answer 200 with garbage, applied unless told otherwise', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'garbage' } });
      simulator.addFault({ effect: { kind: 'garbage', apply: false, body: '{"ticket":{}}' } });
      const broken = await put(simulator, ticketId, 'solved');
      expect(broken.status).toBe(200);
      expect(() => broken.json()).toThrow();
      expect((await put(simulator, ticketId, 'closed')).json()).toEqual({ ticket: {} });
      expect(appliedTo(simulator)).toEqual(['solved']);
    }));

  it('cut the line before or after applying', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'cut' } });
      simulator.addFault({ effect: { kind: 'cut', apply: true } });
      await expect(put(simulator, ticketId, 'inProgress')).rejects.toThrow();
      expect(appliedTo(simulator)).toEqual([]);
      await expect(put(simulator, ticketId, 'solved')).rejects.toThrow();
      expect(appliedTo(simulator)).toEqual(['solved']);
      expect(simulator.requests()).toMatchObject([
        { ending: 'cut', status: null },
        { ending: 'cut', applied: true },
      ]);
      expect(simulator.stats()).toMatchObject({ unanswered: 2, answers: {} });
    }));

  it('hang until the caller gives up, before or after applying', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'hang' } });
      await abandon(simulator, () => simulator.stats().faults === 1);
      expect(appliedTo(simulator)).toEqual([]);
      simulator.addFault({ effect: { kind: 'hang', apply: true } });
      await abandon(simulator, () => appliedTo(simulator).length === 1);
      expect(simulator.requests()).toMatchObject([
        { ending: 'left', applied: false, status: null },
        { ending: 'left', applied: true, status: null },
      ]);
    }));

  it('apply late: after the caller has gone and after a newer status, when released', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'late' } });
      await abandon(simulator, () => simulator.stats().held === 1);
      await put(simulator, ticketId, 'closed');
      expect(appliedTo(simulator)).toEqual(['closed']);
      expect(simulator.release()).toBe(1);
      expect(simulator.ticket(ticketId)?.history).toMatchObject([
        { status: 'closed', request: 2 },
        { status: 'solved', request: 1 },
      ]);
      expect(simulator.requests()[0]).toMatchObject({ applied: true, ending: 'left' });
      expect(simulator.stats()).toMatchObject({ held: 0, applied: 2 });
    }));

  it('apply late by themselves after a time, having answered an error at once', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'late', ms: 20, status: 504 } });
      expect((await put(simulator, ticketId, 'solved')).status).toBe(504);
      await vi.waitFor(() => expect(appliedTo(simulator)).toEqual(['solved']), 10_000);
    }));

  it('drip the right answer, and stop when the caller has left', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'drip', ms: 1, bytes: 40 } });
      const reply = await put(simulator, ticketId, 'solved');
      expect([reply.status, (reply.json().ticket as { status: string }).status]).toEqual([200, 'solved']);
      simulator.addFault({ effect: { kind: 'drip', ms: 50 } });
      await abandon(simulator, () => simulator.stats().faults === 2);
      expect(simulator.requests()[1]).toMatchObject({ ending: 'left', applied: true });
    }));

  it('delay an answer, which is applied even if the caller has left by then', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'delay', ms: 30 } });
      expect((await put(simulator, ticketId, 'inProgress')).status).toBe(200);
      expect(simulator.requests()[0]?.tookMs).toBeGreaterThan(25);
      simulator.addFault({ effect: { kind: 'delay', ms: 2000 } });
      await abandon(simulator, () => simulator.stats().faults === 2);
      await vi.waitFor(() => expect(appliedTo(simulator)).toEqual(['inProgress', 'solved']), 10_000);
    }));

  it('redirect without applying', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'redirect', location: 'https://elsewhere.example/' } });
      const reply = await put(simulator, ticketId, 'solved');
      expect([reply.status, reply.headers.get('location')]).toEqual([307, 'https://elsewhere.example/']);
      expect(appliedTo(simulator)).toEqual([]);
    }));

  it('reach only the calls they are for', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ match: { ticket: ticketId, method: 'GET' }, effect: { kind: 'status', status: 500 } });
      simulator.addFault({ match: { kind: 'list' }, effect: { kind: 'status', status: 502 } });
      simulator.addFault({ match: { kind: 'token' }, effect: { kind: 'status', status: 503 } });
      expect((await get(simulator, 'another')).status).toBe(200);
      expect((await put(simulator, ticketId, 'solved')).status).toBe(200);
      expect((await get(simulator, ticketId)).status).toBe(500);
      expect((await list(simulator)).status).toBe(502);
      expect((await token(simulator, { grant_type: 'refresh_token', refresh_token: 'x' })).status).toBe(503);
    }));

  it('are not used up by a call that is turned away anyway', () =>
    withSimulator({ rate: 2, elapsed: () => 0 }, async (simulator) => {
      simulator.addFault({ effect: { kind: 'status', status: 500 } });
      expect((await get(simulator, ticketId, { authorization: 'no' })).status).toBe(401);
      expect((await get(simulator, ticketId)).status).toBe(500);
      simulator.addFault({ effect: { kind: 'status', status: 500 } });
      expect((await get(simulator, ticketId)).status).toBe(429);
      expect(simulator.faults()).toMatchObject([{ left: 0 }, { left: 1 }]);
    }));

  it('that apply do nothing to an invalid call', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'status', status: 500, apply: true } });
      expect((await put(simulator, ticketId, 'done')).status).toBe(500);
      expect(simulator.requests()).toMatchObject([{ applied: false }]);
    }));
});

describe('switches', () => {
  it('revoke the credentials, for Basic and for tokens, until they are good again', () =>
    withSimulator({}, async (simulator) => {
      expect(simulator.set({ credentials: 'revoked' })).toEqual({ credentials: 'revoked', outage: 'none' });
      expect((await put(simulator, ticketId, 'solved')).status).toBe(401);
      expect((await token(simulator, { grant_type: 'refresh_token', refresh_token: 'x' })).status).toBe(401);
      simulator.set({ credentials: 'good' });
      expect((await put(simulator, ticketId, 'solved')).status).toBe(200);
    }));

  it('play an outage: the line cut at once, or 503; neither counts against the limit', () =>
    withSimulator({ rate: 1, elapsed: () => 0 }, async (simulator) => {
      simulator.set({ outage: 'cut' });
      await expect(put(simulator, ticketId, 'solved')).rejects.toThrow();
      simulator.set({ outage: 'unavailable' });
      expect((await put(simulator, ticketId, 'solved')).status).toBe(503);
      simulator.set({ outage: 'none' });
      expect((await put(simulator, ticketId, 'solved')).status).toBe(200);
      expect(simulator.stats()).toMatchObject({ calls: 3, applied: 1, unanswered: 1, refused: 0 });
    }));
});

it('latency is added to every call', () =>
  withSimulator({ latencyMs: 30 }, async (simulator) => {
    await Promise.all([put(simulator, ticketId, 'solved'), get(simulator, ticketId)]);
    for (const seen of simulator.requests()) expect(seen.tookMs).toBeGreaterThan(25);
  }));
