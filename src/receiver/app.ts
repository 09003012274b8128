// Owns the composition of the HTTP surface: the routes, what stands before each, and what answers when nothing else does.
// Promises a request id on every answer and no stack trace in any. Leaves sockets and their limits to listen.ts.
import type { IncomingMessage, RequestListener } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { TrustProxy } from '../config/trust-proxy.ts';
import type { Rejections } from '../ledger/rejections.ts';
import type { Log } from '../log.ts';
import type { Tally } from '../metrics/tally.ts';
import { makeBearerGate, makeHasToken } from './bearer.ts';
import { makeReadBody } from './body.ts';
import { makeRequestChange } from './changes.ts';
import { type Core, makeCommit } from './commit.ts';
import { makeFloodGate } from './flood.ts';
import { alive, type Health, makeReady } from './health.ts';
import { makeAnswerError, methodNotAllowed, notFound, onError } from './last-answers.ts';
import { type Metrics, makeMetricsHandlers } from './metrics.ts';
import { makeNote, type Note } from './note.ts';
import { openapi } from './openapi.ts';
import { makeOperateHandlers, type Operations } from './operate.ts';
import { type Capacity, makePressure } from './pressure.ts';
import { giveRequestId, sendJson, sendProblem } from './problem.ts';
import { makeReceive, type Receive, type ReceiverSource, type Rules } from './receive.ts';
import { makeSenderAddress } from './sender-address.ts';
import { makeStoryHandlers, type Stories } from './stories.ts';
import { makeTellRejections } from './tell-rejections.ts';
import type { TurnedAway } from './turned-away.ts';

export interface AppLimits {
  /** Largest body, in bytes. */
  readonly bodyBytes: number;
  /** How long a 202 may be waited for. Below a second, so that the 503 is with the sender within the promised one. */
  readonly commitMs: number;
  /** How long after an unanswered question Redis is asked again whether it is there. */
  readonly pingMs: number;
  /** How long an operator's question or a readiness check may take. */
  readonly answerMs: number;
  /** Deliveries, per process and of all sources together. */
  readonly hooks: Capacity;
  /** Per process, for everything else but /healthz: people and scripts ask there. */
  readonly othersPerSecond: number;
}

const defaultLimits: AppLimits = {
  bodyBytes: 1024 * 1024,
  commitMs: 800,
  pingMs: 100,
  answerMs: 3000,
  // For floods, not for load: far above what one process can take (bench/README.md has the figures). More bytes than this
  // are more than Redis confirms before a commit is given up, and whoever sends little would wait behind them.
  hooks: { perSecond: 40_000, concurrent: 1000, bytes: 32 * 1024 * 1024 },
  othersPerSecond: 1000,
};

export interface AppParts {
  readonly sources: ReadonlyMap<string, ReceiverSource>;
  readonly rules: Rules;
  readonly core: Core;
  readonly stories: Stories;
  readonly operations: Operations;
  readonly health: Health;
  readonly metrics: Metrics;
  /** In which deliveries are counted. */
  readonly tally: Tally;
  /** What was turned away: where it is noted, and read again. */
  readonly turnedAway: Pick<TurnedAway, 'note' | 'flush'>;
  readonly rejections: Pick<Rejections, 'read'>;
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
  /** Stands before every method: who does not pass it learns not even that the address is there. */
  readonly gate?: RequestHandler;
}

/** The whole surface as one listener for `node:http`; `listen` gives it a socket. */
export function makeApp(parts: AppParts): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.set('env', 'production'); // Express' own last answer would otherwise show a stack
  const { receive, routes, note } = makeSurface(parts);
  // What a sender got wrong in the address is told to the operator like what is wrong with its proof.
  app.all('/hooks/:source', (req, res, next) => {
    const refusal = { status: 405, why: 'sent with another method than POST' };
    if (req.method !== 'POST') note(req, res, { reason: 'wrong-method', refusal }, req.params.source);
    next();
  });
  for (const route of routes) register(app, route);
  app.use((req, res, next) => {
    const refusal = { status: 404, why: 'no such address; deliveries go to /hooks/SOURCE' };
    if (req.method === 'POST') note(req, res, { reason: 'unknown-source', refusal }, beginningOf(req.path));
    next();
  });
  const answerError = makeAnswerError(parts);
  app.use(notFound);
  app.use(onError(answerError));

  return function answer(req, res) {
    giveRequestId(res, parts.newId('req'));
    const source = deliveryTo(req);
    if (source !== undefined) {
      receive(req, res, source).catch((error: unknown) => answerError(error, req, res));
      return;
    }
    const target = toOriginForm(req.url ?? '');
    if (target === undefined) {
      const refusal = { status: 400, why: 'the address cannot be read' };
      note(req, res, { reason: 'unreadable-request', refusal });
      return sendProblem(res, { ...refusal, detail: 'The address cannot be read.' });
    }
    req.url = target;
    app(req, res);
  };
}

