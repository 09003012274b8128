// Owns the way in: decisions become wishes in one confirmed step, and visits are queued for them. The confirmation is the
// promise; the queueing after it is only a wake-up.
import type { Accepted, Appointment, Delivery } from './change.ts';
import type { Records } from './record.ts';

export interface CoreParts {
  readonly records: Pick<Records, 'accept'>;
  readonly queue: { add(appointment: Appointment): Promise<void> };
  readonly newId: (prefix: string) => string;
  /** How long a wish through this account may be tried, ms. */
  readonly deadlineMs: (account: string) => number;
  /** Hears of wake-ups that failed; the sweep makes up for them. */
  readonly onLostKick: (error: unknown, ticket: string) => void;
}

/** Resolves once Redis has confirmed the event and all its wishes; rejects when it has not. */
export type Accept = (delivery: Delivery) => Promise<Accepted>;

export function makeAccept({ records, queue, newId, deadlineMs, onLostKick }: CoreParts): Accept {
  return async function accept(delivery) {
    const { accepted, appointments } = await records.accept(delivery, { newId, deadlineMs });
    for (const appointment of appointments) {
      queue.add(appointment).catch((error: unknown) => onLostKick(error, appointment.ticket));
    }
    return accepted;
  };
}
