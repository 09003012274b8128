// Owns how values are told in a reason: short, on one line, and never what looks like a secret. Reasons go to the log
// and the ledger.
import { Optional } from '@marcbachmann/cel-js';
import { telling } from './limits.ts';
import { type Fields, inWords, kindOf, Span } from './value.ts';

const secretName =
  /secret|passw|token|authori[sz]ation|(^|[-_.])auth([-_.]|$)|credential|signature|cookie|session|(api|private|access)[-_]?key/i;

/** True for the names of headers and fields whose values are not to be repeated. */
export function looksSecret(name: string): boolean {
  return secretName.test(name);
}

/** The same for a header, where `key` alone is enough: `x-key` is a secret, while `issue.key` names a Jira issue. */
export function looksSecretHeader(name: string): boolean {
  return looksSecret(name) || /key$|^x-auth/i.test(name);
}

/** A value as JSON writes it, cut at `limit` characters with `…`. The work is bounded by the limit, not by the value. */
export function show(value: unknown, limit: number = telling.value): string {
  return cut(write(value, limit), limit);
}

/** A value in passing: what is short is shown, a list or an object is named as such, and a secret only by its kind. */
export function mention(value: unknown, secret: boolean): string {
  const kind = kindOf(value);
  return secret || kind === 'list' || kind === 'map' ? inWords(kind) : show(value);
}

/** At most `limit` characters, the last one `…` if something was left out. */
export function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

/** At least the first `room` characters of the value's JSON; stops soon after. */
function write(value: unknown, room: number): string {
  if (room <= 0) return '…';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room + 1));
  if (value === undefined) return 'missing';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return writeList(value, room);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no time' : value.toISOString();
  if (value instanceof Span) return `${value.ms / 1000}s`;
  if (value instanceof Optional) return value.hasValue() ? write(value.value(), room) : 'none';
  return writeFields(value as Fields, room);
}

function writeList(list: readonly unknown[], room: number): string {
  let text = '[';
  for (let i = 0; i < list.length && text.length <= room; i++) {
    text += (i > 0 ? ', ' : '') + write(list[i], room - text.length);
  }
  return `${text}]`;
}

function writeFields(fields: Fields, room: number): string {
  let text = '{';
  for (const name in fields) {
    if (text.length > room) break;
    if (!Object.hasOwn(fields, name)) continue;
    const written = looksSecretHeader(name) ? '(not shown)' : write(fields[name], room - text.length);
    text += `${text.length > 1 ? ', ' : ''}${JSON.stringify(name.slice(0, room))}: ${written}`;
  }
  return `${text}}`;
}
