// Owns the shape of statuswire.yaml; rules have theirs in rule-schema.ts. Says what is allowed and what the defaults are;
// load.ts reads files, and the meaning of CEL texts is checked by the rulebook. Unknown keys are errors everywhere. Every sentence starts with
// `expected`, because a fault is told as `where is what, expected …`; descriptions become the editors' JSON Schema.
import { z } from 'zod';
import { RuleSchema } from './rule-schema.ts';
import { cel, DAY, duration, map, named, SECOND } from './scalar.ts';

const headerExpected = 'expected the name of an HTTP header, such as x-signature';
const headerName = z
  .string({ error: headerExpected })
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, { error: headerExpected })
  .transform((text) => text.toLowerCase());

const baseUrl = z
  .url({ error: 'expected an address such as https://api.spacebring.com' })
  .transform((text) => text.replace(/\/+$/, ''))
  .refine((text) => isSafeAddress(text), {
    error:
      'expected https, without user, query or fragment; plain http only to this machine (127.0.0.1, localhost or [::1]), because credentials travel along',
  });

function isSafeAddress(text: string): boolean {
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}

const secret = z
  .string({ error: `expected a text, best as "\${NAME}" from the environment` })
  .min(1, { error: 'expected a value, this is empty' });

/** `10/s` as calls per second. 10 a second on all endpoints is the vendor's documented limit. */
const rateExpected = 'expected calls per second such as 10/s, from 1/s to 100/s';
const rate = z
  .string({ error: rateExpected })
  .regex(/^\d{1,3}\/s$/, { error: rateExpected })
  .transform((text) => Number.parseInt(text, 10))
  .refine((value) => value >= 1 && value <= 100, { error: rateExpected });

const marginExpected = 'expected a share from 0% to 50%, such as 5%';
const margin = z
  .string({ error: marginExpected })
  .regex(/^\d{1,2}%$/, { error: marginExpected })
  .transform((text) => Number.parseInt(text, 10) / 100)
  .refine((share) => share <= 0.5, { error: marginExpected });

const AuthSchema = map({
  basic: map({
    clientId: secret.describe(`Client ID from Network settings > Developers, best as "\${SPACEBRING_CLIENT_ID}"`),
    clientSecret: secret.describe(`Client Secret that belongs to it, best as "\${SPACEBRING_CLIENT_SECRET}"`),
  })
    .optional()
    .describe('HTTP Basic: the client id and secret of your own network'),
  oauth: map({
    clientId: secret.describe('Client ID of the integration that Spacebring registered'),
    clientSecret: secret.describe('Client Secret that belongs to it'),
    refreshToken: secret.describe(
      'The refresh token to begin with; its successors are kept in Redis, encrypted under STATUSWIRE_SECRET. A new one here begins anew',
    ),
  })
    .optional()
    .describe('OAuth 2, for registered integrations; needs networkId, and STATUSWIRE_SECRET in the environment'),
})
  .meta({
    description: 'How Statuswire proves itself to Spacebring: basic or oauth',
    minProperties: 1,
    maxProperties: 1,
  })
  .transform(({ basic, oauth }, context) => {
    if (basic !== undefined && oauth === undefined) return { basic };
    if (oauth !== undefined && basic === undefined) return { oauth };
    // An unknown key is told already, and is likely one of the two, misspelt.
    if (context.issues.length === 0) context.addIssue({ code: 'custom', message: 'expected either basic or oauth' });
    return z.NEVER;
  });

export const AccountSchema = map({
  auth: AuthSchema,
  networkId: z
    .guid({ error: "expected the network's UUID" })
    .optional()
    .describe('The network to act in; needed with oauth, and with basic where the credentials reach more than one'),
  baseUrl: baseUrl.default('https://api.spacebring.com').describe('Address of the Spacebring API'),
  rate: rate.prefault('10/s').describe('Calls per second of this account, over all processes; the vendor allows 10/s'),
  margin: margin.prefault('5%').describe('Share of the rate that stays unused, for safety'),
  callTimeout: duration(SECOND, 60 * SECOND)
    .prefault('10s')
    .describe('How long one call may take'),
  settle: duration(SECOND, DAY)
    .prefault('60s')
    .describe('How long a call that broke off may still take effect at the vendor; the ticket rests that long'),
  deadline: duration(SECOND).prefault('72h').describe('How long a change is tried before it ends as expired'),
})
  .describe('One set of Spacebring credentials, with its own pace')
  // `when`: told even while other keys are wrong, so that one run tells every fault.
  .refine((account) => !isOAuthWithoutNetwork(account), {
    error: "expected the network's UUID: with oauth every call names the network it acts in",
    path: ['networkId'],
    when: () => true,
  });

/** With `when`, the refinement above also sees values that failed elsewhere. */
function isOAuthWithoutNetwork(account: unknown): boolean {
  if (typeof account !== 'object' || account === null) return false;
  const { auth, networkId } = account as { auth?: unknown; networkId?: unknown };
  return typeof auth === 'object' && auth !== null && 'oauth' in auth && networkId === undefined;
}

const stringExpected = (what: string) => ({ error: `expected ${what}` });

