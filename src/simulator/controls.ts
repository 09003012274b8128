// Owns what a test or a person may do to the simulator and ask of it, as plain functions. The same words are spoken
// over HTTP by control-routes.ts and, from another process, by client.ts.
import { z } from 'zod';
import { type Status, toTicketId } from '../ticket/ticket.ts';
import type { Seed } from './contract.ts';
import type { Fault, FaultState } from './faults.ts';
import type { JournalFilter, Seen, Stats } from './journal.ts';
import type { TicketStory } from './store.ts';
import type { Switches, World } from './world.ts';

const SwitchesInput = z.strictObject({
  credentials: z.enum(['good', 'revoked']).optional(),
  outage: z.enum(['none', 'cut', 'unavailable']).optional(),
});

export interface SimulatorControls {
  /** The calls it remembers, oldest first. */
  requests(filter?: JournalFilter): Seen[];
  /** A ticket as it stands, with its activities and the statuses that took effect; never makes one up. */
  ticket(id: string): TicketStory | undefined;
  /** A person's own hand: sets the status past credentials, limit and faults. Makes the ticket up if need be. */
  setByHand(id: string, status: Status): TicketStory;
  /** Adds or replaces tickets; gives their ids. */
  seed(tickets: readonly Seed[]): string[];
  /** Asks for a fault; gives its id, which the calls that meet it carry. */
  addFault(fault: Fault): string;
  faults(): FaultState[];
  clearFaults(): void;
  /** Switches an outage or revoked credentials on or off; what is left out stays. Gives how the switches stand. */
  set(switches: Partial<Switches>): Switches;
  /** Lets the effects of `late` calls land now; gives how many. */
  release(): number;
  stats(): SimulatorStats;
  /** As freshly started: forgets everything, the first tickets are back, open calls are cut. */
  reset(): void;
}

/** `held`: effects of `late` calls that have not landed yet. */
export type SimulatorStats = Stats & { readonly held: number };

/** Inputs are checked; a wrong one throws a ZodError or TypeError and changes nothing. */
export function makeControls(current: () => World, reset: () => void): SimulatorControls {
  return {
    requests(filter = {}) {
      const { ticket, ...rest } = filter;
      return current().journal.list(ticket === undefined ? rest : { ...rest, ticket: toId(ticket) });
    },
    ticket: (id) => current().store.peek(toId(id)),
    setByHand: (id, status) => current().store.setByHand(toId(id), status),
    seed: (tickets) => current().store.seed(tickets),
    addFault: (fault) => current().faults.add(fault),
    faults: () => current().faults.list(),
    clearFaults: () => current().faults.clear(),
    set(switches) {
      const { credentials, outage } = SwitchesInput.parse(switches);
      const now = current().switches;
      now.credentials = credentials ?? now.credentials;
      now.outage = outage ?? now.outage;
      return { ...now };
    },
    release: () => current().release(),
    stats: () => ({ ...current().journal.stats(), held: current().held() }),
    reset,
  };
}

function toId(id: string): string {
  return toTicketId(id) ?? id;
}
