// Owns what operators may do over HTTP: take a change back, try a failed one again, pause and resume an account. Says what
// was done; leaves what may be done to the core.
import type { RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { Steered } from '../change/steer.ts';
import type { Log } from '../log.ts';
import { linkKeyExpected, toLinkKey } from '../rule/reference.ts';
import type { GateChange } from '../ticket/gate.ts';
import type { ReadBody } from './body.ts';
import { late, within } from './deadline.ts';
import { type Refusal, sendJson, sendProblem, unavailable } from './problem.ts';
import { toId } from './stories.ts';
import { notValid, parseJson, TicketId } from './wish.ts';

/** The core's part of it, as far as the door needs it. */
export interface Operations {
  cancel(change: string): Promise<Steered>;
  retry(change: string): Promise<Steered>;
  link(key: string, ticket: string): Promise<void>;
  linked(key: string): Promise<string | undefined>;
  pause(account: string): Promise<GateChange | undefined>;
  resume(account: string): Promise<GateChange | undefined>;
}

export function makeOperateHandlers(parts: {
  operations: Operations;
  accounts: readonly string[];
  readBody: ReadBody;
  deadlineMs: number;
  log: Log;
}) {
  const { operations, accounts, readBody, deadlineMs, log } = parts;

  /** An id that cannot be one names nothing: nobody is asked, and the log is spared its ten thousand characters. */
  async function steer(given: unknown, res: Response, act: (id: string) => Promise<Steered>): Promise<void> {
    const id = toId(given);
    const steered = id === undefined ? unknown : await within(deadlineMs, act(id));
    if (steered === late) return sendProblem(res, unavailable('Redis did not confirm in time'));
    log.info({ ...(id === undefined ? {} : { change: id }), outcome: steered.kind }, 'change.steered');
    const refusal = refusalOf(steered);
    if (refusal !== undefined) return sendProblem(res, refusal);
    sendJson(res, 200, { ...steered, change: id, ...('change' in steered ? { retriedAs: steered.change } : {}) });
  }

  async function turn(
    name: string,
    res: Response,
    act: (account: string) => Promise<GateChange | undefined>,
    state: string,
  ): Promise<void> {
    if (!accounts.includes(name)) return sendProblem(res, { status: 404, detail: 'There is no such account.' });
    const change = await within(deadlineMs, act(name));
    if (change === late) return sendProblem(res, unavailable('Redis did not confirm in time'));
    log.info({ account: name, state, changed: change !== undefined }, 'account.steered');
    sendJson(res, 200, { account: name, state, changed: change !== undefined });
  }

  const link: RequestHandler = async (req, res) => {
    const read = await readBody(req);
    if (!read.ok) return sendProblem(res, read.refusal);
    const parsed = LinkBody.safeParse(parseJson(read.body)?.value);
    if (!parsed.success) return sendProblem(res, notValid(parsed.error));
    const { key, ticket } = parsed.data;
    if ((await within(deadlineMs, operations.link(key, ticket))) === late) {
      return sendProblem(res, unavailable('Redis did not confirm in time'));
    }
    log.info({ ticket }, 'ticket.linked');
    sendJson(res, 200, { key, ticket });
  };

  const linked: RequestHandler = async (req, res) => {
    const key = toLinkKey(req.params.key);
    const ticket = key === undefined ? undefined : await within(deadlineMs, operations.linked(key));
    if (ticket === late) return sendProblem(res, unavailable('Redis did not answer in time'));
    if (ticket === undefined) return sendProblem(res, { status: 404, detail: 'No ticket is known by this name.' });
    sendJson(res, 200, { key, ticket });
  };

  return {
    link,
    linked,
    cancel: ((req, res) => steer(req.params.id, res, operations.cancel)) satisfies RequestHandler,
    retry: ((req, res) => steer(req.params.id, res, operations.retry)) satisfies RequestHandler,
    pause: ((req, res) => turn(String(req.params.name), res, operations.pause, 'paused')) satisfies RequestHandler,
    resume: ((req, res) => turn(String(req.params.name), res, operations.resume, 'open')) satisfies RequestHandler,
  };
}

const unknown: Steered = { kind: 'unknown' };

const LinkBody = z.strictObject({
  key: z.unknown().transform((value, context) => {
    const key = toLinkKey(value);
    if (key === undefined) context.addIssue({ code: 'custom', message: linkKeyExpected });
    return key ?? z.NEVER;
  }),
  ticket: TicketId,
});

/** Why nothing was done; undefined when something was. */
function refusalOf(steered: Steered): Pick<Refusal, 'status' | 'detail'> | undefined {
  switch (steered.kind) {
    case 'cancelled':
    case 'retried':
    case 'dropped':
      return undefined;
    case 'unknown':
      return { status: 404, detail: 'Nothing is known of this change.' };
    case 'under-way':
      return { status: 409, detail: 'Its call to the vendor is under way. Look again in a moment.' };
    case 'ended':
      return { status: 409, detail: `It has ended: ${steered.verdict}.` };
    case 'not-failed':
      return { status: 409, detail: `It has not failed: ${steered.verdict ?? 'it is still open'}.` };
    case 'overtaken':
      return { status: 409, detail: `A newer wish for the ticket has overtaken it: ${steered.by}. Nothing was done.` };
    default:
      return steered satisfies never;
  }
}
