// Owns the limit against floods of questions (everything but deliveries, which pressure.ts has), per process and in memory.
// It is for floods, not for load: people and their scripts do not meet it. Leaves who asks to the proxy in front.
import type { RequestHandler } from 'express';
import { rateLimit, type Store } from 'express-rate-limit';
import type { Log } from '../log.ts';
import { requestIdOf, sendProblem } from './problem.ts';

const WINDOW_MS = 1000;

/** Lets `perSecond` requests pass in each second, whoever sends them; the others get 429 with `Retry-After: 1`. */
export function makeFloodGate(parts: { name: string; perSecond: number; now: () => number; log: Log }): RequestHandler {
  const { name, perSecond, now, log } = parts;
  let toldAt = Number.NEGATIVE_INFINITY;

  return rateLimit({
    windowMs: WINDOW_MS,
    limit: perSecond,
    store: oneCounter(now),
    // One key for all: addresses are cheap for a flood, and behind a proxy they would all be the proxy's.
    keyGenerator: () => name,
    // These checks warn about addresses and proxies, on standard output and past our log; no address is used here.
    validate: false,
    legacyHeaders: false,
    standardHeaders: false,
    handler: (_req, res) => {
      if (Math.abs(now() - toldAt) >= WINDOW_MS) {
        // One line a second: a line for each would make our log the flood.
        toldAt = now();
        log.warn({ requestId: requestIdOf(res), gate: name, perSecond }, 'flood.held');
      }
      const detail = 'Too many requests at once. Send it again later.';
      sendProblem(res, { status: 429, detail, headers: { 'retry-after': '1' } });
    },
  });
}

/** A store for one key: two numbers, no timer to stop. A clock that steps back starts a new window. */
function oneCounter(now: () => number): Store {
  let hits = 0;
  let startedAt = Number.NEGATIVE_INFINITY;
  return {
    localKeys: true,
    increment: () => {
      const at = now();
      if (Math.abs(at - startedAt) >= WINDOW_MS) {
        hits = 0;
        startedAt = at;
      }
      hits += 1;
      return { totalHits: hits, resetTime: new Date(startedAt + WINDOW_MS) };
    },
    decrement: () => {
      hits -= 1;
    },
    resetKey: () => {
      hits = 0;
    },
  };
}
