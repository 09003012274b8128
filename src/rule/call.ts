// Owns calls: finding the function for what it is given, regular expressions, time zones, optionals and loops. What can
// be settled before there is an event (patterns, zones, written-out times) is settled while compiling.
import { type ASTNode, Optional } from '@marcbachmann/cel-js';
import { didYouMean } from '../config/closest.ts';
import type { Build, Run, Scope } from './frame.ts';
import { functions, methods, type Overload } from './function.ts';
import { running, writing } from './limits.ts';
import { type LoopName, loopNames, makeLoop } from './loop.ts';
import { makeMeter, spend } from './meter.ts';
import { Mistake } from './mistake.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { mention } from './show.ts';
import { isSecret, stepsOf, tellable, textOf } from './source-text.ts';
import { clockParts, makeClock, readUtc } from './time.ts';
import { Failure, inWords, type Kind, kindOf, overworked } from './value.ts';

type Call = Extract<ASTNode, { op: 'call' }>;
type Method = Extract<ASTNode, { op: 'rcall' }>;

/** `name(a)` */
export function buildCall(node: Call, scope: Scope, build: Build): Run {
  const [name, args] = node.args;
  const overloads = entryOf(functions, name);
  if (overloads === undefined) throw unknownFunction(name, Object.keys(functions), node.pos);
  const run = dispatch(node, name, overloads, args, scope, build);
  return isWritten(args) && (name === 'timestamp' || name === 'duration') ? settled(node, run) : run;
}

/** `value.name(a)` */
export function buildMethod(node: Method, scope: Scope, build: Build): Run {
  const [name, receiver, args] = node.args;
  if (isLoop(name)) return buildLoop(node, name, scope, build);
  if (receiver.op === 'id' && receiver.args === 'optional') return buildOptional(node, scope, build);
  if (name === 'matches' || name === 'extract') return buildPatternCall(node, scope, build);
  if (name === 'orValue' || name === 'or') return buildOr(node, scope, build);
  if (Object.hasOwn(clockParts, name)) return buildClockPart(node, scope, build);
  const overloads = entryOf(methods, name);
  if (overloads === undefined) throw unknownFunction(name, methodNames, nameOffset(node));
  return dispatch(node, name, overloads, [receiver, ...args], scope, build);
}

const methodNames: readonly string[] = [
  ...new Set([...Object.keys(methods), ...Object.keys(clockParts), ...loopNames]),
  'matches',
  'extract',
  'orValue',
  'or',
];

function entryOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The near name where there is one, else all of them. */
function unknownFunction(name: string, known: readonly string[], offset: number): Mistake {
  const meant = didYouMean(name, known);
  const expected = meant === '' ? `expected one of ${known.join(', ')}` : `expected a function that there is${meant}`;
  return new Mistake(`there is no function ${name}`, expected, offset);
}

/** Where the name of a method stands: behind what it is called on. */
function nameOffset(node: Method): number {
  const [name, receiver] = node.args;
  return Math.max(node.start, node.input.indexOf(name, receiver.end));
}

function isWritten(args: readonly ASTNode[]): boolean {
  return args.every((arg) => arg.op === 'value');
}

/** The one value that a call without variables has; a mistake when it has none. */
function settled(node: ASTNode, run: Run): Run {
  const value = run({ given: {}, meter: makeMeter(running.ruleSteps), slots: [] });
  if (value instanceof Failure) throw new Mistake(value.reason(), 'expected one that can be read', node.pos);
  return () => value;
}

