// Owns the story of one call, from its arrival to its answer or its fault: written down, outage, limit, credentials,
// faults, and then the honest deed. Every vendor route goes this one way.
import express, { type Request, type RequestHandler, type Response } from 'express';
import { toTicketId } from '../ticket/ticket.ts';
import { type Answer, refusal } from './answer.ts';
import type { Judgement } from './auth.ts';
import { type Call, makeCall } from './call.ts';
import type { CallKind } from './faults.ts';
import type { Admission } from './limit.ts';
import { misbehave } from './misbehave.ts';
import { refused } from './tokens.ts';
import type { World } from './world.ts';

/** The honest work of one route. */
export type Deed = (call: Call, body: Buffer) => Answer;

/** A handler maker; `current` gives the world that a call arriving now belongs to. */
export function makeServe(current: () => World) {
  return function serve(kind: CallKind, deed: Deed): RequestHandler {
    return async (request, response) => {
      const { call, admission, judgement } = arrive(current(), kind, request, response);
      try {
        await proceed(call, admission, judgement, response, deed);
      } catch (error) {
        if (!call.world.life.aborted) throw error;
      }
    };
  };
}

function arrive(world: World, kind: CallKind, request: Request, response: Response) {
  const { settings, switches, limit, journal } = world;
  const elapsedMs = settings.elapsed();
  // A vendor that is down counts nothing.
  const admission: Admission = switches.outage === 'none' ? limit.admit(elapsedMs) : { admitted: true };
  const judgement = judge(world, kind, request);
  const ticket = toTicketId(request.params.id);
  const networkId = request.get('spacebring-network-id');
  const seen = journal.arrive({
    at: settings.now(),
    elapsedMs,
    kind,
    method: request.method,
    path: request.originalUrl.slice(0, 2000),
    ...(ticket === undefined ? {} : { ticket }),
    ...(networkId === undefined ? {} : { networkId }),
    auth: { kind: judgement.kind, right: judgement.right },
    refused: !admission.admitted,
  });
  return { call: makeCall(world, seen, request, response), admission, judgement };
}

/** Token calls prove themselves in the body, which has not been read yet; unknown paths are unknown to anyone. */
function judge(world: World, kind: CallKind, request: Request): Judgement {
  if (kind === 'token') return { kind: 'form', right: false };
  const { credentials } = world.switches;
  const judgement = world.judge(request.headers, kind === 'write' ? 'write' : 'read', credentials === 'revoked');
  return kind === 'other' ? { kind: judgement.kind, right: judgement.right } : judgement;
}

async function proceed(
  call: Call,
  admission: Admission,
  judgement: Judgement,
  response: Response,
  deed: Deed,
): Promise<void> {
  const { world, seen, request } = call;
  if (world.switches.outage === 'cut') return call.cut();
  const body = await readBody(request, response, world.settings.bodyLimit);
  const proven = Buffer.isBuffer(body) ? (note(call, body) ?? judgement) : judgement;
  if (world.switches.outage === 'unavailable') return call.send(refusal(503, 'unavailable', 'Service unavailable'));
  if (!admission.admitted) return call.send(tooMany(world, admission.waitMs));
  if (!Buffer.isBuffer(body)) return call.send(body);
  if (proven.answer !== undefined) return call.send(proven.answer);

  const fault = world.faults.pick(seen);
  if (fault !== undefined) world.journal.met(seen, fault.id);
  if (world.settings.latencyMs > 0) await call.wait(world.settings.latencyMs);
  if (fault === undefined) return call.send(deed(call, body));
  await misbehave(fault.effect, call, () => deed(call, body));
}

/** The body's bytes, or the 400 for one that is too large, compressed or cut short. */
async function readBody(request: Request, response: Response, limit: number): Promise<Buffer | Answer> {
  const raw = express.raw({ type: () => true, limit, inflate: false });
  const error = await new Promise<unknown>((resolve) => void raw(request, response, resolve));
  if (error === undefined) return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  return refusal(
    400,
    'invalidRequest',
    error instanceof Error ? `The body cannot be read: ${error.message}` : 'No body',
  );
}

/** Writes down what was asked for: a status change as it is; of a token call only the grant, and who it was. */
function note({ world, seen }: Call, body: Buffer): Judgement | undefined {
  if (seen.kind === 'write' && body.length <= 1024) seen.body = parseJson(body);
  if (seen.kind !== 'token') return undefined;
  const form = new URLSearchParams(body.toString());
  seen.body = { grant_type: form.get('grant_type') };
  const right = world.switches.credentials === 'good' && world.tokens.isClient(form);
  seen.auth = { kind: 'form', right };
  return right ? seen.auth : { ...seen.auth, answer: unknownClient };
}

const unknownClient = refused(401, 'invalid_client', 'The client is unknown or its secret is wrong');

/** Undefined for what is not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function tooMany({ settings }: World, waitMs: number): Answer {
  const answer = refusal(429, 'tooManyRequests', `More than ${settings.rate} calls in one second`);
  if (settings.retryAfter === 'none') return answer;
  const freeAt = Math.ceil((settings.now() + waitMs) / 1000) * 1000;
  const value =
    settings.retryAfter === 'date' ? new Date(freeAt).toUTCString() : String(Math.max(1, Math.ceil(waitMs / 1000)));
  return { ...answer, headers: { 'retry-after': value } };
}
