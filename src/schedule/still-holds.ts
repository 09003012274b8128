// Owns the second look: whether a rule on the clock still wants of a ticket what it wanted when it saw it in the list.
import { type CompiledClockRule, decideClock } from '../rule/clock-rule.ts';
import { toListedTicket } from '../ticket/list.ts';

/** `fields`: the ticket as the vendor just told of it; `nowMs` by Redis' clock. */
export type StillHolds = (
  rule: string,
  ticket: { readonly fields: unknown },
  nowMs: number,
) => { readonly holds: boolean; readonly reason: string };

/** `rules` gives those in force now: a rule that is gone by then wants nothing any more. */
export function makeStillHolds(rules: () => readonly CompiledClockRule[]): StillHolds {
  return (name, { fields }, nowMs) => {
    const rule = rules().find((one) => one.name === name);
    if (rule === undefined) return { holds: false, reason: `there is no rule ${name} on the clock any more` };
    const ticket = toListedTicket(fields);
    if (ticket === undefined) return { holds: false, reason: "the ticket is not as the vendor's contract has it" };
    const { kind, reason } = decideClock(rule, ticket, nowMs);
    return { holds: kind === 'matched', reason };
  };
}
