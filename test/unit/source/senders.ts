// One delivery of every sender as its documentation shows it, made by the sender's recipe with node:crypto and not with
// our own `sign`; what is expected of it stands beside. Names, ids and texts are made up.
import { createHmac } from 'node:crypto';
import { NOW } from './deliveries.ts';

export interface Sender {
  /** What stands after `verify:`. */
  readonly verify: unknown;
  readonly secret: string;
  readonly body: unknown;
  /** The headers of the sender that are no proof. */
  readonly headers: Readonly<Record<string, string>>;
  proof(raw: string): Record<string, string>;
  readonly type: string;
  /** The delivery id; undefined where it is a digest of parts. */
  readonly id?: string;
  readonly kind: 'delivery-id' | 'digest';
  readonly at?: number;
}

const S = String(NOW / 1000);
const ISO = new Date(NOW - 1000).toISOString();
const hex = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');
const base64 = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest('base64');

const key = Buffer.alloc(32, 5);
export const whsec = `whsec_${key.toString('base64')}`;
const standard = (prefix: string) => (raw: string) => ({
  [`${prefix}id`]: 'msg_1',
  [`${prefix}timestamp`]: S,
  [`${prefix}signature`]: `v1,${base64(key, `msg_1.${S}.${raw}`)}`,
});
const bearer = (token: string) => () => ({ authorization: `Bearer ${token}` });

const gitlabIssue = { object_kind: 'issue', object_attributes: { action: 'close', iid: 7 } };
const notice = {
  receiver: 'statuswire',
  status: 'firing',
  groupKey: '{}:{alertname="Down"}',
  alerts: [
    { status: 'firing', fingerprint: 'b', startsAt: ISO, endsAt: '0001-01-01T00:00:00Z', labels: {} },
    { status: 'resolved', fingerprint: 'a', startsAt: ISO, endsAt: ISO, labels: {} },
  ],
};

