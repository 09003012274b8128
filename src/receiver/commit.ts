// Owns what a 202 rests on: handing an event and its decisions to the core, and waiting for the confirmation no longer
// than promised. Leaves storing to the core; leaves HTTP to receive.ts and changes.ts.
import type { Accepted, Delivery } from '../change/change.ts';
import { late, within } from './deadline.ts';

/** The core as the receiver sees it: resolves only when Redis has confirmed. */
export interface Core {
  accept(delivery: Delivery): Promise<Accepted>;
  /** Resolves when Redis answers at all. */
  ping(): Promise<unknown>;
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
 *
 * Once a confirmation has failed to come, nothing more is sent until Redis has answered a ping: a frozen one swallows all
 * that is sent, into our memory, and what was given up by its sender would stay there until the thaw.
 */
export function makeCommit(parts: {
  core: Core;
  isUnavailable: (error: unknown) => boolean;
  deadlineMs: number;
  /** Between two pings. */
  pauseMs: number;
}): Commit {
  const { core, isUnavailable, deadlineMs, pauseMs } = parts;
  let isAway = false;

  function noteAway(): void {
    if (isAway) return;
    isAway = true;
    ping();
  }
  function ping(): void {
    core.ping().then(
      () => {
        isAway = false;
      },
      () => setTimeout(ping, pauseMs).unref(),
    );
  }

  return async function commit(delivery) {
    if (isAway) return { kind: 'unavailable', why: 'Redis does not answer' };
    try {
      const accepted = await within(deadlineMs, core.accept(delivery));
      if (accepted === late) {
        noteAway();
        return { kind: 'unavailable', why: `no confirmation within ${deadlineMs} ms` };
      }
      if (accepted.conflict) return { kind: 'conflict', eventId: accepted.eventId };
      const { eventId, duplicate, changes } = accepted;
      return { kind: 'stored', eventId, duplicate, changes };
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      noteAway();
      return { kind: 'unavailable', why: 'Redis is away' };
    }
  };
}
