// Owns the environment: which keys Statuswire reads, their defaults, and `.env`. The only place that touches
// process.env. Tells all mistakes at once and never the value of a secret; what statuswire.yaml wants is load.ts's.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { z } from 'zod';
import { parseRedisUrl } from '../redis/url.ts';
import { withoutUser } from './fault.ts';
import type { Environment } from './substitute.ts';
import { TrustProxySchema } from './trust-proxy.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const hostExpected = 'expected an address or host name to listen on, such as 127.0.0.1 or ::';
const portExpected = 'expected a port from 0 to 65535; 0 picks a free one';

const EnvSchema = z.object({
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9._:%-]{1,255}$/, { error: hostExpected })
    .default('127.0.0.1'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, { error: portExpected })
    .transform(Number)
    .refine((port) => port <= 65535, { error: portExpected })
    .default(8080),
  REDIS_URL: z.string().check(redisAddress).optional(),
  REDIS_SERVER_BIN: z.string().optional(),
  STATUSWIRE_API_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,512}$/, {
      error: 'expected at least 16 letters, digits or signs without spaces, for instance from `openssl rand -hex 32`',
    })
    .optional(),
  STATUSWIRE_CONFIG: z.string().optional(),
  STATUSWIRE_HOME: z.string().default('.statuswire'),
  STATUSWIRE_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'expected letters, digits, . _ or -, at most 64' })
    .default('statuswire'),
  STATUSWIRE_SECRET: z
    .string()
    .regex(/^[0-9A-Fa-f]{64}$/, { error: 'expected 32 bytes as 64 hex digits; `openssl rand -hex 32` makes them' })
    .optional(),
  TRUST_PROXY: TrustProxySchema.optional(),
  LOG_LEVEL: z.enum(levels, { error: `expected one of ${levels.join(', ')}` }).default('info'),
});

export type Env = Readonly<z.output<typeof EnvSchema>>;
export type EnvKey = keyof Env;

/** Every key that Statuswire reads itself; statuswire.yaml may name more. */
export const envKeys: readonly EnvKey[] = EnvSchema.keyof().options;

const secretKeys: ReadonlySet<string> = new Set<EnvKey>(['REDIS_URL', 'STATUSWIRE_API_TOKEN', 'STATUSWIRE_SECRET']);

/** One mistake in the environment. */
export interface EnvFault {
  readonly key: EnvKey;
  readonly what: string;
  readonly expected: string;
}

export type EnvResult =
  | { readonly ok: true; readonly env: Env }
  | { readonly ok: false; readonly faults: readonly EnvFault[] };

/** The settings in `source`, frozen, with defaults; an empty text means unset. */
export function readEnv(source: NodeJS.ProcessEnv): EnvResult {
  const set = Object.fromEntries(envKeys.map((key) => [key, source[key] === '' ? undefined : source[key]]));
  const parsed = EnvSchema.safeParse(set);
  if (parsed.success) return { ok: true, env: Object.freeze(parsed.data) };
  return { ok: false, faults: parsed.error.issues.map((issue) => toFault(issue, set)) };
}

/** `KEY is what, expected what`: one line. */
export function formatEnvFault(fault: EnvFault): string {
  return `${fault.key} ${fault.what}, ${fault.expected}`;
}

/**
 * The environment of this process over the `.env` of the folder `cwd`, if there is one: what is set in the process
 * wins, also when it is set to nothing. Changes neither. Throws an Error with the next step if `.env` cannot be read.
 */
export function loadEnv({ cwd, own = process.env }: { cwd: string; own?: NodeJS.ProcessEnv }): NodeJS.ProcessEnv {
  // dotenv's `parse` reads the format and nothing else: no messages, no vault files, no change of process.env.
  return { ...parse(readDotenv(join(cwd, '.env'))), ...own };
}

function readDotenv(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw new Error(`${file} cannot be read; make it a readable file, or remove it`, { cause: error });
  }
}

function toFault(issue: z.core.$ZodIssue, set: Environment): EnvFault {
  const key = issue.path[0] as EnvKey;
  const value = JSON.stringify(withoutUser(set[key] ?? '')).slice(0, 64);
  return {
    key,
    what: secretKeys.has(key) ? 'is set to something else (not shown)' : `is ${value}`,
    expected: issue.message,
  };
}

/** Redis' own reader judges; its messages repeat nothing of the address. */
function redisAddress({ value, issues }: z.core.ParsePayload<string>): void {
  try {
    parseRedisUrl(value);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const expected = /expected .*/s.exec(message)?.[0] ?? 'expected an address such as redis://127.0.0.1:6379';
    issues.push({ code: 'custom', message: expected, input: value });
  }
}
