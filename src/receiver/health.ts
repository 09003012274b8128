// Owns what the platform is told: /healthz says that the process lives, /readyz whether it can keep its promise. Leaves
// the checks to whoever knows Redis, the accounts and the workers.
import type { RequestHandler } from 'express';
import { late, within } from './deadline.ts';
import { sendJson } from './problem.ts';

/** The checks behind /readyz. `detail` is shown to anyone who asks, so it holds no secret and no address. */
export interface Health {
  ready(): Promise<Readiness>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string | undefined }[];
}

/** Always 200: it asks nobody, so that a platform never restarts a process because Redis is away. */
export const alive: RequestHandler = (_req, res) => {
  sendJson(res, 200, { status: 'ok' });
};

/**
 * 200 when every check holds, else 503 with the reasons. Callers who ask at the same time share one answer, so strangers
 * cannot turn this route into load on Redis; a check that hangs or throws is a check that failed.
 */
export function makeReady({ health, deadlineMs }: { health: Health; deadlineMs: number }): RequestHandler {
  let underWay: Promise<Readiness> | undefined;

  async function look(): Promise<Readiness> {
    try {
      const readiness = await within(deadlineMs, health.ready());
      return readiness === late ? failed(`no answer within ${deadlineMs} ms`) : readiness;
    } catch {
      return failed('the checks could not be made');
    }
  }

  return async function ready(_req, res) {
    underWay ??= look().finally(() => {
      underWay = undefined;
    });
    const { ready, checks } = await underWay;
    const shown = checks.map(({ name, ok, detail }) => ({ name, ok, ...(detail === undefined ? {} : { detail }) }));
    sendJson(res, ready ? 200 : 503, { ready, checks: shown });
  };
}

function failed(detail: string): Readiness {
  return { ready: false, checks: [{ name: 'readiness', ok: false, detail }] };
}