const HmacShape = map({
  header: headerName.describe('The header that carries the signature'),
  algorithm: z
    .enum(['sha256', 'sha512', 'sha1'], { error: 'expected sha256, sha512 or sha1' })
    .default('sha256')
    .describe('The hash under the HMAC'),
  encoding: z
    .enum(['hex', 'base64'], { error: 'expected hex or base64' })
    .default('hex')
    .describe('How the signature is written'),
  prefix: z
    .string(stringExpected('a text such as sha256='))
    .max(32, stringExpected('at most 32 characters'))
    .default('')
    .describe('What stands before the signature, such as sha256='),
  /** What was signed: `{body}` and, with `timestamp`, `{timestamp}`; anything else stands for itself. */
  signed: z
    .string(stringExpected('a template that contains {body}'))
    .max(200, stringExpected('a template of at most 200 characters'))
    .regex(/\{body\}/, { error: 'expected a template that contains {body}, for instance {timestamp}.{body}' })
    .default('{body}')
    .describe('What is signed: {body} and, with timestamp, {timestamp}; anything else stands for itself'),
  /** The header with the time of sending, in unix seconds; refused outside `tolerance`. */
  timestamp: headerName.optional().describe('The header with the time of sending, in unix seconds'),
  tolerance: duration(SECOND, DAY).prefault('5m').describe('How far the time of sending may lie from now'),
}).refine((hmac) => hmac.timestamp !== undefined || !hmac.signed.includes('{timestamp}'), {
  error: 'expected the header that carries {timestamp}, because `signed` names it',
  path: ['timestamp'],
});

/** How a source proves itself. Presets by word, shapes by object. */
export const VerifySchema = z
  .union(
    [
      z.enum(['github', 'svix', 'standard-webhooks', 'bearer', 'basic', 'none']),
      map({ hmac: HmacShape.describe('An HMAC over the raw body, in a header') }),
      map({
        header: map({ name: headerName.describe('The header that carries the secret') }).describe(
          'A header that carries the secret itself',
        ),
      }),
    ],
    {
      error:
        'expected github, svix, standard-webhooks, bearer, basic, none, {hmac: {header: …}} or {header: {name: …}}',
    },
  )
  .describe('How deliveries prove where they come from; `none` lets any stranger send');

export const SourceSchema = map({
  verify: VerifySchema,
  /** Newest first; any one of them proves a delivery. `basic` takes `user:password`. */
  secrets: z
    .array(secret, { error: `expected a list of secrets, such as ["\${GITHUB_WEBHOOK_SECRET}"]` })
    .max(10, { error: 'expected at most 10 secrets' })
    .default([])
    .describe('Newest first; any one of them proves a delivery. `basic` takes user:password'),
  id: cel.optional().describe('CEL: what names a delivery, so that a repeated one is known'),
  type: cel.optional().describe("CEL: the event's type, where the sender's own convention does not give it"),
  at: cel.optional().describe("CEL: the event's own time; it orders the changes of a ticket"),
  dedupe: duration(SECOND, 90 * DAY)
    .optional()
    .describe('How long a delivery is remembered; default 7d with a delivery id, 5m where only the body names it'),
  keep: z
    .union([z.literal(0).transform(() => 0), duration(SECOND, 90 * DAY)], {
      error: 'expected 0 or a duration such as 7d, from 1s to 90d',
    })
    .prefault('7d')
    .describe("How long bodies are kept for replay; they can hold members' personal data. 0 keeps none"),
})
  .describe('One sender of webhooks')
  // `when`: told even while other keys are wrong, so that one run tells every fault.
  .refine((source) => !isJudgeable(source) || source.verify === 'none' || source.secrets.length > 0, {
    error: 'expected at least one secret, or `verify: none` if any stranger may send',
    path: ['secrets'],
    when: () => true,
  })
  .refine((source) => !isJudgeable(source) || source.verify !== 'none' || source.secrets.length === 0, {
    error: 'expected no secrets beside `verify: none`, which checks nothing; remove them or name a way to verify',
    path: ['secrets'],
    when: () => true,
  });

/** With `when`, the refinements above also see values that failed elsewhere. */
function isJudgeable(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false;
  const { verify, secrets } = source as { verify?: unknown; secrets?: unknown };
  return verify !== undefined && Array.isArray(secrets);
}

export const ConfigSchema = map({
  accounts: named(AccountSchema, 'accounts')
    .refine((all) => Object.keys(all).length > 0, { error: 'expected at least one account' })
    .meta({ description: 'Spacebring credentials, by name; `main` is the default', minProperties: 1 }),
  sources: named(SourceSchema, 'sources').default({}).describe('Senders of webhooks; each has its own /hooks/<name>'),
  rules: z
    .array(RuleSchema, { error: 'expected a list of rules' })
    .max(1000, { error: 'expected at most 1000 rules' })
    .default([])
    .describe(
      'For events (`on`) or on the clock (`every`, `cron`); of two for one event and ticket the first is heard',
    ),
});

export type Config = z.output<typeof ConfigSchema>;
export type Account = z.output<typeof AccountSchema>;
export type Source = z.output<typeof SourceSchema>;
export type Verify = z.output<typeof VerifySchema>;
export type Hmac = z.output<typeof HmacShape>;
