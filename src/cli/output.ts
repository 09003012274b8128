// Owns what people see of a command: lines on standard output, complaints on standard error, never a stack trace for their
// own mistake. The only place that writes to the terminal outside the log.

/** A mistake of the person at the keyboard, or of their surroundings: told in its own words, without a stack. */
export class Refusal extends Error {}

export function say(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

export function complain(...lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}

export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** What to tell of an error that ends a command. Only a defect of ours has a stack, which its report needs. */
export function complaintOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (error instanceof TypeError || error instanceof ReferenceError) {
    return `statuswire stopped because of a defect in it; please report this:\n${error.stack}`;
  }
  return `statuswire stopped: ${error instanceof Error ? error.message : String(error)}`;
}

/** `1 rule`, `2 rules`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
