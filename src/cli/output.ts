// Owns what people see of a command: lines on standard output, faults on standard error, never a stack trace for their own
// mistake. The only place that writes to the terminal outside the log.

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
