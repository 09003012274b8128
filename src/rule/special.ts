// Owns the calls that are more than a function of their arguments: loops, optionals, regular expressions and time zones.
// Patterns and zones are written out in the rule, so that mistakes in them are found before there is an event.
import { type ASTNode, Optional } from '@marcbachmann/cel-js';
import { didYouMean } from '../config/closest.ts';
import { entryOf, tell } from './dispatch.ts';
import type { Build, Run, Scope } from './frame.ts';
import { running, writing } from './limits.ts';
import { type LoopName, loopNames, makeLoop } from './loop.ts';
import { spend } from './meter.ts';
import { methods } from './method.ts';
import { Mistake } from './mistake.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { stepsOf, tellable, textOf } from './source-text.ts';
import { clockParts, makeClock, readUtc } from './time.ts';
import { Failure, kindOf, overworked } from './value.ts';

export type Method = Extract<ASTNode, { op: 'rcall' }>;

/** The near name where there is one, else all of them. */
export function unknownFunction(name: string, known: readonly string[], offset: number): Mistake {
  const meant = didYouMean(name, known);
  const expected = meant === '' ? `expected one of ${known.join(', ')}` : `expected a function that there is${meant}`;
  return new Mistake(`there is no function ${name}`, expected, offset);
}

/** Where the name of a method stands: behind what it is called on. */
export function nameOffset(node: Method): number {
  const [name, receiver] = node.args;
  return Math.max(node.start, node.input.indexOf(name, receiver.end));
}

export function isLoop(name: string): name is LoopName {
  return (loopNames as readonly string[]).includes(name);
}

/** `exists`, `all`, `exists_one`, `filter`, `map` */
export function buildLoop(node: Method, name: LoopName, scope: Scope, build: Build): Run {
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
    sourceText: tellable(source),
    slot,
    body: build(body, inner),
    bodyText: tellable(body),
    passCost: stepsOf(body) + (value === undefined ? 0 : stepsOf(value)),
    ...(value === undefined ? {} : { value: build(value, inner) }),
  });
}

/** `optional.of(a)`, `optional.none()` */
export function buildOptional(node: Method, scope: Scope, build: Build): Run {
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

/** `orValue`, `or`: the fallback is evaluated only when it is needed. */
export function buildOr(node: Method, scope: Scope, build: Build): Run {
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

/** `matches`, `extract` */
export function buildPatternCall(node: Method, scope: Scope, build: Build): Run {
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

/** `getHours` and its like, of a time (also in a zone) or a duration. */
export function buildClockPart(node: Method, scope: Scope, build: Build): Run {
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
