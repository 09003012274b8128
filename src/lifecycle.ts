// Owns the end of a process: what was opened is closed in reverse order, once, within a deadline, whoever asks and however
// far the opening had come.

/** What could not be closed, and why. */
export interface Unclosed {
  readonly name: string;
  readonly why: string;
}

export interface Closers {
  /** Names what has to be closed; closed in the reverse order of being added. Throws once closing has begun. */
  add(name: string, close: () => unknown): void;
  /**
   * Opens something and sees to its closing, also when closing begins before it is open: then it is waited for and
   * closed. Rejects as `opening` does, and once closing has begun, so that whoever opens one thing after another stops.
   */
  open<T extends { close(): unknown }>(name: string, opening: () => Promise<T>): Promise<T>;
  /** Closes everything; the second caller gets the same promise. Resolves with what failed or took too long. */
  close(): Promise<readonly Unclosed[]>;
}

/** `deadlineMs` is for all closers together; one that fails or hangs does not keep the others from being closed. */
export function makeClosers(deadlineMs: number): Closers {
  const steps: { name: string; close: () => unknown }[] = [];
  let closing: Promise<readonly Unclosed[]> | undefined;

  function refuseIfClosing(name: string): void {
    if (closing !== undefined) throw new Error(`${name} is not opened: closing has begun`);
  }

  function add(name: string, close: () => unknown): void {
    refuseIfClosing(name);
    steps.push({ name, close });
  }

  async function open<T extends { close(): unknown }>(name: string, opening: () => Promise<T>): Promise<T> {
    let pending: Promise<T> | undefined;
    add(name, async () => (await pending?.catch(() => undefined))?.close());
    pending = opening();
    const opened = await pending;
    refuseIfClosing(name);
    return opened;
  }

  async function closeAll(): Promise<readonly Unclosed[]> {
    const unclosed: Unclosed[] = [];
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), deadlineMs);
    const late = aborted(deadline.signal).then(() => `not closed within ${deadlineMs / 1000} s`);
    for (const { name, close } of steps.toReversed()) {
      const why = await Promise.race([reasonOfFailure(close), late]);
      if (why !== undefined) unclosed.push({ name, why });
    }
    clearTimeout(timer);
    return unclosed;
  }

  return {
    add,
    open,
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}

/**
 * Resolves when the process is asked to end (SIGTERM, SIGINT); from the call on, no such signal ends it by itself. A
 * second signal ends it at once with code 1: who asks twice does not want to wait.
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

/** Undefined when it has worked. */
async function reasonOfFailure(close: () => unknown): Promise<string | undefined> {
  try {
    await close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
