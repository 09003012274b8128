// Owns the vendor's routes: the four that the simulator stands in for and what each honestly does. Anything else is a
// 404, also the documented endpoints that Statuswire never calls.
import express, { type ErrorRequestHandler, type Express, type Router } from 'express';
import { z } from 'zod';
import { Status, toTicketId } from '../ticket/ticket.ts';
import { type Answer, ok, refusal, toIssues } from './answer.ts';
import type { Call } from './call.ts';
import { listTickets } from './page.ts';
import { makeServe, parseJson } from './serve.ts';
import { refused } from './tokens.ts';
import type { World } from './world.ts';

const Wish = z.strictObject({ ticket: z.strictObject({ status: Status }) });

/** The whole HTTP surface; `controls` answers below /_simulator. */
export function makeApp(current: () => World, controls: Router): Express {
  const serve = makeServe(current);
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use('/_simulator', controls);
  app.put('/support/tickets/v1/:id/status', serve('write', setStatus));
  app.get('/support/tickets/v1/:id', serve('read', getTicket));
  app.get(
    '/support/tickets/v1',
    serve('list', ({ world, request }) => listTickets(world.store, request.query)),
  );
  app.post('/oauth2/token', serve('token', exchangeToken));
  app.use(serve('other', ({ request }) => refusal(404, 'notFound', `Nothing at ${request.method} ${request.path}`)));
  const unreadable: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (!(error instanceof URIError)) return next(error);
    return serve('other', () => refusal(400, 'invalidRequest', 'The path is not valid'))(request, response, next);
  };
  app.use(unreadable);
  return app;
}

function setStatus(call: Call, body: Buffer): Answer {
  const { world, seen, request } = call;
  const id = readId(call);
  if (typeof id !== 'string') return id;
  if (request.is('application/json') === false) return refusal(400, 'invalidRequest', 'Expected application/json');
  const json = parseJson(body);
  if (json === undefined) return refusal(400, 'invalidRequest', 'The body is not JSON');
  const wish = Wish.safeParse(json);
  if (!wish.success) return refusal(400, 'invalidRequest', 'The body is not valid', toIssues(wish.error.issues));

  const result = world.store.set(id, wish.data.ticket.status, 'api', seen.seq);
  if (result.kind === 'unknown') return unknownTicket;
  if (result.kind === 'same') return refusal(400, 'invalidRequest', 'The ticket already has this status');
  world.journal.applied(seen);
  return ok({ ...(result.activity === undefined ? {} : { activity: result.activity }), ticket: result.ticket });
}

function getTicket(call: Call): Answer {
  const id = readId(call);
  if (typeof id !== 'string') return id;
  const story = call.world.store.find(id);
  if (story === undefined) return unknownTicket;
  const isNewestFirst = call.world.settings.activityOrder === 'newestFirst';
  const activities = isNewestFirst ? [...story.activities].reverse() : story.activities;
  return ok({ activities, ticket: story.ticket });
}

function exchangeToken({ world, request }: Call, body: Buffer): Answer {
  if (request.is('application/x-www-form-urlencoded') === false) {
    return refused(400, 'invalid_request', 'Expected application/x-www-form-urlencoded');
  }
  return world.tokens.exchange(new URLSearchParams(body.toString()));
}

const unknownTicket = refusal(404, 'notFound', 'The ticket was not found');

/** The id as the store knows it, or the 400 for one that is malformed. */
function readId({ world, request }: Call): string | Answer {
  const id = toTicketId(request.params.id);
  if (id !== undefined && (!world.settings.strictIds || z.guid().safeParse(id).success)) return id;
  return refusal(400, 'invalidRequest', 'The id is not valid', [{ path: ['id'], message: 'expected a UUID' }]);
}
