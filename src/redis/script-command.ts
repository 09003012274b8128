// Owns how a run of a script is written to Redis: its arguments straight into one buffer. The client would make one text of
// them all, which V8 has to measure and to flatten, at two bytes a character as soon as one of them needs that: a tenth of
// what a delivery cost (profiled). Leaves everything else about a command to the client.
import { Command } from 'ioredis';

export type Argument = string | number | Buffer;

/**
 * `name` with the script's text or digest, its keys and its arguments. The client itself is told the keys only: a cluster
 * goes by them, and in an error of its own it shows what it was told.
 */
export function scriptCommand(
  name: 'eval' | 'evalsha',
  script: string,
  keys: readonly string[],
  args: readonly Argument[],
): Command {
  const head = [script, keys.length, ...keys];
  const command = new Command(name, head, { replyEncoding: 'utf8' });
  command.toWritable = () => encode([name, ...head], args);
  return command;
}

/** Short texts are nearly all there are; up to here a loop is quicker than a call into Node. */
const SHORT = 64;
const CR = 13;
const LF = 10;
/** `$`, a length of at most ten digits, and two line ends. */
const FRAME = 16;

/** An array of bulk strings, as RESP has it (https://redis.io/docs/latest/develop/reference/protocol-spec/). */
export function encode(head: readonly Argument[], rest: readonly Argument[]): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME + mostBytes(head) + mostBytes(rest));
  let at = line(bytes, '*', head.length + rest.length, 0);
  for (const arg of head) at = bulk(bytes, arg, at);
  for (const arg of rest) at = bulk(bytes, arg, at);
  return bytes.subarray(0, at);
}

/** A character of a text takes three bytes at the most. */
function mostBytes(args: readonly Argument[]): number {
  let most = 0;
  for (const arg of args) most += FRAME + (typeof arg === 'string' ? 3 * arg.length : byteCount(arg));
  return most;
}

function byteCount(arg: number | Buffer): number {
  return typeof arg === 'number' ? 3 * String(arg).length : arg.length;
}

/** Writes from `at` on, and gives where it ended; so do those below. */
function bulk(bytes: Buffer, arg: Argument, at: number): number {
  if (typeof arg === 'object') {
    const from = line(bytes, '$', arg.length, at);
    bytes.set(arg, from);
    return end(bytes, from + arg.length);
  }
  const text = String(arg);
  const length = text.length <= SHORT ? text.length : Buffer.byteLength(text);
  const from = line(bytes, '$', length, at);
  if (text.length > SHORT) return end(bytes, from + bytes.write(text, from));
  return ascii(bytes, text, from) ? end(bytes, from + length) : bulk(bytes, Buffer.from(text), at);
}

function line(bytes: Buffer, mark: '*' | '$', count: number, at: number): number {
  const text = mark + count;
  ascii(bytes, text, at);
  return end(bytes, at + text.length);
}

/** False where the text has other characters than these. */
function ascii(bytes: Buffer, text: string, at: number): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return false;
    bytes[at + i] = code;
  }
  return true;
}

function end(bytes: Buffer, at: number): number {
  bytes[at] = CR;
  bytes[at + 1] = LF;
  return at + 2;
}