/**
 * The source that a request delivers to, where that is plain to see; undefined leaves it to the routes. Deliveries are taken
 * before the application's middleware, which costs more than all that is done with them (bench/README.md).
 */
function deliveryTo({ method, url = '' }: IncomingMessage): string | undefined {
  return method === 'POST' ? /^\/hooks\/([A-Za-z0-9_-]+)(?:\?|$)/.exec(url)?.[1] : undefined;
}

/** As much of a path as tells what was meant: what is behind may be a secret that somebody took for a part of the address. */
function beginningOf(path: string): string {
  const [, first = '', second, ...more] = path.split('/');
  if (first !== 'hooks' || second === undefined) return second === undefined ? `/${first}` : `/${first}/…`;
  return more.length === 0 ? `/hooks/${second}` : `/hooks/${second}/…`;
}

/** Every route of this surface; openapi.ts describes the same ones, and a test compares the two. */
export function routes(parts: AppParts): readonly Route[] {
  return makeSurface(parts).routes;
}

interface Surface {
  readonly receive: Receive;
  readonly routes: readonly Route[];
  readonly note: Note;
}

function makeSurface(parts: AppParts): Surface {
  const { sources, rules, core, stories, operations, health, metrics, tally, turnedAway, rejections } = parts;
  const { isUnavailable, accounts, apiToken, newId, now, log } = parts;
  const senderAddress = makeSenderAddress(parts.trustProxy);
  const limits = { ...defaultLimits, ...parts.limits };
  const commit = makeCommit({ core, isUnavailable, deadlineMs: limits.commitMs, pauseMs: limits.pingMs });
  const readBody = makeReadBody(limits.bodyBytes);
  const tell = makeStoryHandlers({ stories, now, deadlineMs: limits.answerMs });

  const operate = makeOperateHandlers({ operations, accounts, readBody, deadlineMs: limits.answerMs, log });

  const sourceLimits = new Map([...sources].map(([name, { limit }]) => [name, limit]));
  const pressure = makePressure({ overall: limits.hooks, sources: sourceLimits, now });
  const note = makeNote({ sources, turnedAway, senderAddress, now });
  const receive = makeReceive({
    sources,
    rules,
    commit,
    pressure,
    note,
    tally,
    readBody,
    bodyBytes: limits.bodyBytes,
    senderAddress,
    newId,
    now,
    log,
  });
  const flood = makeFloodGate({ name: 'others', perSecond: limits.othersPerSecond, now, log });
  const open = [browserHeaders(), flood];
  const operators = [...open, makeBearerGate({ token: apiToken, log })];
  const hasToken = makeHasToken(apiToken);
  const figures = makeMetricsHandlers({ metrics, hasToken, isUnavailable, deadlineMs: limits.answerMs });

  const routes: readonly Route[] = [
    // Most deliveries do not come this far: `makeApp` takes those whose address needs no decoding.
    { method: 'post', path: '/hooks/:source', handlers: [(req, res) => receive(req, res, String(req.params.source))] },
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
    {
      method: 'get',
      path: '/api/rejections',
      handlers: [...operators, makeTellRejections({ rejections, turnedAway, now, deadlineMs: limits.answerMs })],
    },
    { method: 'post', path: '/api/links', handlers: [...operators, operate.link] },
    { method: 'get', path: '/api/links/:key', handlers: [...operators, operate.linked] },
    { method: 'post', path: '/api/changes/:id/cancel', handlers: [...operators, operate.cancel] },
    { method: 'post', path: '/api/changes/:id/retry', handlers: [...operators, operate.retry] },
    { method: 'post', path: '/api/accounts/:name/pause', handlers: [...operators, operate.pause] },
    { method: 'post', path: '/api/accounts/:name/resume', handlers: [...operators, operate.resume] },
    { method: 'get', path: '/metrics', gate: figures.gate, handlers: [...open, figures.tell] },
    { method: 'get', path: '/openapi.json', handlers: [...open, (_req, res) => sendJson(res, 200, openapi)] },
  ];
  return { receive, routes, note };
}

/** The route, and a 405 for the methods it does not have. No path here has two methods. */
function register(app: Express, { method, path, handlers, gate }: Route): void {
  const route = app.route(path);
  if (gate !== undefined) route.all(gate);
  route[method](...handlers).all(methodNotAllowed(method === 'get' ? 'GET, HEAD' : 'POST'));
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