export const senders: Readonly<Record<string, Sender>> = {
  github: {
    verify: 'github',
    secret: 'one',
    body: { action: 'closed', issue: {} },
    headers: { 'x-github-event': 'issues', 'x-github-delivery': 'd-1' },
    proof: (raw) => ({ 'x-hub-signature-256': `sha256=${hex('one', raw)}` }),
    type: 'issues.closed',
    id: 'd-1',
    kind: 'delivery-id',
  },
  'gitlab with a token': {
    verify: 'gitlab',
    secret: 'a token',
    body: gitlabIssue,
    headers: { 'x-gitlab-event': 'Issue Hook', 'idempotency-key': 'd-2' },
    proof: () => ({ 'x-gitlab-token': 'a token' }),
    type: 'issue.close',
    id: 'd-2',
    kind: 'delivery-id',
  },
  'gitlab with a signing token': {
    verify: 'gitlab',
    secret: whsec,
    body: gitlabIssue,
    headers: { 'x-gitlab-event': 'Issue Hook', 'idempotency-key': 'msg_1' },
    proof: standard('webhook-'),
    type: 'issue.close',
    id: 'msg_1',
    kind: 'delivery-id',
  },
  svix: {
    verify: 'svix',
    secret: whsec,
    body: { type: 'support.ticket.created', ticket: {} },
    headers: {},
    proof: standard('svix-'),
    type: 'support.ticket.created',
    id: 'msg_1',
    kind: 'delivery-id',
  },
  'standard-webhooks': {
    verify: 'standard-webhooks',
    secret: whsec,
    body: { type: 'invoice.paid', timestamp: ISO, data: {} },
    headers: {},
    proof: standard('webhook-'),
    type: 'invoice.paid',
    id: 'msg_1',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  stripe: {
    verify: 'stripe',
    secret: whsec,
    body: { id: 'evt_1', object: 'event', type: 'invoice.paid', created: NOW / 1000 - 1 },
    headers: {},
    proof: (raw) => ({ 'stripe-signature': `t=${S},v1=${hex(whsec, `${S}.${raw}`)}` }),
    type: 'invoice.paid',
    id: 'evt_1',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  slack: {
    verify: 'slack',
    secret: 'two',
    body: {
      type: 'event_callback',
      event_id: 'Ev1',
      event_time: NOW / 1000 - 1,
      event: { type: 'reaction_added' },
    },
    headers: { 'x-slack-retry-num': '1' },
    proof: (raw) => ({
      'x-slack-request-timestamp': S,
      'x-slack-signature': `v0=${hex('two', `v0:${S}:${raw}`)}`,
    }),
    type: 'reaction_added',
    id: 'Ev1',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  linear: {
    verify: 'linear',
    secret: 'three',
    body: { type: 'Issue', action: 'update', createdAt: ISO, webhookTimestamp: NOW - 500, data: {} },
    headers: { 'linear-delivery': 'd-3', 'linear-event': 'Issue' },
    proof: (raw) => ({ 'linear-signature': hex('three', raw) }),
    type: 'Issue.update',
    id: 'd-3',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  pagerduty: {
    verify: 'pagerduty',
    secret: 'four',
    body: { event: { id: '01', event_type: 'incident.resolved', occurred_at: ISO, data: {} } },
    headers: { 'x-webhook-subscription': 'P1' },
    proof: (raw) => ({ 'x-pagerduty-signature': `v1=${hex('another', raw)},v1=${hex('four', raw)}` }),
    type: 'incident.resolved',
    id: '01',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  shopify: {
    verify: 'shopify',
    secret: 'five',
    body: { id: 820982911946, financial_status: 'paid' },
    headers: {
      'x-shopify-topic': 'orders/paid',
      'x-shopify-webhook-id': 'w-1',
      'x-shopify-event-id': 'e-1',
      'x-shopify-triggered-at': ISO,
    },
    proof: (raw) => ({ 'x-shopify-hmac-sha256': base64('five', raw) }),
    type: 'orders/paid',
    id: 'w-1',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  jira: {
    verify: 'jira',
    secret: 'six',
    body: { timestamp: NOW - 1000, webhookEvent: 'jira:issue_updated', issue: {} },
    headers: { 'x-atlassian-webhook-identifier': 'd-4' },
    proof: (raw) => ({ 'x-hub-signature': `sha256=${hex('six', raw)}` }),
    type: 'jira:issue_updated',
    id: 'd-4',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  'grafana without a time': {
    verify: 'grafana',
    secret: 'seven',
    body: notice,
    headers: {},
    proof: (raw) => ({ 'x-grafana-alerting-signature': hex('seven', raw) }),
    type: 'firing',
    kind: 'digest',
  },
  'grafana with a time': {
    verify: 'grafana',
    secret: 'seven',
    body: notice,
    headers: {},
    proof: (raw) => ({
      'x-grafana-alerting-signature': hex('seven', `${S}:${raw}`),
      'x-grafana-alerting-signature-timestamp': S,
    }),
    type: 'firing',
    kind: 'digest',
  },
  'grafana under its own names': {
    verify: { grafana: { header: 'X-Mine', timestamp: 'X-Time' } },
    secret: 'seven',
    body: notice,
    headers: {},
    proof: (raw) => ({ 'x-mine': hex('seven', `${S}:${raw}`), 'x-time': S }),
    type: 'firing',
    kind: 'digest',
  },
  'grafana with basic': {
    verify: 'grafana',
    secret: 'me:seven',
    body: notice,
    headers: {},
    proof: () => ({ authorization: `Basic ${Buffer.from('me:seven').toString('base64')}` }),
    type: 'firing',
    kind: 'digest',
  },
  'alertmanager with bearer': {
    verify: 'alertmanager',
    secret: 'eight',
    body: notice,
    headers: {},
    proof: bearer('eight'),
    type: 'firing',
    kind: 'digest',
  },
  'alertmanager with basic': {
    verify: 'alertmanager',
    secret: 'me:eight',
    body: notice,
    headers: {},
    proof: () => ({ authorization: `Basic ${Buffer.from('me:eight').toString('base64')}` }),
    type: 'firing',
    kind: 'digest',
  },
  'uptime-kuma': {
    verify: 'uptime-kuma',
    secret: 'nine',
    body: {
      heartbeat: { monitorID: 3, status: 1, time: ISO.replace('T', ' ').replace('Z', ''), msg: '200 - OK' },
      monitor: { id: 3, name: 'Wi-Fi' },
      msg: '[Wi-Fi] [Up] 200 - OK',
    },
    headers: {},
    proof: bearer('nine'),
    type: 'up',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  'uptime-kuma with a header': {
    verify: { 'uptime-kuma': { header: 'X-Kuma-Secret' } },
    secret: 'nine',
    body: { heartbeat: null, monitor: null, msg: 'Test' },
    headers: {},
    proof: () => ({ 'x-kuma-secret': 'nine' }),
    type: '',
    kind: 'digest',
  },
  'maintainx in seconds': {
    verify: 'maintainx',
    secret: 'ten',
    body: { type: 'WORK_ORDER_CHANGE', workOrderId: 1, occurredAt: ISO },
    headers: {},
    proof: (raw) => ({ 'x-maintainx-webhook-body-signature': `t=${S},v1=${hex('ten', `${S}.${raw}`)}` }),
    type: 'WORK_ORDER_CHANGE',
    kind: 'digest',
    at: NOW - 1000,
  },
  'maintainx in milliseconds': {
    verify: 'maintainx',
    secret: 'ten',
    body: { type: 'WORK_ORDER_CHANGE', workOrderId: 1, occurredAt: ISO },
    headers: {},
    proof: (raw) => ({ 'x-maintainx-webhook-body-signature': `t=${NOW},v1=${hex('ten', `${NOW}.${raw}`)}` }),
    type: 'WORK_ORDER_CHANGE',
    kind: 'digest',
    at: NOW - 1000,
  },
  aftership: {
    verify: 'aftership',
    secret: 'eleven',
    body: { event: 'tracking_update', event_id: 'u-1', ts: NOW / 1000 - 1, msg: { tag: 'Delivered' } },
    headers: {},
    proof: (raw) => ({ 'aftership-hmac-sha256': base64('eleven', raw) }),
    type: 'tracking_update',
    id: 'u-1',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  'aftership returns': {
    verify: { aftership: { header: 'as-signature-hmac-sha256' } },
    secret: 'eleven',
    body: { event: 'return.approved', event_id: 'u-2' },
    headers: {},
    proof: (raw) => ({ 'as-signature-hmac-sha256': base64('eleven', raw) }),
    type: 'return.approved',
    id: 'u-2',
    kind: 'delivery-id',
  },
  clickup: {
    verify: 'clickup',
    secret: 'twelve',
    body: {
      event: 'taskStatusUpdated',
      task_id: 'c0j',
      webhook_id: '7689a169',
      history_items: [{ id: '2800763136717140857', date: String(NOW - 1000) }],
    },
    headers: {},
    proof: (raw) => ({ 'x-signature': hex('twelve', raw) }),
    type: 'taskStatusUpdated',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  kisi: {
    verify: 'kisi',
    secret: 'thirteen',
    body: { uuid: 'd7cf0237', object_type: 'Lock', type: 'lock.unlock', success: true, created_at: ISO },
    headers: {},
    proof: (raw) => ({ 'x-signature': hex('thirteen', raw) }),
    type: 'lock.unlock',
    id: 'd7cf0237',
    kind: 'delivery-id',
    at: NOW - 1000,
  },
  'a script with bearer': {
    verify: 'bearer',
    secret: 'fourteen',
    body: { type: 'done' },
    headers: { 'idempotency-key': 'k-1' },
    proof: bearer('fourteen'),
    type: 'done',
    id: 'k-1',
    kind: 'delivery-id',
  },
  'a list with its time, by configuration alone': {
    verify: {
      hmac: {
        header: 'Acme-Signature',
        separator: ',',
        prefix: 'v1=',
        timestampPrefix: 't=',
        signed: '{timestamp}.{body}',
      },
    },
    secret: 'fifteen',
    body: { type: 'done' },
    headers: {},
    proof: (raw) => ({ 'acme-signature': `t=${S}, v1=${hex('fifteen', `${S}.${raw}`)}` }),
    type: 'done',
    kind: 'digest',
  },
};
