// Owns one CEL expression of a rule or source: compiled and type-checked at load, then evaluated within a counted
// amount of work and without ever throwing. What the answer must be is said at load (`expects`).
import { Optional } from '@marcbachmann/cel-js';
import { type Answers, canAnswer, checkWrittenStatus, type Expects, questions } from './answer.ts';
import { type Explanation, makeExplanation } from './explain.ts';
import type { Frame, Given, Run, Scope } from './frame.ts';
import { type Parsed, parse, type VariableName } from './language.ts';
import { running, telling } from './limits.ts';
import { type Meter, makeMeter, spend } from './meter.ts';
import { Mistake } from './mistake.ts';
import { build } from './program.ts';
import { cut } from './show.ts';
import { isSecret, stepsOf } from './source-text.ts';
import { Failure, overworked } from './value.ts';

/** The answer, or why there is none: a missing field, a value of the wrong kind, too much work. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** A compiled expression. Neither function throws, whatever the event. */
export interface Expression<T> {
  readonly ok: true;
  readonly text: string;
  /** Whether it reads something that sounds like a secret; its values are then not repeated. */
  readonly secret: boolean;
  /** Evaluates; work is taken from `meter`, by default a full one. */
  evaluate(given: Given, meter?: Meter): Outcome<T>;
  /** For a condition that was not true: the part that decided and the values it read. */
  explain(given: Given, meter?: Meter): string;
  /** For a condition that was true: that it is, in few words. */
  readonly holds: string;
}

/** A mistake in the text: what is wrong, what was expected, and how many characters into the text. */
export interface Refused {
  readonly ok: false;
  readonly what: string;
  readonly expected: string;
  readonly offset: number;
}

/** Compiles a text. Mistakes are values; throws only on defects. */
export function compile<E extends Expects>(
  text: string,
  options: { readonly variables: readonly VariableName[]; readonly expects: E },
): Expression<Answers[E]> | Refused {
  try {
    return make(text, options.variables, options.expects);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { ok: false, what: error.message, expected: error.expected, offset: error.offset };
  }
}

function make<E extends Expects>(text: string, variables: readonly VariableName[], expects: E): Expression<Answers[E]> {
  const scope: Scope = { variables, elements: [] };
  const parsed = parse(text, variables);
  const run = build(parsed.tree, scope);
  checkType(parsed, expects);
  const explanation = makeExplanation(parsed.tree, scope, build);
  const evaluate = makeEvaluate(run, parsed, expects);
  return {
    ok: true,
    text,
    secret: isSecret(parsed.tree),
    evaluate,
    explain: makeExplain(explanation),
    holds: explanation.holds,
  };
}

function checkType(parsed: Parsed, expects: Expects): void {
  const type = parsed.checkedType();
  if (!canAnswer(expects, type)) {
    throw new Mistake(`this is of type ${type}`, `expected ${questions[expects].wanted}`, parsed.tree.start);
  }
  if (expects === 'status') checkWrittenStatus(parsed.tree);
}

function makeEvaluate<E extends Expects>(run: Run, parsed: Parsed, expects: E) {
  const steps = stepsOf(parsed.tree);
  const secret = isSecret(parsed.tree);
  const { take } = questions[expects];
  return (given: Given, meter = makeMeter(running.ruleSteps)): Outcome<Answers[E]> => {
    if (!spend(meter, steps)) return refuse(overworked);
    const value = safely(run, { given, meter, slots: [] });
    if (meter.left < 0) return refuse(overworked);
    if (value instanceof Failure) return refuse(value);
    const answer = take(value instanceof Optional ? value.orValue(null) : value, secret);
    return answer instanceof Failure ? refuse(answer) : { ok: true, value: answer as Answers[E] };
  };
}

/** The sentence is made when it is read: conditions are explained in another way, and most are not met. */
function refuse(failure: Failure): { readonly ok: false; readonly reason: string } {
  return {
    ok: false,
    get reason() {
      return cut(failure.reason(), telling.reason);
    },
  };
}

function makeExplain(explanation: Explanation) {
  return (given: Given, meter = makeMeter(running.ruleSteps)): string => {
    const told = safely((frame) => explanation.why(frame), { given, meter, slots: [] });
    return typeof told === 'string' ? told : 'it could not be explained';
  };
}

/** The last fence: one event must not take the receiver down, even by a defect of ours or a stack that ran out. */
function safely(run: Run, frame: Frame): unknown {
  try {
    return run(frame);
  } catch (error) {
    return new Failure(`it could not be evaluated (${error instanceof Error ? error.name : 'unknown error'})`);
  }
}
