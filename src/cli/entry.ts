// Owns how an entry of its own (workers/*.ts) runs: the same as a command, with `--config` as its only option.
import { parseArgs } from 'node:util';
import { complain, complaintOf, Refusal } from './output.ts';
import { run } from './run.ts';
import type { Plan } from './service.ts';

/** Runs these parts until SIGTERM or SIGINT; exit code 0, or 1 with a sentence when they cannot be run. */
export function runEntry(name: string, parts: Plan['parts']): void {
  Promise.resolve()
    .then(() => run(name, parts, readOptions()))
    .catch((error: unknown) => {
      complain(complaintOf(error));
      process.exitCode = 1;
    });
}

function readOptions(): { config?: string } {
  try {
    return parseArgs({ options: { config: { type: 'string' } } }).values;
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : error}. The only option is --config FILE.`);
  }
}
