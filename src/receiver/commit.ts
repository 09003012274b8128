// Owns what a 202 rests on: handing an event and its decisions to the core, and waiting for the confirmation no longer
// than promised. Leaves storing to the core; leaves HTTP to receive.ts and changes.ts.
import type { Accepted, Delivery } from '../change/change.ts';
import { late, within } from './deadline.ts';

/** The core as the receiver sees it: resolves only when Redis has confirmed. */
export interface Core {
  accept(delivery: Delivery): Promise<Accepted>;
}

export type Committed =
  | ({ readonly kind: 'stored' } & Pick<Accepted, 'eventId' | 'duplicate' | 'changes'>)
  | { readonly kind: 'conflict'; readonly eventId: string }
  | { readonly kind: 'unavailable'; readonly why: string };

export type Commit = (delivery: Delivery) => Promise<Committed>;

/**
 * The commit point with an outer deadline. A frozen Redis keeps its connections open and answers nothing, so the
 * client's own timeouts are not relied on. What is stored after the deadline is safe: the sender was told 503, sends
 * again, and the repetition is recognised. Rejects only with defects.
 */
export function makeCommit(parts: {
  core: Core;
  isUnavailable: (error: unknown) => boolean;
  deadlineMs: number;
}): Commit {
  const { core, isUnavailable, deadlineMs } = parts;
  return async function commit(delivery) {
    try {
      const accepted = await within(deadlineMs, core.accept(delivery));
      if (accepted === late) return { kind: 'unavailable', why: `no confirmation within ${deadlineMs} ms` };
      if (accepted.conflict) return { kind: 'conflict', eventId: accepted.eventId };
      const { eventId, duplicate, changes } = accepted;
      return { kind: 'stored', eventId, duplicate, changes };
    } catch (error) {
      if (isUnavailable(error)) return { kind: 'unavailable', why: 'Redis is away' };
      throw error;
    }
  };
}
