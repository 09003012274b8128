// Owns one turn: an empty Redis, some seconds of load on one receiver, and what that cost it and Redis, to the last event.
import autocannon from 'autocannon';
import type { Deliveries } from './deliveries.ts';
import type { Receiver } from './receivers.ts';
import type { Store } from './store.ts';

export interface Turn {
  readonly receiver: Receiver['name'];
  /** Answers with a 2xx, and with anything else; requests without an answer. */
  readonly accepted: number;
  readonly others: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of its processes, and of Redis, for each event. */
  readonly cpuMicros: number;
  readonly redisMicros: number;
  /** How many scripts Redis ran for each event: the round trips. */
  readonly scripts: number;
  /** The part of one core that the sending side used; near 1 it is what was measured. */
  readonly senderBusy: number;
}

export function makeTakeTurn(parts: {
  readonly store: Store;
  readonly deliveries: Deliveries;
  readonly connections: number;
}): (receiver: Receiver, seconds: number) => Promise<Turn> {
  const { store, deliveries, connections } = parts;
  return async function takeTurn(receiver, seconds) {
    await store.empty();
    deliveries.restart();
    const [cpu, redis, sender] = [receiver.cpuMicros(), await store.used(), process.cpuUsage()];
    const { latenciesMs, elapsedMs, others, errors } = await load(receiver.url, { deliveries, connections, seconds });
    const { user, system } = process.cpuUsage(sender);
    // What an answer leaves to be done after it belongs to its cost.
    await store.quiet();
    const after = await store.used();
    const accepted = latenciesMs.length;
    await demandStored(store, receiver, accepted, deliveries.tickets);
    return {
      receiver: receiver.name,
      accepted,
      others,
      errors,
      perSecond: accepted / (elapsedMs / 1000),
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      cpuMicros: (receiver.cpuMicros() - cpu) / accepted,
      redisMicros: (after.cpuMicros - redis.cpuMicros) / accepted,
      scripts: (after.scripts - redis.scripts) / accepted,
      senderBusy: (user + system) / 1000 / elapsedMs,
    };
  };
}

/** A 2xx that Redis knows nothing of would make every other figure worthless. */
async function demandStored(store: Store, receiver: Receiver, accepted: number, tickets: number): Promise<void> {
  const stored = await store.size(receiver.accepted);
  if (stored < Math.min(accepted, tickets))
    throw new Error(`${receiver.name} has said 2xx to ${accepted} deliveries, and Redis holds ${stored}`);
}

async function load(
  url: string,
  { deliveries, connections, seconds }: { deliveries: Deliveries; connections: number; seconds: number },
): Promise<{ latenciesMs: number[]; elapsedMs: number; others: number; errors: number }> {
  // Our own list: autocannon's histogram knows whole milliseconds only.
  const latenciesMs: number[] = [];
  let others = 0;
  let lastAt = 0;
  const startedAt = performance.now();
  const { errors } = await new Promise<autocannon.Result>((resolve, reject) => {
    const requests: autocannon.Request[] = [{ setupRequest: (request) => Object.assign(request, deliveries.next()) }];
    const options: autocannon.Options = { url, connections, duration: seconds, method: 'POST', requests };
    const run = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)));
    run.on('response', (_client, status, _bytes, ms) => {
      lastAt = performance.now();
      if (status >= 200 && status < 300) latenciesMs.push(ms);
      else others += 1;
    });
  });
  return { latenciesMs: latenciesMs.sort((a, b) => a - b), elapsedMs: lastAt - startedAt, others, errors };
}

/** Of values in order. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
