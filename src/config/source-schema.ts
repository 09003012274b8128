// Owns the shape of one source in statuswire.yaml: how it proves itself, with which secrets, from where, and how its
// deliveries become events. What the words for senders mean is the catalogue's (source/catalogue.ts).
import { z } from 'zod';
import { toMoment } from '../moment.ts';
import { isNetwork } from '../network.ts';
import { cel, DAY, duration, map, SECOND, secret } from './scalar.ts';

const headerExpected = 'expected the name of an HTTP header, such as x-signature';
const headerName = z
  .string({ error: headerExpected })
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, { error: headerExpected })
  .transform((text) => text.toLowerCase());

const text = (what: string, longest: number) =>
  z.string({ error: `expected ${what}` }).max(longest, { error: `expected at most ${longest} characters` });

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
  prefix: text('a text such as sha256=', 32).default('').describe('What stands before the signature, such as sha256='),
  separator: text('a text such as a comma', 4)
    .min(1, { error: 'expected a text such as a comma, this is empty' })
    .optional()
    .describe('Where the header is a list: what stands between its elements. One signature that fits is enough'),
  /** What was signed: `{body}` and, with a time, `{timestamp}`; anything else stands for itself. */
  signed: z
    .string({ error: 'expected a template that contains {body}' })
    .max(200, { error: 'expected a template of at most 200 characters' })
    .regex(/\{body\}/, { error: 'expected a template that contains {body}, for instance {timestamp}.{body}' })
    .default('{body}')
    .describe('What is signed: {body} and, with a time, {timestamp}; anything else stands for itself'),
  /** The time of sending; refused outside `tolerance`. */
  timestamp: headerName.optional().describe('The header with the time of sending, in unix seconds or milliseconds'),
  timestampPrefix: text('a text such as t=', 32)
    .min(1, { error: 'expected a text such as t=, this is empty' })
    .optional()
    .describe('What stands before the time of sending, where that is an element of the list, such as t='),
  tolerance: duration(SECOND, DAY).prefault('5m').describe('How far the time of sending may lie from now'),
}).refine(
  ({ timestamp, timestampPrefix, signed }) =>
    timestamp !== undefined || timestampPrefix !== undefined || !signed.includes('{timestamp}'),
  { error: 'expected the header that carries {timestamp}, because `signed` names it', path: ['timestamp'] },
);

const senders = [
  'github',
  'gitlab',
  'svix',
  'standard-webhooks',
  'stripe',
  'slack',
  'linear',
  'pagerduty',
  'shopify',
  'jira',
  'grafana',
  'alertmanager',
  'uptime-kuma',
  'maintainx',
  'aftership',
  'clickup',
  'kisi',
] as const;

/** A sender whose header the operator chooses. */
const named = (what: string) => map({ header: headerName.describe(what) });

/** How a source proves itself. Presets by word, shapes by object. */
export const VerifySchema = z
  .union(
    [
      z.enum([...senders, 'bearer', 'basic', 'none']),
      map({ hmac: HmacShape.describe('An HMAC over the raw body, in a header') }),
      map({
        header: map({ name: headerName.describe('The header that carries the secret') }).describe(
          'A header that carries the secret itself',
        ),
      }),
      map({
        grafana: map({
          header: headerName.default('x-grafana-alerting-signature').describe('The signature header set in Grafana'),
          timestamp: headerName.optional().describe('The timestamp header set in Grafana; then it must be there'),
        }).describe('Grafana with header names of your own'),
      }),
      map({ 'uptime-kuma': named('The additional header that carries the secret').describe('Uptime Kuma') }),
      map({ aftership: named('The signature header of the product').describe('Another product of AfterShip') }),
    ],
    {
      error: `expected ${senders.join(', ')}, bearer, basic, none, {hmac: {header: …}} or {header: {name: …}}`,
    },
  )
  .describe('How deliveries prove where they come from; `none` lets any stranger send');

const untilExpected = 'expected a date such as 2026-12-31, which is its last day in UTC, or a moment with its zone';

const until = z
  .string({ error: untilExpected })
  .transform(endOf)
  .refine((moment) => moment !== undefined, { error: untilExpected });

/** A secret as the code sees it; `until` is the first moment at which it proves nothing, in ms since the epoch. */
export interface Secret {
  readonly value: string;
  readonly until?: number | undefined;
}

const SecretSchema = z.union(
  [
    secret.transform((value): Secret => ({ value })),
    map({
      value: secret.describe(`The secret, best as "\${NAME}" from the environment`),
      until: until.optional().describe('Its last day (UTC), or the moment from which it proves nothing'),
    }).transform((one): Secret => one),
  ],
  {
    error: ({ input }) =>
      input === ''
        ? 'expected a value, this is empty'
        : `expected a text, best as "\${NAME}" from the environment, or {value: …, until: 2026-12-31}`,
  },
);

const networkExpected = 'expected a network such as 192.0.2.0/24 or 2001:db8::/32, or one address';
const network = z.string({ error: networkExpected }).refine(isNetwork, { error: networkExpected });

const perSecondExpected = 'expected deliveries a second such as 50/s, from 1/s to 100000/s';
const concurrentExpected = 'expected a whole number from 1 to 1000';

const LimitSchema = map({
  rate: z
    .string({ error: perSecondExpected })
    .regex(/^[1-9]\d{0,4}\/s$|^100000\/s$/, { error: perSecondExpected })
    .transform((text) => Number.parseInt(text, 10))
    .optional()
    .describe('Deliveries in a second, for each receiver process'),
  concurrent: z
    .int({ error: concurrentExpected })
    .min(1, { error: concurrentExpected })
    .max(1000, { error: concurrentExpected })
    .optional()
    .describe('Deliveries that are read or stored at the same time, for each receiver process'),
}).transform(({ rate, concurrent }) => ({
  ...(rate === undefined ? {} : { perSecond: rate }),
  ...(concurrent === undefined ? {} : { concurrent }),
}));

export const SourceSchema = map({
  verify: VerifySchema,
  /** Newest first; any one of them proves a delivery. `basic` takes `user:password`. */
  secrets: z
    .array(SecretSchema, { error: `expected a list of secrets, such as ["\${GITHUB_WEBHOOK_SECRET}"]` })
    .max(10, { error: 'expected at most 10 secrets' })
    .default([])
    .describe('Newest first; any one of them proves a delivery. `basic` takes user:password'),
  networks: z
    .array(network, { error: 'expected a list of networks, such as [192.0.2.0/24]' })
    .min(1, { error: 'expected at least one network; without `networks` any address may send' })
    .max(256, { error: 'expected at most 256 networks' })
    .optional()
    .describe('From where it may be sent, beside the proof; behind a proxy set TRUST_PROXY'),
  limit: LimitSchema.optional().describe(
    'How much of it is taken at once; the rest is answered 429. Default: half of what the receiver takes of all sources',
  ),
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

/** The end of a day written as a date, or the moment written out; undefined where it is neither, or no day of any year. */
function endOf(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return /^\d+$/.test(text) ? undefined : toMoment(text);
  const day = toMoment(`${text}T00:00Z`);
  return day !== undefined && new Date(day).toISOString().startsWith(text) ? day + DAY : undefined;
}

export type Source = z.output<typeof SourceSchema>;
export type Verify = z.output<typeof VerifySchema>;
export type Hmac = z.output<typeof HmacShape>;
