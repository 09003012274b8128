// Owns what an expression may be asked for: which types can give it, checked at load, and how the value is taken.
import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../config/closest.ts';
import { isStatus, type Status, statuses } from '../ticket/ticket.ts';
import { running } from './limits.ts';
import { Mistake } from './mistake.ts';
import { mention } from './show.ts';
import { textOf } from './source-text.ts';
import { Failure, isNumber } from './value.ts';

/** What each question is answered with. */
export interface Answers {
  /** A condition. */
  readonly bool: boolean;
  /** A name for something, as it stands: a text or a number. The source judges what it can use. */
  readonly string: unknown;
  /** Ticket ids as they stand, not yet checked; one text counts as a list of one. */
  readonly 'string|list<string>': readonly unknown[];
  /** Names or numbers to find tickets by, as they stand; one counts as a list of one. */
  readonly 'name|list<name>': readonly unknown[];
  readonly status: Status;
  /** A time, as it stands: a Date, a text or a number. The source judges here too. */
  readonly timestamp: unknown;
  readonly list: readonly unknown[];
}

export type Expects = keyof Answers;

export interface Question<T> {
  /** The CEL types that can give an answer, besides those known only at run time. */
  readonly types: RegExp;
  readonly wanted: string;
  /** Takes the answer from a value. `secret` values are not repeated in the failure. */
  take(value: unknown, secret: boolean): T | Failure;
}

export const questions: { readonly [E in Expects]: Question<Answers[E]> } = {
  bool: {
    types: /^bool$/,
    wanted: 'true or false',
    take: (value, secret) => (typeof value === 'boolean' ? value : wrong(value, secret, 'true or false')),
  },
  string: { types: /^(string|int|double)$/, wanted: 'a text', take: (value) => value },
  'string|list<string>': {
    types: /^(string|list)/,
    wanted: 'a text or a list of texts',
    take: (value, secret) =>
      typeof value === 'string' ? [value] : takeList(value, secret, 'a ticket id or a list of them'),
  },
  'name|list<name>': {
    types: /^(string|int|double|list)/,
    wanted: 'a text, a number or a list of them',
    take: (value, secret) =>
      typeof value === 'string' || isNumber(value)
        ? [value]
        : takeList(value, secret, 'a text, a number or a list of them'),
  },
  status: {
    types: /^string$/,
    wanted: `one of ${statuses.join(', ')}`,
    take: (value, secret) => (isStatus(value) ? value : wrong(value, secret, `one of ${statuses.join(', ')}`)),
  },
  timestamp: {
    types: /^(string|int|double|google\.protobuf\.Timestamp)$/,
    wanted: 'a time, its text in ISO 8601, or unix seconds',
    take: (value) => value,
  },
  list: {
    types: /^list/,
    wanted: 'a list',
    take: (value, secret) => (Array.isArray(value) ? value : wrong(value, secret, 'a list')),
  },
};

/** Whether an expression of this type can give the answer. Types such as `dyn` are settled only by an event. */
export function canAnswer(expects: Expects, type: string): boolean {
  return /^(dyn|optional|\w$)/.test(type) || questions[expects].types.test(type);
}

/** Throws a `Mistake` for a status written out that is none, also behind a `? :`. */
export function checkWrittenStatus(node: ASTNode): void {
  if (node.op === '?:') {
    checkWrittenStatus(node.args[1]);
    checkWrittenStatus(node.args[2]);
  }
  if (node.op !== 'value' || isStatus(node.args)) return;
  const meant = typeof node.args === 'string' ? didYouMean(node.args, statuses) : '';
  throw new Mistake(`${textOf(node)} is not a status`, `expected one of ${statuses.join(', ')}${meant}`, node.pos);
}

function wrong(value: unknown, secret: boolean, wanted: string): Failure {
  return new Failure(() => `it is ${mention(value, secret)}, expected ${wanted}`);
}

function takeList(value: unknown, secret: boolean, wanted: string): readonly unknown[] | Failure {
  if (!Array.isArray(value)) return wrong(value, secret, wanted);
  if (value.length === 0) return new Failure('it is an empty list, so it names no ticket');
  if (value.length <= running.tickets) return value;
  return new Failure(`it is a list of ${value.length} elements, at most ${running.tickets} tickets are taken`);
}
