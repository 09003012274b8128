// Owns the end of a process: what was opened is closed in reverse order, once, within a deadline, whoever asks.

export interface Closers {
  /** Names what has to be closed; closed in the reverse order of being added. */
  add(name: string, close: () => Promise<unknown> | unknown): void;
  /** Closes everything; the second caller gets the same promise. Resolves with the names of what failed or took too long. */
  close(): Promise<readonly string[]>;
}

/** `deadlineMs` is for all closers together; one that fails or hangs does not keep the others from being closed. */
export function makeClosers(deadlineMs: number): Closers {
  const steps: { name: string; close: () => Promise<unknown> | unknown }[] = [];
  let closing: Promise<readonly string[]> | undefined;

  async function closeAll(): Promise<readonly string[]> {
    const failed: string[] = [];
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), deadlineMs);
    for (const step of steps.reverse()) {
      const isDone = await Promise.race([
        Promise.resolve()
          .then(step.close)
          .then(() => true)
          .catch(() => false),
        aborted(deadline.signal).then(() => false),
      ]);
      if (!isDone) failed.push(step.name);
    }
    clearTimeout(timer);
    return failed;
  }

  return {
    add: (name, close) => void steps.push({ name, close }),
    close: () => (closing ??= closeAll()),
  };
}

/**
 * Resolves when the process is asked to end (SIGTERM, SIGINT). A second signal ends it at once with code 1:
 * who asks twice does not want to wait.
 */
export function untilSignal(onSignal: (signal: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        onSignal(signal);
        resolve();
      });
    }
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
