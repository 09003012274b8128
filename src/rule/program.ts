// Owns turning a checked syntax tree into a function: one closure per node, made once. Evaluation is ours and not
// cel-js's, because nothing there bounds the work that a stranger's event can cause (its `matches` and even `contains`
// can be made to run for a minute), and because a reason needs to know what was read. Failures are values; nothing throws.
import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../config/closest.ts';
import { lookUp, read, readOptional } from './access.ts';
import { buildCall, buildMethod } from './call.ts';
import { entryOf } from './dispatch.ts';
import type { Given, Run, Scope } from './frame.ts';
import { knownFields } from './language.ts';
import { Mistake } from './mistake.ts';
import { type BinaryOperator, negate, operate } from './operator.ts';
import { fieldNameOf, isSecret, tellable, textOf } from './source-text.ts';
import { Failure, inWords, kindOf, overworked } from './value.ts';

/** A function that evaluates the node. Throws a `Mistake` for names, functions and literals that cannot work. */
export function build(node: ASTNode, scope: Scope): Run {
  switch (node.op) {
    case 'value':
      return buildLiteral(node);
    case 'id':
      return buildName(node, node.args, scope);
    case '.':
    case '[]':
    case '.?':
    case '[?]':
      return buildAccess(node, scope);
    case '&&':
      return buildLogic(node, node.args, false, scope);
    case '||':
      return buildLogic(node, node.args, true, scope);
    case '!_':
      return buildNot(node, build(node.args, scope));
    case '-_':
      return strict(build(node.args, scope), negate);
    case '?:':
      return buildChoice(
        node.args[0],
        node.args.map((part) => build(part, scope)),
      );
    case 'list':
      return buildList(node.args.map((element) => build(element, scope)));
    case 'map':
      return buildMap(
        node,
        node.args.map(([key, value]) => [build(key, scope), build(value, scope)] as const),
      );
    case 'call':
      return node.args[0] === 'has' ? buildHas(node, node.args[1][0], scope) : buildCall(node, scope, build);
    case 'rcall':
      return buildMethod(node, scope, build);
    default:
      return buildOperator(node, node.op, build(node.args[0], scope), build(node.args[1], scope));
  }
}

function buildLiteral(node: ASTNode): Run {
  const value: unknown = node.args;
  if (typeof value === 'bigint' && (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER)) {
    throw new Mistake(
      `${value} is beyond 2^53, where JSON rounds numbers`,
      'expected a smaller whole number, or a comparison of texts',
      node.pos,
    );
  }
  if (typeof value === 'object' && value !== null) {
    throw new Mistake(`${textOf(node)} is not used here`, 'expected a number, a text, true, false or null', node.pos);
  }
  return () => value;
}

function buildName(node: ASTNode, name: string, scope: Scope): Run {
  const slot = scope.elements.lastIndexOf(name);
  if (slot !== -1) return (frame) => frame.slots[slot];
  if (scope.variables.includes(name)) return (frame) => frame.given[name] ?? absent(frame.given, name);
  const known = [...scope.elements, ...scope.variables];
  const hint = name === 'item' ? '; `item` exists in rules with `each`' : didYouMean(name, known);
  throw new Mistake(`there is no variable ${name}`, `expected one of ${known.join(', ')}${hint}`, node.pos);
}

/** A body may be null; undefined is no value at all. */
function absent(given: Given, name: string): unknown {
  return given[name] === null ? null : new Failure(`${name} is missing`);
}

type Access = Extract<ASTNode, { op: '.' | '.?' | '[]' | '[?]' }>;

function buildAccess(node: Access, scope: Scope): Run {
  const of = node.args[0];
  checkFieldName(node, of, scope);
  const value = build(of, scope);
  const key = typeof node.args[1] === 'string' ? constant(node.args[1]) : build(node.args[1], scope);
  if (node.op === '.?' || node.op === '[?]') return (frame) => readOptional(value(frame), key(frame));
  const place = { whole: textOf(node), within: textOf(of), secret: isSecret(of) };
  return (frame) => read(value(frame), key(frame), place, frame.meter);
}

/** Where the name of the field stands. */
function keyPlace(node: Access): number {
  return typeof node.args[1] === 'string' ? node.pos : node.args[1].pos;
}

function constant(value: string): Run {
  return () => value;
}

