// A delivery that was turned away, as the tests of its road need it.
import type { Rejection } from '../../src/ledger/rejection.ts';

let made = 0;

/** Unproven, of the source `github`, now; no two are the same. */
export function rejection(over: Partial<Rejection> = {}): Rejection {
  made += 1;
  return {
    at: Date.now(),
    source: 'github',
    reason: 'unproven',
    status: 401,
    why: 'there is no x-hub-signature-256 header',
    requestId: `req_${made}`,
    headerBytes: 120,
    ...over,
  };
}
