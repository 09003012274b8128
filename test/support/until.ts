// Waiting for something to become true, with a deadline and a sentence for when it does not.
import { setTimeout as wait } from 'node:timers/promises';

/** The first value of `look` that is neither undefined nor false. Rejects after `withinMs`, saying what was waited for. */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await wait(20);
  }
}
