// Owns the way in: decisions become wishes in one confirmed step, and visits are queued for them. The confirmation is the
// promise; the queueing after it is only a wake-up.
import type { Accepted, Appointment, Delivery } from './change.ts';
import type { Records } from './record.ts';

export interface CoreParts {
  readonly records: Pick<Records, 'accept'>;
  /** Has a visit queued, sooner or later. */
  readonly wake: (appointment: Appointment) => void;
  readonly newId: (prefix: string) => string;
  /** How long a wish through this account may be tried, ms. */
  readonly deadlineMs: (account: string) => number;
}

/** Resolves once Redis has confirmed the event and all its wishes; rejects when it has not. */
export type Accept = (delivery: Delivery) => Promise<Accepted>;

export function makeAccept({ records, wake, newId, deadlineMs }: CoreParts): Accept {
  return async function accept(delivery) {
    const { accepted, appointments } = await records.accept(delivery, { newId, deadlineMs });
    for (const appointment of appointments) wake(appointment);
    return accepted;
  };
}
