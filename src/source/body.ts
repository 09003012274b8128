// Owns how a proven body becomes JSON: strict UTF-8, not empty, not too deep, without a key that could stand in for a
// prototype. Takes `Verified` only, so unproven bytes cannot be parsed. A refusal never quotes the body: it is personal.
import { isUtf8 } from 'node:buffer';
import { findJsonFault } from './json-fault.ts';
import type { Verified } from './signature.ts';

/** Far deeper than any sender goes, and shallow enough for every recursion behind us (JSON.stringify, CEL). */
export const DEEPEST = 64;

export type Body =
  | { readonly ok: true; readonly value: unknown }
  /** `position` counts characters from 0, where the fault has a place. */
  | { readonly ok: false; readonly why: string; readonly position?: number };

/**
 * The JSON in a verified body. Own keys named `__proto__` are left out, at every depth; all others, `constructor` too,
 * are plain data. Numbers are doubles: whole ones beyond 2^53 lose digits, so ids must come as strings, and one beyond
 * all doubles (1e999) is null, which is what it would be once written down: rules decide on what is kept.
 */
export function readBody(verified: Verified): Body {
  if (verified.body.length === 0) return { ok: false, why: 'the body is empty' };
  if (!isUtf8(verified.body)) return { ok: false, why: 'the body is not valid UTF-8' };
  const text = withoutMark(verified.body.toString('utf8'));
  const parsed = parse(text);
  if (!parsed.ok) return parsed;
  // After parsing, not before: V8 parses without recursion, and this walk costs a tenth of a scan over the bytes.
  if (!tidy(parsed.value, 1)) return { ok: false, why: `the body is nested deeper than ${DEEPEST} levels` };
  return parsed;
}

/** As `application/x-www-form-urlencoded` begins, or as `multipart/form-data` does. */
const form = /^(?:[\w.%+-]+=|--[\w'()+,./:=?-]+\r\n)/;

function parse(text: string): Body {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // V8's own message quotes the body, and gives no position for most faults.
    const position = findJsonFault(text);
    return { ok: false, why: describe(text, position), ...(position !== undefined && { position }) };
  }
}

function describe(text: string, position: number | undefined): string {
  if (form.test(text))
    return 'the body is a form, and only JSON is read; choose the content type application/json at the sender';
  if (position === text.length) return 'the body is not JSON: it ends too early';
  return `the body is not JSON, from character ${position} on`;
}

/** Takes out own `__proto__` keys and infinite numbers in place; false if `value` goes deeper than DEEPEST, where it stops. */
function tidy(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > DEEPEST) return false;
  const inside = value as Record<string, unknown>;
  // Not `Object.keys`, which makes a list for each object: this walk sees every value of every delivery. What JSON.parse
  // gives has no keys but its own, as long as nobody adds to Object.prototype.
  for (const key in inside) {
    const one = inside[key];
    if (key === '__proto__') Reflect.deleteProperty(inside, key);
    else if (typeof one === 'number') {
      if (isInfinite(one)) inside[key] = null;
    } else if (typeof one === 'object' && !tidy(one, depth + 1)) return false;
  }
  return true;
}

function isInfinite(value: number): boolean {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
}

/** Some senders (.NET) begin with a byte order mark, which JSON does not know. */
function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
