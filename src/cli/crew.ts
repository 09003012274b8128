// Owns several receiver processes behind one port (`--processes N`): as many as asked for, a new one for each that dies, the
// same configuration in all, and their end together. To its caller a crew is a receiver like any other.
import { setTimeout as wait } from 'node:timers/promises';
import type { Receiver, ReceiverParts } from '../server.ts';
import { type Member, startMember } from './crew-process.ts';
import type { Order } from './crew-words.ts';

export interface Crew extends Receiver {
  /** What /readyz says of the configuration may be something else now. */
  recheck(): void;
}

/** Above what a process takes at most to drain and close (crew-member.ts). */
const STOP_MS = 12_000;
/** Who has lived that long did not die of its start. */
const STEADY_MS = 10_000;
const LONGEST_PAUSE_MS = 10_000;

/** Before a process is replaced that died, the `deaths`-th in a row in its place: none, then 250 ms doubled up to 10 s. */
export function pauseMs(deaths: number): number {
  return deaths <= 1 ? 0 : Math.min(250 * 2 ** Math.min(deaths - 2, 10), LONGEST_PAUSE_MS);
}

/**
 * Resolves when all `size` processes listen. Rejects, with none left, when one of them ends before that: with its own words,
 * for instance that the port is taken.
 */
export async function startCrew(parts: ReceiverParts, size: number): Promise<Crew> {
  const { log, configChecks = () => [], loaded, ...rest } = parts;
  const members = new Set<Member>();
  const closing = new AbortController();
  let inForce = onlyWhatIsSent(loaded);
  let isUp = false;
  let closed: Promise<void> | undefined;

  function start(): Member {
    const member = startMember(() => ({ ...rest, loaded: inForce, checks: configChecks(), logLevel: log.level }));
    members.add(member);
    void member.gone.then(() => members.delete(member));
    return member;
  }

  /** Keeps one place filled until the crew closes. */
  async function fill(first: Member): Promise<void> {
    let member = first;
    for (let deaths = 0; ; member = start()) {
      const startedAt = performance.now();
      const why = await member.gone;
      if (closing.signal.aborted || !isUp) return;
      deaths = performance.now() - startedAt >= STEADY_MS ? 1 : deaths + 1;
      const againInMs = pauseMs(deaths);
      log.warn({ receiver: member.pid, why, againInMs }, 'receiver.process.gone');
      await wait(againInMs, undefined, { signal: closing.signal }).catch(() => {});
      if (closing.signal.aborted) return;
    }
  }

  function tellAll(order: Order): void {
    for (const member of members) member.tell(order);
  }

  async function closeAll(): Promise<void> {
    closing.abort();
    for (const member of members) member.retire();
    const timer = setTimeout(() => {
      log.warn({ receivers: [...members].map(({ pid }) => pid) }, 'receiver.process.killed');
      for (const member of members) member.kill();
    }, STOP_MS);
    await Promise.all(places);
    clearTimeout(timer);
  }

  function close(): Promise<void> {
    closed ??= closeAll();
    return closed;
  }

  const first = Array.from({ length: size }, start);
  const places = first.map(fill);
  try {
    const url = await untilAllListen(first);
    isUp = true;
    return { url, swap, recheck, close };
  } catch (error) {
    await close();
    throw error;
  }

  function swap(next: ReceiverParts['loaded']): void {
    inForce = onlyWhatIsSent(next);
    tellAll({ kind: 'use', loaded: inForce });
  }

  function recheck(): void {
    tellAll({ kind: 'say', checks: configChecks() });
  }
}

/** Where they listen. Rejects when one of them ends before all do. */
async function untilAllListen(members: readonly Member[]): Promise<string> {
  const ends = members.map(async ({ gone }) => {
    throw new Error(await gone);
  });
  const [url = ''] = await Promise.race([Promise.all(members.map(({ listening }) => listening)), ...ends]);
  return url;
}

/** A loaded file also has functions, which stay here. */
function onlyWhatIsSent({ config, version }: ReceiverParts['loaded']): ReceiverParts['loaded'] {
  return { config, version };
}