function checkFieldName(node: Access, of: ASTNode, scope: Scope): void {
  const name = fieldNameOf(node);
  if (of.op !== 'id' || scope.elements.includes(of.args) || name === undefined) return;
  const known = Object.keys(entryOf(knownFields, of.args) ?? {});
  if (known.length > 0 && !known.includes(name)) {
    const meant = didYouMean(name, known).replace('mean ', `mean ${of.args}.`);
    throw new Mistake(`${of.args} has no field ${name}`, `expected one of ${known.join(', ')}${meant}`, keyPlace(node));
  }
  if (of.args === 'headers' && name !== name.toLowerCase()) {
    throw new Mistake(`no header is named ${name}`, `expected lower case: "${name.toLowerCase()}"`, keyPlace(node));
  }
}

/** `&&` (decided by false) and `||` (decided by true): the deciding value wins over a failure on the other side. */
function buildLogic(node: ASTNode, sides: readonly [ASTNode, ASTNode], decides: boolean, scope: Scope): Run {
  const left = build(sides[0], scope);
  const right = build(sides[1], scope);
  return (frame) => {
    const first = left(frame);
    if (first === decides) return decides;
    const second = right(frame);
    if (second === decides) return decides;
    if (first instanceof Failure) return first;
    if (typeof first !== 'boolean') return notBool(sides[0], first);
    return typeof second === 'boolean' || second instanceof Failure ? second : notBool(sides[1] ?? node, second);
  };
}

function notBool(node: ASTNode, value: unknown): Failure {
  return new Failure(() => `${tellable(node)} is ${inWords(kindOf(value))}, expected true or false`);
}

function buildNot(node: ASTNode, operand: Run): Run {
  return (frame) => {
    const value = operand(frame);
    if (typeof value === 'boolean') return !value;
    return value instanceof Failure ? value : notBool(node, value);
  };
}

function strict(operand: Run, work: (value: unknown) => unknown): Run {
  return (frame) => {
    const value = operand(frame);
    return value instanceof Failure ? value : work(value);
  };
}

function buildChoice(conditionNode: ASTNode, parts: readonly Run[]): Run {
  const [condition, yes, no] = parts;
  return (frame) => {
    const chosen = condition?.(frame);
    if (chosen === true) return yes?.(frame);
    if (chosen === false) return no?.(frame);
    return chosen instanceof Failure ? chosen : notBool(conditionNode, chosen);
  };
}

function buildList(elements: readonly Run[]): Run {
  return (frame) => {
    const values = elements.map((element) => element(frame));
    return values.find((value) => value instanceof Failure) ?? values;
  };
}

function buildMap(node: ASTNode, entries: readonly (readonly [Run, Run])[]): Run {
  return (frame) => {
    const made: [string, unknown][] = [];
    for (const [makeKey, makeValue] of entries) {
      const [key, value] = [makeKey(frame), makeValue(frame)];
      if (key instanceof Failure) return key;
      if (value instanceof Failure) return value;
      if (typeof key !== 'string') return new Failure(() => `a name in ${tellable(node)} is ${inWords(kindOf(key))}`);
      made.push([key, value]);
    }
    return Object.fromEntries(made);
  };
}

/** `has(a.b)`: whether `a` has `b`. As in CEL it is a failure when there is no `a` to look into. */
function buildHas(node: ASTNode, argument: ASTNode | undefined, scope: Scope): Run {
  if (argument?.op !== '.' && argument?.op !== '.?') {
    throw new Mistake('has() looks for a field', 'expected has(body.field)', node.pos);
  }
  checkFieldName(argument, argument.args[0], scope);
  const value = build(argument.args[0], scope);
  const name = argument.args[1];
  return (frame) => {
    const found = value(frame);
    return found instanceof Failure ? found : lookUp(found, name) !== undefined;
  };
}

function buildOperator(node: ASTNode, op: BinaryOperator, left: Run, right: Run): Run {
  const told = tellable(node);
  return (frame) => {
    const a = left(frame);
    if (a instanceof Failure) return a;
    const b = right(frame);
    if (b instanceof Failure) return b;
    const result = operate(op, a, b, frame.meter);
    return result instanceof Failure ? within(told, result) : result;
  };
}

/** The failure, with the words of the node in which it happened. Being overworked is nobody's fault in particular. */
function within(told: string, failure: Failure): Failure {
  return failure === overworked ? failure : new Failure(() => `${told}: ${failure.reason()}`);
}
