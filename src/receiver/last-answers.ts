// Owns what is said when no route answered: unknown addresses, wrong methods, and errors. Promises that a caller's
// mistake is never a 5xx, and that a defect is told once, in the log, and to the caller without details.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Log } from '../log.ts';
import { requestIdOf, sendProblem, unavailable } from './problem.ts';

export const notFound: RequestHandler = (_req, res) => {
  sendProblem(res, { status: 404, detail: 'There is nothing here.' });
};

export function methodNotAllowed(allow: string): RequestHandler {
  return (_req, res) => {
    sendProblem(res, { status: 405, detail: `This address takes ${allow} only.`, headers: { allow } });
  };
}

/** Answers a request whose handling ended in an error. */
export type AnswerError = (error: unknown, req: IncomingMessage, res: ServerResponse) => void;

/** The last answer. Refusals are values elsewhere, so what comes here is a mistake in the address, Redis, or a defect. */
export function makeAnswerError(parts: { isUnavailable: (error: unknown) => boolean; log: Log }): AnswerError {
  const { isUnavailable, log } = parts;
  return function answerError(error, req, res) {
    const about = { requestId: requestIdOf(res), method: req.method, path: pathOf(req) };
    const status = mistakeOf(error);
    if (status !== undefined && !res.headersSent) {
      return sendProblem(res, { status, detail: 'The request cannot be read.' });
    }
    if (isUnavailable(error) && !res.headersSent) {
      log.warn({ ...about, status: 503 }, 'request.unavailable');
      return sendProblem(res, unavailable('Redis is away'));
    }
    log.error({ ...about, err: error, stack: framesOf(error) }, 'request.failed');
    if (res.headersSent) return void res.destroy(); // half an answer must not look like a whole one
    sendProblem(res, { status: 500, detail: 'Something broke on our side. The request id finds it in the log.' });
  };
}

/** The same as the last handler of Express, which knows one by its four parameters. */
export function onError(answerError: AnswerError): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => answerError(error, req, res);
}

/** Without the query, where people put what belongs into headers. */
function pathOf({ url = '' }: IncomingMessage): string {
  return (url.split('?', 1)[0] ?? '').slice(0, 256);
}

/** The status of an error that Express raises for a caller's mistake, such as `%zz` in an address. */
function mistakeOf(error: unknown): number | undefined {
  const { status } = error as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

/** Where a defect happened, without its message: the log keeps that apart and short. */
function framesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return lines.filter((line) => line.startsWith('at ')).slice(0, 8);
}
