// Owns the senders: for each word after `verify:`, how such a sender proves itself and where it writes the id, the type
// and the time of what it delivers. Data only: a new sender is a row here, unless it needs a new shape (signature.ts).
import type { Verify } from '../config/schema.ts';
import type { Credential } from './credential.ts';
import type { Hmac } from './hmac.ts';
import type { Fingerprint, Path, Place } from './place.ts';
import type { Scheme } from './signature.ts';
import type { Standard } from './standard.ts';

export interface Preset {
  readonly scheme: Scheme;
  /** What may name a delivery, when the signature does not cover an id; the first that is there counts. */
  readonly id: readonly (Place | Fingerprint)[];
  /** Ways to write the type: its parts, joined by full stops. The first way whose first part is there counts. */
  readonly type: readonly (readonly [Place, ...Place[]])[];
  /** Where the event's own time may stand; the first that is a time counts. None: arrival orders the events. */
  readonly at?: readonly Place[];
  /** The top-level key of the body that holds the time of sending: inside what is signed, so looked at after the proof. */
  readonly sentAt?: { readonly key: string; readonly toleranceMs: number };
  /** With these headers the sender is told, where a delivery is proven and can never be an event, not to send it again. */
  readonly giveUp?: Readonly<Record<string, string>>;
  /** What the sender wants to hear back, word for word, before it sends events. */
  readonly handshake?: { readonly when: Path; readonly is: string; readonly echo: Path };
}

const MINUTE_MS = 60 * 1000;
const TOLERANCE_MS = 5 * MINUTE_MS;

/**
 * The id headers of senders we know nothing about. Only names whose meaning is "the same for every retry of one
 * delivery, another for every other". Not `x-request-id` and the like: proxies set them, some per hop (a retry would
 * count twice) and some per connection (a new event would be taken for an old one and lost).
 */
export const anyId: Preset['id'] = [{ header: 'idempotency-key' }, { header: 'webhook-id' }];
export const bodyType: Preset['type'] = [[{ body: ['type'] }]];

const hmac = (header: string, more: Partial<Hmac> = {}): Hmac => ({
  kind: 'hmac',
  header,
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: '',
  signed: '{body}',
  ...more,
});

const authorization = (form: Credential['form']): Credential => ({
  kind: 'credential',
  header: 'authorization',
  form,
});

const standard = (...prefixes: [string, ...string[]]): Standard => ({
  kind: 'standard',
  prefixes,
  toleranceMs: TOLERANCE_MS,
});

/** Several headers of which a sender shows one. */
const either = (first: Hmac, ...others: Hmac[]): Scheme => ({
  kind: 'choice',
  ways: [{ scheme: first }, ...others.map((scheme) => ({ scheme }))],
});

/** `t=…,v1=…` in one header. */
const stamped = { prefix: 'v1=', separator: ',', signed: '{timestamp}.{body}' } as const;

/**
 * Neither Alertmanager nor Grafana, which writes the same bodies, gives a delivery id. A notice is what it says of every
 * alert. Fired again, an alert has another `startsAt`, and resolved it has an `endsAt`. Not `once`: an alert that ran out
 * while Prometheus was away fires again with the `startsAt` it had, in the words of the first notice.
 */
const notice: Fingerprint = {
  of: [
    { body: ['groupKey'] },
    { body: ['status'] },
    { each: ['alerts'], fields: [['fingerprint'], ['status'], ['startsAt'], ['endsAt']] },
  ],
  said: 'again',
};

/**
 * docs.svix.com, "Delivery control": ends the retries of this message, and touches no other. `disable`, which shuts the whole
 * endpoint, is never right: what is wrong with one message says nothing of the next.
 */
const abortMessage = { 'webhook-delivery': 'abort-message' } as const;

