// Owns the header lines of a request by name, each line by itself. Node's `headersDistinct` is not used: a header named
// `__proto__` makes it throw in 20.20.0 (CVE-2026-21710), and here it is a name like every other.
import type { DistinctHeaders } from '../source/delivery.ts';

/** The lines in `rawHeaders` (name, value, name, value …) by lower-case name, in their order; nothing is dropped. */
export function distinctHeaders(rawHeaders: readonly string[]): DistinctHeaders {
  const lines: Record<string, string[]> = Object.create(null);
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = String(rawHeaders[i]).toLowerCase();
    const value = String(rawHeaders[i + 1]);
    const before = lines[name];
    if (before === undefined) lines[name] = [value];
    else before.push(value);
  }
  return lines;
}
