// Owns the command send: a saved event, signed and sent as its sender would. The demo sends its own in the same way.
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { z } from 'zod';
import type { Env } from '../config/env.ts';
import type { Source } from '../config/schema.ts';
import type { Preset } from '../source/catalogue.ts';
import { signAs, stampBody, toPreset } from '../source/schemes.ts';
import { isLive } from '../source/secrets.ts';
import { count, Refusal, say, sayJson } from './output.ts';
import { readSetup } from './setup.ts';

/** Longer than any answer of a receiver takes, also without Redis. */
const ANSWER_MS = 15_000;

export interface SendOptions {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
  readonly url?: string | undefined;
}

/** Sends the event in `file` as `source`. Throws a Refusal when it cannot be sent or is not accepted. */
export async function send(source: string, file: string, options: SendOptions): Promise<void> {
  const { env, loaded } = readSetup(options.config);
  const { sources } = loaded.config;
  const configured = Object.hasOwn(sources, source) ? sources[source] : undefined;
  if (configured === undefined) {
    throw new Refusal(`There is no source ${source}; ${loaded.file} has ${Object.keys(sources).join(', ')}.`);
  }
  const base = options.url ?? addressOf(env);
  const { status, answer } = await deliver(base, source, configured, readEventFile(file));
  const receipt = toReceipt(status, answer);
  if (options.json && typeof answer === 'object') sayJson(answer);
  if (receipt === undefined) throw new Refusal(notAccepted(base, status, answer));
  if (options.json) return;
  const { event, duplicate, changes } = receipt;
  say(`${status} ${event}${duplicate ? ' (seen before)' : ''}, ${count(changes, 'change')}`);
  say(`The story: npx statuswire explain ${event}`);
}

const Receipt = z.object({ event: z.string(), duplicate: z.boolean(), changes: z.number() });
/** What a receiver says with a 202. */
export type Receipt = z.output<typeof Receipt>;

/** Undefined unless a receiver of ours has accepted the event. */
export function toReceipt(status: number, answer: unknown): Receipt | undefined {
  return status === 202 ? Receipt.safeParse(answer).data : undefined;
}

/** The sentence for an event that was not accepted, with the next step where one is known. */
export function notAccepted(base: string, status: number, answer: unknown): string {
  const isOurs = typeof answer === 'object' && answer !== null && 'requestId' in answer;
  if (!isOurs) return `${base} answered ${status}, but not as Statuswire does: something else listens there.`;
  const said = `${base} answered ${status}: ${JSON.stringify(answer)}`;
  switch (status) {
    case 401:
      return `${said}\nThe receiver knows other secrets: run this in its folder, with its .env and configuration.`;
    case 404:
      return `${said}\nThe receiver has another configuration: run this in its folder.`;
    default:
      return said;
  }
}

export interface Delivered {
  readonly status: number;
  /** Parsed, or the text itself where it is not JSON. */
  readonly answer: unknown;
}

/** Signs `event` with the newest secret of the source and sends it to the receiver at `base`. */
export async function deliver(base: string, name: string, source: Source, event: EventFile): Promise<Delivered> {
  const sending = { id: event.id ?? crypto.randomUUID(), nowMs: Date.now() };
  const preset = toPreset(source.verify);
  const body = Buffer.from(JSON.stringify(stampBody(preset, event.body, sending.nowMs)));
  const proof = proofOf(preset, source, body, sending);
  const request = new Request(`${base}/hooks/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ownHeaders(event.headers), ...proof },
    body,
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  try {
    const response = await fetch(request);
    return { status: response.status, answer: parsed(await response.text()) };
  } catch (error) {
    throw new Refusal(
      `No answer from ${base} (${reasonOf(error)}). Start the receiver (npm start), or say where it is: --url`,
    );
  }
}

/** Throws a Refusal where the configured secrets can only check, not sign. */
function proofOf(preset: Preset, { secrets }: Source, body: Buffer, sending: { id: string; nowMs: number }) {
  const newest = secrets.find((secret) => isLive(secret, sending.nowMs)) ?? secrets[0];
  try {
    return signAs(preset, newest?.value ?? '', body, sending);
  } catch (error) {
    throw new Refusal(`It ${reasonOf(error)}.`);
  }
}

/** What a connection says of itself; a saved event may still have it, of another connection. */
const hopHeaders = /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect)$/;

/** In lower case, as ours are: two spellings of one name would be sent as two lines. */
function ownHeaders(headers: EventFile['headers']): Record<string, string> {
  const lower = Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value] as const);
  return Object.fromEntries(lower.filter(([header]) => !hopHeaders.test(header)));
}

const EventFile = z.object(
  {
    id: z.string({ error: 'expected a text' }).optional(),
    headers: z
      .record(z.string().regex(/^[\w-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/), {
        error: 'expected header names with texts',
      })
      .default({}),
    body: z.unknown().refine((body) => body !== undefined, { error: 'expected what is to be sent' }),
  },
  { error: 'expected an object' },
);
export type EventFile = z.output<typeof EventFile>;

/** A saved event. Throws a Refusal that says what is wrong with it. */
export function readEventFile(file: string): EventFile {
  const read = EventFile.safeParse(contentOf(file));
  if (read.success) return read.data;
  const why = read.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`).join('; ');
  throw new Refusal(`${file} is not an event, which is JSON with {id?, headers?, body}: ${why}`);
}

function contentOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refusal(`${file} is not JSON: ${error.message}`);
    throw new Refusal(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** Where a receiver with this environment can be reached from this machine. */
export function addressOf({ HOST, PORT }: Pick<Env, 'HOST' | 'PORT'>): string {
  if (PORT === 0)
    throw new Refusal('PORT is 0, so the receiver chose its own: give --url with the one that its log tells.');
  const host = HOST === '0.0.0.0' ? '127.0.0.1' : HOST === '::' ? '::1' : HOST;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${PORT}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 200);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message || error.name;
}
