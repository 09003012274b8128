import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Seen } from '../../../src/simulator/journal.ts';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { call, put, ticketId, withSimulator } from './calls.ts';

const failed = (error: unknown) => error;

describe('the life of a simulator', () => {
  it('ends at once, with calls hanging, waiting, dripping and idle, and with late effects to come', async () => {
    const simulator = await startSimulator({ rate: 100 });
    const effects = [
      { kind: 'hang' },
      { kind: 'delay', ms: 3_600_000 },
      { kind: 'drip', ms: 3_600_000 },
      { kind: 'late', ms: 3_600_000 },
    ] as const;
    for (const effect of effects) simulator.addFault({ effect });
    const calls = effects.map(() => put(simulator, ticketId, 'solved').catch(failed));
    const idle = connect(simulator.port, simulator.host);
    const idleEnded = new Promise((resolve) => idle.once('close', resolve).on('error', () => undefined));
    await vi.waitFor(() => expect(simulator.stats()).toMatchObject({ faults: 4, held: 1 }), 10_000);
    await Promise.all([simulator.close(), simulator.close()]);
    for (const ended of await Promise.all(calls)) expect(ended).toBeInstanceOf(Error);
    await idleEnded;
    await expect(call(simulator.url)).rejects.toThrow();
  });

  it('cuts open calls on a reset, and nothing of before lands after it', () =>
    withSimulator({}, async (simulator) => {
      simulator.addFault({ effect: { kind: 'delay', ms: 3_600_000 } });
      const cut = put(simulator, ticketId, 'solved').catch(failed);
      simulator.addFault({ effect: { kind: 'late', status: 504 } });
      await vi.waitFor(() => expect(simulator.stats().faults).toBe(1), 10_000);
      await put(simulator, ticketId, 'closed');
      simulator.reset();
      expect(await cut).toBeInstanceOf(Error);
      expect(simulator.release()).toBe(0);
      expect(simulator.ticket(ticketId)).toBeUndefined();
      expect((await put(simulator, ticketId, 'solved')).status).toBe(200);
    }));

  it('does not listen beyond this machine unless told so', async () => {
    await expect(startSimulator({ host: '0.0.0.0' })).rejects.toThrow('loopback only');
  });

  it('says what to do when the port is taken', () =>
    withSimulator({}, async ({ port }) => {
      await expect(startSimulator({ port })).rejects.toThrow('choose another port');
    }));

  it('does not start with a ticket that is none', async () => {
    await expect(startSimulator({ tickets: [{ id: 'a b' }] })).rejects.toThrow();
  });

  it('tells each call once it has ended', async () => {
    const ended: Seen[] = [];
    await withSimulator({ onCall: (seen) => ended.push(seen) }, async (simulator) => {
      await put(simulator, ticketId, 'solved');
      expect(ended).toMatchObject([{ kind: 'write', status: 200, applied: true, ending: 'answered' }]);
    });
  });

  it('takes a thousand calls at a time', () =>
    withSimulator({}, async (simulator) => {
      const replies = await Promise.all(
        Array.from({ length: 1000 }, (_, n) => put(simulator, `t-${n % 100}`, 'solved')),
      );
      expect(replies.every((reply) => reply.status === 200)).toBe(true);
      expect(simulator.stats()).toMatchObject({ calls: 1000, applied: 1000, inFlight: 0 });
    }));
});
