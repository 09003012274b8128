// Owns the closed list of what is measured: names, labels and help as /metrics shows them and the README tabulates. Types
// derive from it, so that a misspelt label or value does not compile. Leaves counting to tally.ts, reading to state.ts.
import { verdicts } from '../verdict.ts';

/** Whose names the values of a label are: those of the configuration or of our code, few, and never taken from a request. */
export type Names = 'source' | 'sender' | 'account' | 'rule' | 'reason';

interface Definition {
  readonly name: string;
  /** Counters and histograms are summed up in Redis; gauges are read at the time of asking. */
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  /** Each label with its values: all of them, or whose names they are. */
  readonly labels: Readonly<Record<string, readonly string[] | Names>>;
  /** Counted by the scripts that do what is counted, in the same step; a Tally does not. */
  readonly inRedis?: true;
  /** Upper bounds in seconds, ascending. */
  readonly buckets?: readonly number[];
}

export const metrics = {
  deliveries: {
    name: 'statuswire_deliveries_total',
    kind: 'counter',
    help: 'Deliveries answered with 2xx; a duplicate was known already, an answered one was a handshake',
    labels: { source: 'source', outcome: ['accepted', 'duplicate', 'answered'] },
  },
  rejections: {
    name: 'statuswire_rejections_total',
    kind: 'counter',
    help: 'Deliveries turned away, by reason; the source (unknown) stands for all that are not configured',
    labels: { source: 'sender', reason: 'reason' },
    inRedis: true,
  },
  oldSecrets: {
    name: 'statuswire_old_secret_total',
    kind: 'counter',
    help: 'Deliveries proven by another secret than the first that counts: the sender has not changed over yet',
    labels: { source: 'source' },
  },
  deliverySeconds: {
    name: 'statuswire_delivery_seconds',
    kind: 'histogram',
    help: 'Time from the arrival of a delivery to its 2xx',
    labels: { source: 'source' },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  changesAccepted: {
    name: 'statuswire_changes_accepted_total',
    kind: 'counter',
    help: 'Changes accepted: at every moment as many as have a verdict and are open',
    labels: { account: 'account' },
    inRedis: true,
  },
  changes: {
    name: 'statuswire_changes_total',
    kind: 'counter',
    help: 'Changes that have ended, by verdict',
    labels: { account: 'account', verdict: verdicts },
    inRedis: true,
  },
  calls: {
    name: 'statuswire_calls_total',
    kind: 'counter',
    help: 'Calls to Spacebring, by what was asked and what came back',
    labels: {
      account: 'account',
      call: ['get', 'list', 'put'],
      answer: ['done', 'throttled', 'refused', 'unauthorized', 'failed', 'unknown'],
    },
  },
  callSeconds: {
    name: 'statuswire_call_seconds',
    kind: 'histogram',
    help: 'Time that a call to Spacebring took',
    labels: { account: 'account' },
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  waitSeconds: {
    name: 'statuswire_wait_seconds',
    kind: 'histogram',
    help: 'Time that was waited for a slot of the pace',
    labels: { account: 'account' },
    buckets: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800],
  },
  clockRuns: {
    name: 'statuswire_clock_runs_total',
    kind: 'counter',
    help: 'Runs of rules on the clock: to their end, lost to another process, or broken off by an error and tried again',
    labels: { rule: 'rule', outcome: ['finished', 'lost', 'broke'] },
  },
  uncounted: {
    name: 'statuswire_uncounted_total',
    kind: 'counter',
    help: 'What a process could not count because it had too many series already; 0 unless something is wrong',
    labels: {},
  },
  redisUp: {
    name: 'statuswire_redis_up',
    kind: 'gauge',
    help: '1 when Redis has answered; 0 when not, and then nothing else is shown',
    labels: {},
  },
  changesOpen: {
    name: 'statuswire_changes_open',
    kind: 'gauge',
    help: 'Changes without a verdict, those that wait for their time included',
    labels: {},
  },
  changesWaiting: {
    name: 'statuswire_changes_waiting',
    kind: 'gauge',
    help: 'Changes that wait for their time (after)',
    labels: {},
  },
  oldestChange: {
    name: 'statuswire_oldest_change_seconds',
    kind: 'gauge',
    help: 'How long the oldest open change has been due: since it was accepted, or its time had come; 0 without one',
    labels: {},
  },
  changesFailed: {
    name: 'statuswire_changes_failed',
    kind: 'gauge',
    help: 'Changes that ended failed or expired and that nobody has retried or dropped',
    labels: {},
  },
  changesHeld: {
    name: 'statuswire_changes_held',
    kind: 'gauge',
    help: 'Changes over the cap of their rule that nobody has released or dropped',
    labels: {},
  },
  ticketsDirty: {
    name: 'statuswire_tickets_dirty',
    kind: 'gauge',
    help: 'Tickets that are not in step with what is wanted of them',
    labels: {},
  },
  accountPace: {
    name: 'statuswire_account_pace',
    kind: 'gauge',
    help: 'Calls per second that the account may make while it is neither held nor shut: its rate less the margin, less after 429s',
    labels: { account: 'account' },
  },
  accountHold: {
    name: 'statuswire_account_hold_seconds',
    kind: 'gauge',
    help: 'How long nobody calls any more because of a 429',
    labels: { account: 'account' },
  },
  accountShut: {
    name: 'statuswire_account_shut',
    kind: 'gauge',
    help: '1 while the account is shut, for the reason why',
    labels: { account: 'account', why: ['operator', 'unauthorized', 'outage'] },
  },
  historyEntries: {
    name: 'statuswire_history_entries',
    kind: 'gauge',
    help: 'Entries of the ledger, and of the ring of events that no rule wanted',
    labels: { list: ['ledger', 'unmatched'] },
  },
} as const satisfies Readonly<Record<string, Definition>>;

export type Metric = keyof typeof metrics;
type OfKind<Kind> = { [M in Metric]: (typeof metrics)[M]['kind'] extends Kind ? M : never }[Metric];
type InRedis = { [M in Metric]: (typeof metrics)[M] extends { inRedis: true } ? M : never }[Metric];
/** What a Tally counts. */
export type CounterName = Exclude<OfKind<'counter'>, InRedis>;
export type HistogramName = OfKind<'histogram'>;
export type GaugeName = OfKind<'gauge'>;

/** The labels of a metric, each with its values where they are a closed set. */
export type Labels<M extends Metric> = {
  readonly [L in keyof (typeof metrics)[M]['labels']]: (typeof metrics)[M]['labels'][L] extends readonly (infer Value)[]
    ? Value
    : string;
};

/** Labels of whatever metric, where it is known already that they fit. */
export type LabelSet = Readonly<Record<string, string>>;

export function definitionOf(metric: Metric): Definition {
  return metrics[metric];
}

export const metricNames = Object.keys(metrics) as readonly Metric[];

export function isMetric(text: string): text is Metric {
  return Object.hasOwn(metrics, text);
}
