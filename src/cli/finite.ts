// Owns the life of a command that opens things and ends by itself: whatever happens, also Ctrl-C, all is closed again.
import { type Closers, makeClosers, untilSignal } from '../lifecycle.ts';
import { complain, Refusal } from './output.ts';

/**
 * Gives what `work` gives, once everything was closed. Throws what `work` throws, a Refusal when a signal came first, and a
 * Refusal when something could not be closed.
 */
export async function runFinite<T>(closeMs: number, work: (closers: Closers) => Promise<T>): Promise<T> {
  const closers = makeClosers(closeMs);
  const interrupted = untilSignal(() => {}).then(() => {
    throw new Refusal('Interrupted. What was started has been stopped.');
  });
  const outcome = await Promise.race([work(closers), interrupted]).then(
    (result) => ({ ok: true, result }) as const,
    (error: unknown) => ({ ok: false, error }) as const,
  );
  const unclosed = await closers.close();
  if (unclosed.length > 0) {
    complain(`Not all could be stopped: ${unclosed.map(({ name, why }) => `${name} (${why})`).join(', ')}.`);
    process.exitCode = 1;
  }
  if (!outcome.ok) throw outcome.error;
  return outcome.result;
}
