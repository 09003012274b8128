// Events and short cuts for the tests of expressions.
import type { Answers, Expects } from '../../../src/rule/answer.ts';
import { compile, type Expression, type Outcome } from '../../../src/rule/expression.ts';
import type { Given } from '../../../src/rule/frame.ts';
import type { VariableName } from '../../../src/rule/language.ts';

export const now = Date.parse('2026-02-10T12:00:00Z');
export const variables: readonly VariableName[] = ['event', 'headers', 'body', 'item', 'now'];

/** The variables for an event with this body. */
export function given(body: unknown, more: Given = {}): Given {
  const event = { id: 'ev_1', source: 'github', type: 'issues.opened', receivedAt: new Date(now) };
  return { event, headers: {}, body, now: new Date(now), ...more };
}

export function compiled<E extends Expects>(text: string, expects: E): Expression<Answers[E]> {
  const found = compile(text, { variables, expects });
  if (!found.ok) throw new Error(`${text}: ${found.what}, ${found.expected} (${found.offset})`);
  return found;
}

/** The value of a condition over `body`, or `failure`. */
export function truth(text: string, body: unknown = {}, more: Given = {}): boolean | 'failure' {
  const outcome: Outcome<boolean> = compiled(text, 'bool').evaluate(given(body, more));
  return outcome.ok ? outcome.value : 'failure';
}

/** Why a condition over `body` was not met. */
export function why(text: string, body: unknown = {}, more: Given = {}): string {
  return compiled(text, 'bool').explain(given(body, more));
}
