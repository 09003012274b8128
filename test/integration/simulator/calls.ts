// Owns the calls that the simulator's tests make as a client of the vendor would, and the waiting for a condition.
import {
  type SimulatorOptions,
  simulatorClientId,
  simulatorClientSecret,
  simulatorLocationId,
} from '../../../src/simulator/options.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';

export const ticketId = '3f0c1e58-0000-4000-8000-000000000001';
export const basic = `Basic ${Buffer.from(`${simulatorClientId}:${simulatorClientSecret}`).toString('base64')}`;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; throws if it is none. */
  json(): Record<string, unknown>;
}

/** One call; rejects if the connection ends without an answer. */
export async function call(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, {
    redirect: 'manual',
    ...init,
    headers: { authorization: basic, ...init.headers },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}

export function put(simulator: Simulator, id: string, status: string, init: RequestInit = {}): Promise<Reply> {
  return call(`${simulator.url}/support/tickets/v1/${id}/status`, {
    method: 'PUT',
    body: JSON.stringify({ ticket: { status } }),
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
  });
}

export function get(simulator: Simulator, id: string, headers: Record<string, string> = {}): Promise<Reply> {
  return call(`${simulator.url}/support/tickets/v1/${id}`, { headers });
}

export function list(simulator: Simulator, query = `locationRef=${simulatorLocationId}`): Promise<Reply> {
  return call(`${simulator.url}/support/tickets/v1?${query}`);
}

export function token(simulator: Simulator, form: Record<string, string>): Promise<Reply> {
  const client = { client_id: simulatorClientId, client_secret: simulatorClientSecret };
  return call(`${simulator.url}/oauth2/token`, { method: 'POST', body: new URLSearchParams({ ...client, ...form }) });
}

/** Runs a test body with a simulator of its own, without a limit unless told, and closes it whatever happens. */
export async function withSimulator(
  options: SimulatorOptions,
  body: (simulator: Simulator) => Promise<void>,
): Promise<void> {
  const simulator = await startSimulator({ rate: Number.POSITIVE_INFINITY, ...options });
  try {
    await body(simulator);
  } finally {
    await simulator.close();
  }
}
