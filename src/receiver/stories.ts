// Owns the operators' questions: the story of an event, a change or a ticket, and pages of the ledger, as JSON. Leaves
// what a story contains to the ledger, and who may ask to the bearer gate.
import type { RequestHandler, Response } from 'express';
import type { Query } from '../ledger/ledger.ts';
import { toTicketId } from '../ticket/ticket.ts';
import { late, within } from './deadline.ts';
import { parseLedgerQuery } from './ledger-query.ts';
import { sendJson, sendProblem, unavailable } from './problem.ts';

/** The ledger as the receiver sees it. Ids are checked before; undefined means that nothing is known of one. */
export interface Stories {
  event(id: string): Promise<object | undefined>;
  change(id: string): Promise<object | undefined>;
  ticket(id: string): Promise<object | undefined>;
  page(query: Query): Promise<{ readonly entries: readonly object[]; readonly next?: string | undefined }>;
}

export interface StoryHandlers {
  readonly event: RequestHandler;
  readonly change: RequestHandler;
  readonly ticket: RequestHandler;
  readonly ledger: RequestHandler;
}

/** Handlers of `GET /api/events/:id`, `/api/changes/:id`, `/api/tickets/:id` and `/api/ledger`. */
export function makeStoryHandlers(parts: { stories: Stories; now: () => number; deadlineMs: number }): StoryHandlers {
  const { stories, now, deadlineMs } = parts;

  /** Sends what was asked for, or the 503 of a store that is frozen. Rejections go to the app's error handler. */
  async function tell(res: Response, asked: Promise<object | undefined>, what: string): Promise<void> {
    const story = await within(deadlineMs, asked);
    if (story === late) return sendProblem(res, unavailable('the ledger did not answer in time'));
    if (story === undefined) return sendProblem(res, { status: 404, detail: `Nothing is known of this ${what}.` });
    sendJson(res, 200, story);
  }

  /** An id that cannot be one names nothing, so nobody is asked. */
  function storyOf(
    what: string,
    toId: (value: unknown) => string | undefined,
    find: (id: string) => Promise<object | undefined>,
  ): RequestHandler {
    return async (req, res) => {
      const id = toId(req.params.id);
      await tell(res, id === undefined ? Promise.resolve(undefined) : find(id), what);
    };
  }

  return {
    event: storyOf('event', toId, (id) => stories.event(id)),
    change: storyOf('change', toId, (id) => stories.change(id)),
    ticket: storyOf('ticket', toTicketId, (id) => stories.ticket(id)),
    ledger: async (req, res) => {
      const query = parseLedgerQuery(req.query, now());
      if (!query.ok) return sendProblem(res, query.refusal);
      await tell(res, stories.page(query.value), 'page');
    },
  };
}

/** The id of an event or a change, as far as it can be one. */
export function toId(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(value) ? value : undefined;
}
