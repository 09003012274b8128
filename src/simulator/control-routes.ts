// Owns the controls over HTTP, below /_simulator. They ask for no password, which is why the simulator listens on
// loopback only; their requests are no calls and count nowhere.
import express, { type ErrorRequestHandler, Router } from 'express';
import { z } from 'zod';
import { Status } from '../ticket/ticket.ts';
import { toIssues } from './answer.ts';
import { Seed } from './contract.ts';
import type { SimulatorControls } from './controls.ts';
import { Fault } from './faults.ts';

const Filter = z.strictObject({
  ticket: z.string().optional(),
  since: z
    .string()
    .regex(/^\d{1,16}(\.\d+)?$/, { error: 'expected milliseconds since the epoch' })
    .transform(Number)
    .optional(),
});
const ByHand = z.strictObject({ status: Status });
const Seeds = z.strictObject({ tickets: z.array(Seed).max(100_000) });

export function makeControlRoutes(controls: SimulatorControls): Router {
  const routes = Router();
  routes.use(express.json({ limit: '32mb' }));
  routes.get('/requests', (request, response) => {
    const { ticket, since } = Filter.parse(request.query);
    const filter = { ...(ticket === undefined ? {} : { ticket }), ...(since === undefined ? {} : { since }) };
    response.json({ requests: controls.requests(filter) });
  });
  routes.get('/stats', (_request, response) => void response.json(controls.stats()));
  routes.get('/tickets/:id', (request, response) => {
    const story = controls.ticket(request.params.id);
    if (story === undefined) response.status(404).json({ message: 'No such ticket; the controls make none up' });
    else response.json(story);
  });
  routes.put('/tickets/:id', (request, response) => {
    response.json(controls.setByHand(request.params.id, ByHand.parse(request.body).status));
  });
  routes.post('/tickets', (request, response) => {
    response.status(201).json({ ids: controls.seed(Seeds.parse(request.body).tickets) });
  });
  routes.get('/faults', (_request, response) => void response.json({ faults: controls.faults() }));
  routes.post('/faults', (request, response) => {
    response.status(201).json({ id: controls.addFault(Fault.parse(request.body)) });
  });
  routes.delete('/faults', (_request, response) => {
    controls.clearFaults();
    response.sendStatus(204);
  });
  routes.put('/switches', (request, response) => void response.json(controls.set(request.body ?? {})));
  routes.post('/release', (_request, response) => void response.json({ released: controls.release() }));
  routes.post('/reset', (_request, response) => {
    // The controls' own connection is not among the open calls, so this answer still goes out.
    controls.reset();
    response.sendStatus(204);
  });
  routes.use((request, response) => {
    response
      .status(404)
      .json({ message: `No control at ${request.method} ${request.originalUrl}; see docs/simulator.md` });
  });
  routes.use(wrongInput);
  return routes;
}

const wrongInput: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (error instanceof z.ZodError) {
    response.status(400).json({ message: 'The control does not understand this', issues: toIssues(error.issues) });
  } else if (isHttpError(error)) {
    response.status(error.status).json({ message: error.message });
  } else next(error);
};

function isHttpError(error: unknown): error is Error & { readonly status: number } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status < 500;
}
