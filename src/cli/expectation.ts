// Owns whether decisions are as a fixture expects them: which expected change was not made, and which made one was not
// expected. Pure.
import { tellWanted } from '../ledger/tell.ts';
import { durationText } from '../moment.ts';
import type { Decision } from '../rule/rule.ts';
import type { Expected } from './fixture.ts';

/** What a rule made of the event. */
export type Made = Exclude<Decision, { kind: 'unmatched' }>;

export interface Difference {
  readonly missing: readonly Expected[];
  readonly unexpected: readonly Made[];
}

/**
 * Each expected change has to be there, once, and no other; the order is free. Shadowed ones come to nothing, so they need
 * not be expected.
 */
export function compare(decisions: readonly Decision[], expected: readonly Expected[]): Difference {
  const left = decisions.filter((decision) => decision.kind !== 'unmatched');
  // Those that say most are served first, or a modest one would take what they need.
  const order = expected.toSorted((a, b) => Object.keys(b).length - Object.keys(a).length);
  const missing = order.filter((one) => {
    const found = left.findIndex((made) => isAs(made, one));
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
  return { missing, unexpected: left.filter(({ kind }) => kind !== 'shadowed') };
}

function isAs(made: Made, expected: Expected): boolean {
  const { rule, ticket } = expected;
  if (made.ticket !== ticket || (rule !== undefined && made.rule !== rule)) return false;
  switch (made.kind) {
    case 'matched':
      return expected.shadowedBy === undefined && isWish(made, expected);
    case 'shadowed':
      return expected.shadowedBy === made.by && isSame(expected.status, made.status) && expected.status !== undefined;
    case 'links':
      return expected.link === made.key && isSame(expected.dryRun, made.dryRun);
    case 'cancels':
      return expected.cancels === true;
    default:
      return made satisfies never;
  }
}

function isWish(made: Extract<Made, { kind: 'matched' }>, expected: Expected): boolean {
  const { status, account, from, after, dryRun } = expected;
  const isFrom = from === undefined || from.toSorted().join() === (made.from ?? []).toSorted().join();
  return (
    status === made.status &&
    isSame(account, made.account) &&
    isSame(after, made.afterMs) &&
    isSame(dryRun, made.dryRun) &&
    isFrom
  );
}

function isSame<T>(expected: T | undefined, made: T | undefined): boolean {
  return expected === undefined || expected === made;
}

/** An expected change in words, as those that were made are told. */
export function tellExpected(expected: Expected): string {
  const { rule, ticket, status, link, account, from, after, dryRun, shadowedBy } = expected;
  const of = rule === undefined ? '' : `${rule}: `;
  if (expected.cancels) return `${of}ended its wait for ticket ${ticket}`;
  if (link !== undefined) return `${of}remembers ticket ${ticket} as ${JSON.stringify(link)}`;
  const facts = [
    after === undefined ? '' : ` after ${durationText(after)}`,
    from === undefined ? '' : `, if it is ${from.join(' or ')} then`,
    account === undefined ? '' : `, account ${account}`,
    dryRun === undefined ? '' : dryRun ? ' (dry run)' : ' (no dry run)',
    shadowedBy === undefined ? '' : `, shadowed by ${shadowedBy}`,
  ];
  return `${of}ticket ${ticket} shall be ${status}${facts.join('')}`;
}

/** A change that was made, with the rule that made it. */
export function tellMade(made: Made): string {
  const account = made.kind === 'matched' || made.kind === 'shadowed' ? `, account ${made.account}` : '';
  return `${made.rule}: ${tellWanted(made)}${account}`;
}
