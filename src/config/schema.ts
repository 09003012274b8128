// Owns the shape of statuswire.yaml; rules and sources have theirs in rule-schema.ts and source-schema.ts. Says what is
// allowed and what the defaults are; load.ts reads files, and the meaning of CEL texts is checked by the rulebook.
// Unknown keys are errors everywhere. Every sentence starts with `expected`, because a fault is told as `where is what,
// expected …`; descriptions become the editors' JSON Schema.
import { z } from 'zod';
import { RuleSchema } from './rule-schema.ts';
import { DAY, duration, map, named, SECOND, secret } from './scalar.ts';
import { SourceSchema } from './source-schema.ts';

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

export { type Hmac, type Secret, type Source, SourceSchema, type Verify } from './source-schema.ts';

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
