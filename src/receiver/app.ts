// Owns the composition of the HTTP surface: the routes, what stands before each, and what answers when nothing else does.
// Promises a request id on every answer and no stack trace in any. Leaves sockets and their limits to listen.ts.
import type { RequestListener } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { TrustProxy } from '../config/trust-proxy.ts';
import type { Log } from '../log.ts';
import { makeBearerGate } from './bearer.ts';
import { makeReadBody } from './body.ts';
import { makeRequestChange } from './changes.ts';
import { type Core, makeCommit } from './commit.ts';
import { makeFloodGate } from './flood.ts';
import { alive, type Health, makeReady } from './health.ts';
import { makeOnError, methodNotAllowed, notFound } from './last-answers.ts';
import { openapi } from './openapi.ts';
import { makeOperateHandlers, type Operations } from './operate.ts';
import { sendJson, sendProblem } from './problem.ts';
import { makeReceive, type ReceiverSource, type Rules } from './receive.ts';
import { makeSenderAddress } from './sender-address.ts';
import { makeStoryHandlers, type Stories } from './stories.ts';

export interface AppLimits {
  /** Largest body, in bytes. */
  readonly bodyBytes: number;
  /** How long a 202 may be waited for. Below a second, so that the 503 is with the sender within the promised one. */
  readonly commitMs: number;
  /** How long an operator's question or a readiness check may take. */
  readonly answerMs: number;
  /** Per process; one process takes about 4,500 deliveries a second. */
  readonly hooksPerSecond: number;
  /** Per process, for everything else but /healthz: people and scripts ask there. */
  readonly othersPerSecond: number;
}

const defaultLimits: AppLimits = {
  bodyBytes: 1024 * 1024,
  commitMs: 900,
  answerMs: 3000,
  hooksPerSecond: 6000,
  othersPerSecond: 1000,
};

export interface AppParts {
  readonly sources: ReadonlyMap<string, ReceiverSource>;
  readonly rules: Rules;
  readonly core: Core;
  readonly stories: Stories;
  readonly operations: Operations;
  readonly health: Health;
  /** True for an error that means "Redis is away": 503 and try again, not a defect. */
  readonly isUnavailable: (error: unknown) => boolean;
  /** Names of the configured accounts. */
  readonly accounts: readonly string[];
  /** STATUSWIRE_API_TOKEN; undefined closes the routes of operators. */
  readonly apiToken: string | undefined;
  /** TRUST_PROXY; undefined believes no header about where a request came from. */
  readonly trustProxy?: TrustProxy | undefined;
  readonly newId: (prefix: 'ev' | 'req') => string;
  readonly now: () => number;
  readonly log: Log;
  readonly limits?: Partial<AppLimits>;
}

export interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly handlers: readonly RequestHandler[];
}

/** The whole surface as one listener for `node:http`; `listen` gives it a socket. */
export function makeApp(parts: AppParts): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.set('env', 'production'); // Express' own last answer would otherwise show a stack
  for (const route of routes(parts)) register(app, route);
  app.use(notFound);
  app.use(makeOnError(parts));

  return function answer(req, res) {
    res.setHeader('x-request-id', parts.newId('req'));
    const target = toOriginForm(req.url ?? '');
    if (target === undefined) return sendProblem(res, { status: 400, detail: 'The address cannot be read.' });
    req.url = target;
    app(req, res);
  };
}

/** Every route of this surface, busiest first; openapi.ts describes the same ones, and a test compares the two. */
export function routes(parts: AppParts): readonly Route[] {
  const { sources, rules, core, stories, operations, health, isUnavailable, accounts, apiToken, newId, now, log } =
    parts;
  const senderAddress = makeSenderAddress(parts.trustProxy);
  const limits = { ...defaultLimits, ...parts.limits };
  const commit = makeCommit({ core, isUnavailable, deadlineMs: limits.commitMs });
  const readBody = makeReadBody(limits.bodyBytes);
  const tell = makeStoryHandlers({ stories, now, deadlineMs: limits.answerMs });

  const operate = makeOperateHandlers({ operations, accounts, readBody, deadlineMs: limits.answerMs, log });

  const hooksFlood = makeFloodGate({ name: 'hooks', perSecond: limits.hooksPerSecond, now, log });
  const flood = makeFloodGate({ name: 'others', perSecond: limits.othersPerSecond, now, log });
  const open = [browserHeaders(), flood];
  const operators = [...open, makeBearerGate({ token: apiToken, log })];

  return [
    // Nothing that a machine does not need stands before the deliveries: their latency is what senders see.
    {
      method: 'post',
      path: '/hooks/:source',
      handlers: [hooksFlood, makeReceive({ sources, rules, commit, readBody, senderAddress, newId, now, log })],
    },
    { method: 'get', path: '/healthz', handlers: [alive] },
    { method: 'get', path: '/readyz', handlers: [...open, makeReady({ health, deadlineMs: limits.answerMs })] },
    {
      method: 'post',
      path: '/api/changes',
      handlers: [...operators, makeRequestChange({ accounts, commit, readBody, newId, now, log })],
    },
    { method: 'get', path: '/api/events/:id', handlers: [...operators, tell.event] },
    { method: 'get', path: '/api/changes/:id', handlers: [...operators, tell.change] },
    { method: 'get', path: '/api/tickets/:id', handlers: [...operators, tell.ticket] },
    { method: 'get', path: '/api/ledger', handlers: [...operators, tell.ledger] },
    { method: 'post', path: '/api/links', handlers: [...operators, operate.link] },
    { method: 'get', path: '/api/links/:key', handlers: [...operators, operate.linked] },
    { method: 'post', path: '/api/changes/:id/cancel', handlers: [...operators, operate.cancel] },
    { method: 'post', path: '/api/changes/:id/retry', handlers: [...operators, operate.retry] },
    { method: 'post', path: '/api/accounts/:name/pause', handlers: [...operators, operate.pause] },
    { method: 'post', path: '/api/accounts/:name/resume', handlers: [...operators, operate.resume] },
    { method: 'get', path: '/openapi.json', handlers: [...open, (_req, res) => sendJson(res, 200, openapi)] },
  ];
}

/** The route, and a 405 for the methods it does not have. No path here has two methods. */
function register(app: Express, { method, path, handlers }: Route): void {
  app
    .route(path)
    [method](...handlers)
    .all(methodNotAllowed(method === 'get' ? 'GET, HEAD' : 'POST'));
}

/** Nothing of ours is a page: should a browser show an answer all the same, it may load, frame and run nothing. */
function browserHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
  });
}

/** `/path?query` of a request target, also of an absolute one as proxies send it; undefined when it cannot be read. */
function toOriginForm(target: string): string | undefined {
  if (target.startsWith('/')) return target;
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return undefined;
  const { pathname, search } = new URL(target);
  return `${pathname}${search}`;
}
