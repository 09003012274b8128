// Owns how what a process gathers in memory gets to Redis exactly once: in numbered batches, one at a time, each sent
// again as it is until Redis has confirmed it. Leaves gathering, and how much of it, to whoever gathers; the half in Redis
// is once.lua. What was not confirmed dies with the process.
import { isUnavailable } from './unavailable.ts';

/** A writer counts its batches from 1; the same number is always the same load. */
export interface Batch<Load> {
  readonly writer: string;
  readonly number: number;
  readonly load: Load;
}

export interface Batches {
  /**
   * Resolves when all that was gathered before the call is confirmed, or could not be. Never rejects; at most two scripts:
   * the batch that was under way, and what was gathered since.
   */
  flush(): Promise<void>;
  /** From now on one script at most every `everyMs`, and none while there is nothing; holds no process open. */
  start(): void;
  /** Stops that, and flushes a last time. */
  close(): Promise<void>;
}

export interface BatchParts<Load> {
  /** One for each process and each sort of batches, never used again. */
  readonly writer: string;
  readonly everyMs: number;
  /** Hands over what was gathered and begins anew; undefined when there is nothing. Not called while a batch is unconfirmed. */
  readonly take: () => Load | undefined;
  /** One script behind once.lua; resolves when Redis has confirmed it. */
  readonly send: (batch: Batch<Load>) => Promise<unknown>;
  /** Any small question to Redis, asked before a batch is sent again: a frozen one answers nothing and swallows all that is sent. */
  readonly ping: () => Promise<unknown>;
  /** Hears of an error that does not mean "Redis is away". That batch is let go: it would stand in the way of all others. */
  readonly onDefect: (error: unknown) => void;
}

export function makeBatches<Load>({ writer, everyMs, take, send, ping, onDefect }: BatchParts<Load>): Batches {
  let number = 0;
  let unconfirmed: Batch<Load> | undefined;
  let isAway = false;
  let underWay: Promise<boolean> | undefined;
  let timer: NodeJS.Timeout | undefined;

  function next(): Batch<Load> | undefined {
    const load = take();
    if (load === undefined) return undefined;
    number += 1;
    return { writer, number, load };
  }

  async function sendOne(): Promise<boolean> {
    unconfirmed ??= next();
    if (unconfirmed === undefined) return true;
    try {
      if (isAway) await ping();
      await send(unconfirmed);
    } catch (error) {
      isAway = isUnavailable(error);
      // It may have been executed all the same: number and load stay as they are, so that Redis knows the repetition.
      if (isAway) return false;
      onDefect(error);
    }
    isAway = false;
    unconfirmed = undefined;
    return true;
  }

  /** False while Redis is away. Whoever asks meanwhile shares the one under way: two at once would lose their order. */
  function step(): Promise<boolean> {
    underWay ??= sendOne().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  async function flush(): Promise<void> {
    if (await step()) await step();
  }

  return {
    flush,
    start() {
      timer ??= setInterval(() => void step(), everyMs).unref();
    },
    close() {
      clearInterval(timer);
      return flush();
    },
  };
}
