// What was answered and what is stored, against what the model says is true.
import { deepStrictEqual } from 'node:assert';
import type { TicketRecord } from '../../src/change/verdict.ts';
import type { Facts } from './record-facts.ts';
import type { Model } from './record-model.ts';

/** What is stored, against what the model says is true. */
export function compareState(facts: Facts, model: Model): void {
  for (const [id, { verdict, by }] of model.changes) {
    const stored = facts.changes.get(id);
    compare(`the end of ${id}`, { verdict: stored?.verdict, by: stored?.by }, { verdict, by });
  }
  for (const [id, ticket] of model.tickets) {
    const { record = {}, lease = null, due = null } = facts.tickets.get(id) ?? {};
    compare(
      `what is stored of ${id}`,
      {
        lease: lease ?? undefined,
        owner: record.owner,
        flight: record.flight,
        unknown: record.unknownStatuses?.split(' '),
        last: record.last,
        due: due === null ? undefined : Number(due) <= facts.nowMs ? 'now' : 'later',
      },
      {
        lease: ticket.lease,
        owner: ticket.owner,
        flight: ticket.flight,
        unknown: ticket.unknown?.statuses,
        last: ticket.last,
        due: ticket.due,
      },
    );
  }
}

/** What the model knows of a record. */
export function outline({ change, version, want, isOpen, last, unknown }: TicketRecord) {
  return { change, version, want, isOpen, last, unknown: unknown?.statuses };
}

/** Throws, saying both, when they differ. */
export function compare(what: string, actual: unknown, expected: unknown): void {
  try {
    deepStrictEqual(actual, expected);
  } catch {
    throw new Error(`${what}: got ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
  }
}