export const presets: Record<Extract<Verify, string>, Preset> = {
  // docs.github.com, "Validating webhook deliveries". A redelivery by hand keeps its X-GitHub-Delivery.
  github: {
    scheme: hmac('x-hub-signature-256', { prefix: 'sha256=' }),
    id: [{ header: 'x-github-delivery' }],
    type: [[{ header: 'x-github-event' }, { body: ['action'] }]],
  },
  // docs.gitlab.com, "Webhooks"; the signing token is merge request 230944. A secret that begins with whsec_ is a signing
  // token and never taken in clear. Idempotency-Key since 17.4; the older event UUID is shared by recursive webhooks.
  gitlab: {
    scheme: {
      kind: 'choice',
      ways: [
        { scheme: standard('webhook-'), secrets: /^whsec_/ },
        { scheme: { kind: 'credential', header: 'x-gitlab-token', form: 'plain' }, secrets: /^(?!whsec_)/ },
      ],
    },
    id: [{ header: 'idempotency-key' }, { of: [{ header: 'x-gitlab-event-uuid' }, 'bytes'], said: 'once' }],
    type: [
      // Releases and milestones have their action at the top.
      [{ body: ['object_kind'] }, { body: ['object_attributes', 'action'] }, { body: ['action'] }],
      [{ body: ['event_name'] }],
      [{ header: 'x-gitlab-event' }],
    ],
  },
  // docs.svix.com: `svix-`, or `webhook-` where a sender has it white-labelled. The id is covered by the signature.
  svix: {
    scheme: standard('svix-', 'webhook-'),
    id: [],
    type: bodyType,
    at: [{ body: ['timestamp'] }],
    giveUp: abortMessage,
  },
  'standard-webhooks': {
    scheme: standard('webhook-', 'svix-'),
    id: [],
    type: bodyType,
    at: [{ body: ['timestamp'] }],
    giveUp: abortMessage,
  },
  // docs.stripe.com/webhooks. The whole whsec_ text is the key, not what it decodes to.
  stripe: {
    scheme: hmac('stripe-signature', { ...stamped, timestamp: { element: 't=', toleranceMs: TOLERANCE_MS } }),
    id: [{ body: ['id'] }],
    type: bodyType,
    at: [{ body: ['created'] }],
  },
  // docs.slack.dev, "Verifying requests from Slack" and "url_verification".
  slack: {
    scheme: hmac('x-slack-signature', {
      prefix: 'v0=',
      signed: 'v0:{timestamp}:{body}',
      timestamp: { header: 'x-slack-request-timestamp', toleranceMs: TOLERANCE_MS },
    }),
    id: [{ body: ['event_id'] }],
    type: [[{ body: ['event', 'type'] }], [{ body: ['type'] }]],
    at: [{ body: ['event_time'] }],
    handshake: { when: ['type'], is: 'url_verification', echo: ['challenge'] },
  },
  // linear.app/developers/webhooks: webhookTimestamp is when it was sent, and a minute the advice for how old it may be.
  linear: {
    scheme: hmac('linear-signature'),
    id: [{ header: 'linear-delivery' }],
    type: [[{ body: ['type'] }, { body: ['action'] }]],
    at: [{ body: ['createdAt'] }],
    sentAt: { key: 'webhookTimestamp', toleranceMs: MINUTE_MS },
  },
  // developer.pagerduty.com, "Verifying signatures" (v3): a list, one signature for each secret while they rotate.
  pagerduty: {
    scheme: hmac('x-pagerduty-signature', { prefix: 'v1=', separator: ',' }),
    id: [{ body: ['event', 'id'] }],
    type: [[{ body: ['event', 'event_type'] }]],
    at: [{ body: ['event', 'occurred_at'] }],
  },
  // shopify.dev, "Verify webhook deliveries", and "Events" for the names without `x-`. Retries keep the webhook id; one act
  // of a merchant has one event id for all its deliveries, of several topics too.
  shopify: {
    scheme: either(
      hmac('x-shopify-hmac-sha256', { encoding: 'base64' }),
      hmac('shopify-hmac-sha256', { encoding: 'base64' }),
    ),
    id: [
      { header: 'x-shopify-webhook-id' },
      { header: 'shopify-webhook-id' },
      { header: 'x-shopify-event-id' },
      { header: 'shopify-event-id' },
    ],
    type: [[{ header: 'x-shopify-topic' }], [{ header: 'shopify-topic' }, { header: 'shopify-action' }]],
    at: [{ header: 'x-shopify-triggered-at' }, { header: 'shopify-triggered-at' }],
  },
  // Jira Cloud, webhooks of the administration. Those of apps carry a JWT and are not these.
  jira: {
    scheme: hmac('x-hub-signature', { prefix: 'sha256=' }),
    id: [{ header: 'x-atlassian-webhook-identifier' }],
    type: [[{ body: ['webhookEvent'] }]],
    at: [{ body: ['timestamp'] }],
  },
  grafana: {
    scheme: grafanaScheme({ header: 'x-grafana-alerting-signature' }),
    id: [notice],
    type: [[{ body: ['status'] }]],
  },
  // prometheus.io, `webhook_config` and `http_config`.
  alertmanager: { scheme: authorization('bearer or basic'), id: [notice], type: [[{ body: ['status'] }]] },
  // louislam/uptime-kuma, webhook.js. A heartbeat's time is in UTC and does not say so.
  'uptime-kuma': {
    scheme: authorization('bearer or basic'),
    id: [{ of: [{ body: ['heartbeat', 'time'] }, { body: ['monitor', 'id'] }], said: 'once' }],
    type: [[{ body: ['heartbeat', 'status'], words: { 0: 'down', 1: 'up', 2: 'pending', 3: 'maintenance' } }]],
    at: [{ body: ['heartbeat', 'time'], utc: true }],
  },
  // help.getmaintainx.com. Whether `t` is in seconds or milliseconds is not documented: its size tells.
  maintainx: {
    scheme: hmac('x-maintainx-webhook-body-signature', {
      ...stamped,
      timestamp: { element: 't=', toleranceMs: TOLERANCE_MS },
    }),
    id: [],
    type: bodyType,
    at: [{ body: ['occurredAt'] }],
  },
  // aftership.com/docs: Tracking; Returns and Warranty; Shipping, and Returns before October 2022. Each has its own words.
  aftership: {
    scheme: either(
      aftershipScheme('aftership-hmac-sha256'),
      aftershipScheme('as-signature-hmac-sha256'),
      aftershipScheme('am-webhook-signature'),
    ),
    id: [{ body: ['event_id'] }, { body: ['id'] }],
    type: [[{ body: ['event'] }], [{ body: ['event_type'] }]],
    at: [{ body: ['ts'] }, { body: ['created_at'] }, { body: ['date_time'] }],
  },
  // developer.clickup.com/docs/webhooksignature.
  clickup: {
    scheme: hmac('x-signature'),
    id: [{ of: [{ each: ['history_items'], fields: [['id']] }, { body: ['event'] }], said: 'once' }],
    type: [[{ body: ['event'] }]],
    at: [{ body: ['history_items', '0', 'date'] }],
  },
  // docs.kisi.io, "Event webhooks".
  kisi: {
    scheme: hmac('x-signature'),
    id: [{ body: ['uuid'] }],
    type: bodyType,
    at: [{ body: ['created_at'] }],
  },
  bearer: { scheme: authorization('bearer'), id: anyId, type: bodyType },
  basic: { scheme: authorization('basic'), id: anyId, type: bodyType },
  none: { scheme: { kind: 'none' }, id: anyId, type: bodyType },
};