function dispatch(
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
function tell(node: ASTNode | undefined, value: unknown): string {
  if (node === undefined) return 'an argument is missing';
  return `${tellable(node)} is ${mention(value, isSecret(node))}`;
}

function isLoop(name: string): name is LoopName {
  return (loopNames as readonly string[]).includes(name);
}

function buildLoop(node: Method, name: LoopName, scope: Scope, build: Build): Run {
  const [, source, [variable, body, value]] = node.args;
  if (variable?.op !== 'id' || body === undefined || (value !== undefined && name !== 'map')) {
    throw new Mistake(
      `${name}() needs a name for the element and a condition on it`,
      `expected for instance ${name}(x, x.name == "a")`,
      nameOffset(node),
    );
  }
  const slot = scope.elements.length;
  if (slot >= writing.nesting) {
    throw new Mistake(
      `${name}() is the third loop inside another`,
      `expected at most ${writing.nesting}: exists, all, exists_one, map and filter take a pass for each element`,
      nameOffset(node),
    );
  }
  const inner = { ...scope, elements: [...scope.elements, variable.args] };
  return makeLoop(name, {
    source: build(source, scope),
    sourceText: textOf(source),
    slot,
    body: build(body, inner),
    passCost: stepsOf(body) + (value === undefined ? 0 : stepsOf(value)),
    ...(value === undefined ? {} : { value: build(value, inner) }),
  });
}

function buildOptional(node: Method, scope: Scope, build: Build): Run {
  const [name, , [argument]] = node.args;
  if (name === 'none' && argument === undefined) return () => Optional.none();
  if (name !== 'of' || argument === undefined)
    throw unknownFunction(`optional.${name}`, ['optional.of', 'optional.none'], node.pos);
  const value = build(argument, scope);
  return (frame) => {
    const found = value(frame);
    return found instanceof Failure ? found : Optional.of(found);
  };
}

/** The fallback is evaluated only when it is needed. */
function buildOr(node: Method, scope: Scope, build: Build): Run {
  const [name, receiver, [fallback]] = node.args;
  const [value, other] = [build(receiver, scope), fallback && build(fallback, scope)];
  return (frame) => {
    const found = value(frame);
    if (found instanceof Failure) return found;
    if (!(found instanceof Optional))
      return new Failure(() => `${tell(receiver, found)}, ${name}() needs an optional value`);
    if (!found.hasValue()) return other?.(frame);
    return name === 'or' ? found : found.value();
  };
}

function buildPatternCall(node: Method, scope: Scope, build: Build): Run {
  const [name, receiver, [argument]] = node.args;
  const pattern = compilePattern(argument, node);
  const value = build(receiver, scope);
  return (frame) => {
    const found = value(frame);
    if (found instanceof Failure) return found;
    if (typeof found !== 'string') return new Failure(() => `${tell(receiver, found)}, ${name}() needs a text`);
    if (found.length > running.characters) {
      return new Failure(
        () => `${tellable(receiver)} has ${found.length} characters, at most ${running.characters} are searched`,
      );
    }
    return spend(frame.meter, pattern.cost(found)) ? applyPattern(name, pattern, found, node) : overworked;
  };
}

function applyPattern(name: string, pattern: Pattern, text: string, node: ASTNode): unknown {
  if (name === 'matches') return pattern.test(text);
  return pattern.extract(text) ?? new Failure(() => `${tellable(node)}: the pattern is not in the text`);
}

function buildClockPart(node: Method, scope: Scope, build: Build): Run {
  const [name, receiver, [zone]] = node.args;
  const readPart = entryOf(clockParts, name);
  const clock = zone === undefined ? readUtc : makeClock(zone.op === 'value' ? String(zone.args) : '');
  if (clock === undefined || readPart === undefined) {
    throw new Mistake(
      `${zone ? textOf(zone) : name} is no time zone`,
      'expected a written-out name such as "Europe/Berlin"',
      zone?.start ?? node.start,
    );
  }
  const value = build(receiver, scope);
  const ofDuration = zone === undefined ? entryOf(methods, name)?.[0] : undefined;
  return (frame) => {
    const found = value(frame);
    if (found instanceof Failure) return found;
    if (found instanceof Date) return spend(frame.meter, zone ? 100 : 1) ? BigInt(readPart(clock(found))) : overworked;
    if (ofDuration && kindOf(found) === 'duration') return ofDuration.work([found], frame.meter);
    return new Failure(() => `${tell(receiver, found)}, ${name}() needs a time`);
  };
}
