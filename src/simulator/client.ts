// Owns the controls from another process: the same words as in the simulator's own, as promises over HTTP.
import type { SimulatorControls } from './controls.ts';

/** The controls as promises; each rejects with what the simulator said if it did not do as told. */
export type SimulatorClient = {
  readonly [K in keyof SimulatorControls]: (
    ...args: Parameters<SimulatorControls[K]>
  ) => Promise<ReturnType<SimulatorControls[K]>>;
};

/** `url` is the simulator's own, e.g. `http://127.0.0.1:8090`. */
export function simulatorClient(url: string): SimulatorClient {
  /** The shapes are the simulator's own, of this same version, so they are taken as they come. */
  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(new URL(`/_simulator${path}`, url), {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new ControlError(`${method} ${path} on the simulator: ${response.status} ${text}`, response.status);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  return {
    async requests(filter = {}) {
      const query = new URLSearchParams(
        Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)])),
      );
      return (await ask<{ requests: ReturnType<SimulatorControls['requests']> }>('GET', `/requests?${query}`)).requests;
    },
    async ticket(id) {
      try {
        return await ask('GET', `/tickets/${encodeURIComponent(id)}`);
      } catch (error) {
        if (error instanceof ControlError && error.status === 404) return undefined;
        throw error;
      }
    },
    setByHand: (id, status) => ask('PUT', `/tickets/${encodeURIComponent(id)}`, { status }),
    seed: async (tickets) => (await ask<{ ids: string[] }>('POST', '/tickets', { tickets })).ids,
    addFault: async (fault) => (await ask<{ id: string }>('POST', '/faults', fault)).id,
    faults: async () => (await ask<{ faults: ReturnType<SimulatorControls['faults']> }>('GET', '/faults')).faults,
    clearFaults: () => ask('DELETE', '/faults'),
    set: (switches) => ask('PUT', '/switches', switches),
    release: async () => (await ask<{ released: number }>('POST', '/release')).released,
    stats: () => ask('GET', '/stats'),
    reset: () => ask('POST', '/reset'),
  };
}

class ControlError extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
  }
}
