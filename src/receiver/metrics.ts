// Owns GET /metrics: who may read it, and what it says while Redis is away. Names of sources and accounts are nobody else's
// business, so that for everybody else there is nothing here. Leaves the figures to src/metrics.
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { type Known, render } from '../metrics/render.ts';
import type { State } from '../metrics/state.ts';
import { makeNetworks } from '../network.ts';
import { late, within } from './deadline.ts';
import { sendText } from './problem.ts';

/** The figures as the receiver sees them. */
export interface Metrics {
  /** Of the whole installation, at the time of asking. Rejects while Redis is away. */
  read(): Promise<State>;
  /** The names that labels can have, so that a series is there before it counts. */
  readonly known: Known;
}

export interface MetricsParts {
  readonly metrics: Metrics;
  /** Whether a request carries the operators' token. */
  readonly hasToken: (req: IncomingMessage) => boolean;
  readonly isUnavailable: (error: unknown) => boolean;
  readonly deadlineMs: number;
}

/** What stands before the figures, and the figures: the handlers of `GET /metrics` in their order. */
export function makeMetricsHandlers(parts: MetricsParts): {
  readonly gate: RequestHandler;
  readonly tell: RequestHandler;
} {
  const { metrics, hasToken, isUnavailable, deadlineMs } = parts;
  let underWay: Promise<State | undefined> | undefined;

  async function look(): Promise<State | undefined> {
    try {
      const state = await within(deadlineMs, metrics.read());
      return state === late ? undefined : state;
    } catch (error) {
      if (isUnavailable(error)) return undefined;
      throw error;
    }
  }

  return {
    gate: (req, _res, next) => next(isFromInside(req) || hasToken(req) ? undefined : 'route'),
    // Who asks at the same time shares one answer.
    tell: async (_req, res) => {
      underWay ??= look().finally(() => {
        underWay = undefined;
      });
      const { contentType, text } = await render(await underWay, metrics.known);
      sendText(res, 200, text, { 'content-type': contentType });
    },
  };
}

const isInside = makeNetworks([
  '127.0.0.0/8',
  '::1',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
  '169.254.0.0/16',
  'fe80::/10',
]);

/** What proxies say of the request that they pass on; many say no more than one of these. */
const proxyHeaders = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
] as const;

/** Sent from this machine or its own network, by whoever holds the connection: a proxy speaks for somebody else. */
function isFromInside({ socket, headers }: IncomingMessage): boolean {
  return isInside(socket.remoteAddress) && proxyHeaders.every((name) => headers[name] === undefined);
}