/**
 * grafana.com, "Configure webhook notifications". With a timestamp header (its name is the operator's; the one below is
 * that of Grafana's own example) `time:body` is signed. Without `names.timestamp` either is taken: who drops the header
 * has a signature over something else. Not signed at all, the request proves itself by its Authorization.
 */
export function grafanaScheme(names: { header: string; timestamp?: string | undefined }): Scheme {
  const timestamp = { header: names.timestamp ?? `${names.header}-timestamp`, toleranceMs: TOLERANCE_MS };
  const timed = { scheme: hmac(names.header, { signed: '{timestamp}:{body}', timestamp }) };
  if (names.timestamp !== undefined) return timed.scheme;
  return {
    kind: 'choice',
    ways: [timed, { scheme: hmac(names.header) }, { scheme: authorization('bearer or basic') }],
  };
}

/** aftership.com/docs, "Webhook signature": base64, and in the older of its headers with the algorithm before it. */
export function aftershipScheme(header: string): Hmac {
  return hmac(header, { encoding: 'base64', prefix: header === 'am-webhook-signature' ? 'hmac-sha256=' : '' });
}

/** The secret itself in a header. */
export function inHeader(header: string): Credential {
  return { kind: 'credential', header, form: header === 'authorization' ? 'bearer' : 'plain' };
}
