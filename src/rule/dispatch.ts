// Owns finding the overload of a function for what it is given, and saying what it needs when there is none.
import type { ASTNode } from '@marcbachmann/cel-js';
import type { Build, Run, Scope } from './frame.ts';
import type { Overload } from './function.ts';
import { mention } from './show.ts';
import { isSecret, tellable } from './source-text.ts';
import { Failure, inWords, type Kind, kindOf, overworked } from './value.ts';

/** The own entry of that name: `constructor` is not in a table unless it was put there. */
export function entryOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Evaluates the arguments and calls the first overload that takes values of their kinds. */
export function dispatch(
  node: ASTNode,
  name: string,
  overloads: readonly Overload[],
  args: readonly ASTNode[],
  scope: Scope,
  build: Build,
): Run {
  const runs = args.map((arg) => build(arg, scope));
  const fitting = overloads.filter(({ takes }) => takes.length === args.length);
  return (frame) => {
    const values: unknown[] = [];
    for (const run of runs) {
      const value = run(frame);
      if (value instanceof Failure) return value;
      values.push(value);
    }
    const overload = fitting.find(fits(values, kindOf)) ?? fitting.find(fits(values, lenientKindOf));
    if (overload === undefined) return wrongKind(name, fitting, args, values);
    const result = overload.work(values, frame.meter);
    return result instanceof Failure && result !== overworked ? inCall(node, result) : result;
  };
}

function fits(values: readonly unknown[], kindOf: (value: unknown) => Kind): (overload: Overload) => boolean {
  return ({ takes }) => takes.every((kind, i) => kind === 'any' || kind === kindOf(values[i]));
}

/** JSON has only doubles, so a whole one will do where CEL wants an int. */
function lenientKindOf(value: unknown): Kind {
  return typeof value === 'number' && Number.isInteger(value) ? 'int' : kindOf(value);
}

function inCall(node: ASTNode, failure: Failure): Failure {
  return new Failure(() => `${tellable(node)}: ${failure.reason()}`);
}

function wrongKind(
  name: string,
  fitting: readonly Overload[],
  args: readonly ASTNode[],
  values: readonly unknown[],
): Failure {
  return new Failure(() => {
    const wrong = values.findIndex((value, i) =>
      fitting.every(({ takes }) => takes[i] !== 'any' && takes[i] !== lenientKindOf(value)),
    );
    const at = Math.max(0, wrong);
    const wanted = new Set(
      fitting.flatMap(({ takes }) => (takes[at] && takes[at] !== 'any' ? [inWords(takes[at])] : [])),
    );
    return `${tell(args[at], values[at])}, ${name}() needs ${[...wanted].join(' or ') || 'something else'}`;
  });
}

/** `body.title is null`, or the kind only where the value is not to be repeated. */
export function tell(node: ASTNode | undefined, value: unknown): string {
  if (node === undefined) return 'an argument is missing';
  return `${tellable(node)} is ${mention(value, isSecret(node))}`;
}
