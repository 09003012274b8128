// Owns the shape of statuswire.yaml. Says what is allowed and what the defaults are; load.ts reads files, and the
// meaning of CEL texts is checked by the rulebook. Unknown keys are errors everywhere.
import ms, { type StringValue } from 'ms';
import { z } from 'zod';
import { Status } from '../ticket/ticket.ts';

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;

/** A duration such as `10s`, `2h` or `4d`, at least `min` milliseconds; parsed to milliseconds. */
function duration(min: number, max = 365 * DAY) {
  const expected = `expected a duration such as 10s, 2h or 4d, from ${ms(min)} to ${ms(max)}`;
  return z
    .string({ error: expected })
    .regex(/^\d+(\.\d+)?\s?(ms|s|m|h|d|w)$/, { error: expected })
    .transform((text) => ms(text as StringValue))
    .refine((value) => value >= min && value <= max, { error: expected });
}

/** A CEL text; compiled and type-checked by the rulebook, which knows the variables. */
const cel = z
  .string({ error: 'expected a CEL expression as text' })
  .min(1, { error: 'expected a CEL expression, this is empty' })
  .max(4096, { error: 'expected a CEL expression of at most 4096 characters' });

const name = z.string({ error: 'expected a name' }).regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, {
  error: 'expected a name: a letter, then letters, digits, - or _, at most 63',
});

const headerName = z
  .string({ error: 'expected a header name' })
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, { error: 'expected a header name' })
  .transform((text) => text.toLowerCase());

const baseUrl = z
  .url({ error: 'expected an address such as https://api.spacebring.com' })
  .transform((text) => text.replace(/\/+$/, ''))
  .refine((text) => isSafeAddress(text), {
    error:
      'expected https; plain http only to this machine (127.0.0.1, localhost or [::1]), because credentials travel along',
  });

function isSafeAddress(text: string): boolean {
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}

const secret = z.string({ error: 'expected a text' }).min(1, { error: 'expected a value, this is empty' });

/** `10/s` as calls per second. 10 a second on all endpoints is the vendor's documented limit. */
const rate = z
  .string({ error: 'expected a rate such as 10/s' })
  .regex(/^\d{1,3}\/s$/, { error: 'expected a rate such as 10/s' })
  .transform((text) => Number.parseInt(text, 10))
  .refine((value) => value >= 1 && value <= 100, { error: 'expected a rate from 1/s to 100/s' });

export const AccountSchema = z
  .strictObject({
    auth: z.strictObject({ basic: z.strictObject({ clientId: secret, clientSecret: secret }) }),
    networkId: z.uuid({ error: "expected the network's UUID" }).optional(),
    baseUrl: baseUrl.default('https://api.spacebring.com'),
    rate: rate.prefault('10/s'),
    margin: z
      .string({ error: 'expected a share such as 5%' })
      .regex(/^\d{1,2}%$/, { error: 'expected a share such as 5%' })
      .transform((text) => Number.parseInt(text, 10) / 100)
      .refine((share) => share <= 0.5, { error: 'expected a share from 0% to 50%' })
      .prefault('5%'),
    callTimeout: duration(SECOND, 60 * SECOND).prefault('10s'),
    settle: duration(SECOND, DAY).prefault('60s'),
    deadline: duration(SECOND).prefault('72h'),
  })
  .meta({ description: 'One set of Spacebring credentials, with its own pace' });

const HmacShape = z.strictObject({
  header: headerName,
  algorithm: z.enum(['sha256', 'sha512', 'sha1'], { error: 'expected sha256, sha512 or sha1' }).default('sha256'),
  encoding: z.enum(['hex', 'base64'], { error: 'expected hex or base64' }).default('hex'),
  prefix: z.string().max(32).default(''),
  /** What was signed: `{body}` and, with `timestamp`, `{timestamp}`; anything else stands for itself. */
  signed: z
    .string()
    .max(200)
    .regex(/\{body\}/, { error: 'expected a template that contains {body}, for instance {timestamp}.{body}' })
    .default('{body}'),
  /** The header with the time of sending, in unix seconds; refused outside `tolerance`. */
  timestamp: headerName.optional(),
  tolerance: duration(SECOND, DAY).prefault('5m'),
});

/** How a source proves itself. Presets by word, shapes by object. */
export const VerifySchema = z.union(
  [
    z.enum(['github', 'svix', 'standard-webhooks', 'bearer', 'basic', 'none']),
    z.strictObject({ hmac: HmacShape }),
    z.strictObject({ header: z.strictObject({ name: headerName }) }),
  ],
  {
    error: 'expected github, svix, standard-webhooks, bearer, basic, none, {hmac: {header: …}} or {header: {name: …}}',
  },
);

export const SourceSchema = z
  .strictObject({
    verify: VerifySchema,
    /** Newest first; any one of them proves a delivery. `basic` takes `user:password`. */
    secrets: z.array(secret).max(10).default([]),
    id: cel.optional(),
    type: cel.optional(),
    at: cel.optional(),
    dedupe: duration(SECOND, 90 * DAY).optional(),
    keep: z
      .union([z.literal(0).transform(() => 0), duration(SECOND, 90 * DAY)], {
        error: 'expected 0 or a duration such as 7d',
      })
      .prefault('7d'),
  })
  .refine((source) => source.verify === 'none' || source.secrets.length > 0, {
    error: 'expected at least one secret, or `verify: none` if any stranger may send',
    path: ['secrets'],
  })
  .refine((source) => source.verify !== 'none' || source.secrets.length === 0, {
    error: '`verify: none` checks nothing, so secrets mislead; remove them or name a way to verify',
    path: ['secrets'],
  });

export const RuleSchema = z.strictObject({
  name,
  on: z.union([name.transform((one) => [one]), z.array(name).min(1)], {
    error: 'expected the name of a source, or a list of them',
  }),
  when: cel.optional(),
  each: cel.optional(),
  ticket: cel,
  set: z.union([Status, z.strictObject({ cel })], {
    error: "expected new, inProgress, solved, closed, or {cel: '…'}",
  }),
  account: name.optional(),
  dryRun: z.boolean({ error: 'expected true or false' }).default(false),
  stop: z.boolean({ error: 'expected true or false' }).default(false),
});

export const ConfigSchema = z.strictObject({
  accounts: z.record(name, AccountSchema).refine((all) => Object.keys(all).length > 0, {
    error: 'expected at least one account',
  }),
  sources: z.record(name, SourceSchema).default({}),
  rules: z.array(RuleSchema).max(1000).default([]),
});

export type Config = z.output<typeof ConfigSchema>;
export type Account = z.output<typeof AccountSchema>;
export type Source = z.output<typeof SourceSchema>;
export type Verify = z.output<typeof VerifySchema>;
export type Hmac = z.output<typeof HmacShape>;
export type Rule = z.output<typeof RuleSchema>;
