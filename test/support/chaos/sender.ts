// Senders as they are: they send until they hear a 2xx, and remember what they heard.
import { setTimeout as wait } from 'node:timers/promises';
import type { Told } from './plan.ts';
import { chaosSecret } from './site.ts';

/** What a sender may rely on: a 2xx and the id in it. */
export interface Acked {
  readonly told: Told;
  readonly event: string;
  readonly duplicate: boolean;
}

/** What came of one request: its status, or `broken` when there was no answer. */
export interface Heard {
  readonly status: number | 'broken';
  readonly tookMs: number;
  readonly body: { readonly event?: string; readonly duplicate?: boolean };
}

/** One request, once. */
export async function post(url: string, told: Told, patienceMs = 5_000): Promise<Heard> {
  const startedAt = performance.now();
  const heard = (status: Heard['status'], body: Heard['body'] = {}) => ({
    status,
    body,
    tookMs: performance.now() - startedAt,
  });
  try {
    const response = await fetch(`${url}/hooks/chaos`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${chaosSecret}`,
        'x-delivery': told.delivery,
      },
      body: JSON.stringify({ ticket: told.ticket, status: told.status, at: new Date(told.at).toISOString() }),
      signal: AbortSignal.timeout(patienceMs),
    });
    return heard(response.status, (await response.json()) as Heard['body']);
  } catch {
    return heard('broken');
  }
}

/** Again and again until a 2xx; 503 and a broken line are what retries are for, anything else is a defect. */
export async function send(url: string, told: Told, withinMs = 60_000): Promise<Acked> {
  const deadline = performance.now() + withinMs;
  for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 400)) {
    const { status, body } = await post(url, told);
    if (status === 202 && body.event !== undefined) {
      return { told, event: body.event, duplicate: body.duplicate === true };
    }
    if (status !== 503 && status !== 'broken') throw new Error(`${told.delivery} was answered ${status}`);
    if (performance.now() > deadline) throw new Error(`${told.delivery} found no ear within ${withinMs} ms`);
    await wait(pauseMs);
  }
}

/** Sends all, `parallel` at a time, in order; `onAck` hears of each 2xx as it comes. */
export async function sendAll(
  url: string,
  events: readonly Told[],
  { parallel = 16, onAck }: { parallel?: number; onAck?: (count: number) => void } = {},
): Promise<Acked[]> {
  const acked: Acked[] = [];
  let next = 0;
  const sender = async () => {
    for (let told = events[next++]; told !== undefined; told = events[next++]) {
      acked.push(await send(url, told));
      onAck?.(acked.length);
    }
  };
  await Promise.all(Array.from({ length: parallel }, sender));
  return acked;
}
