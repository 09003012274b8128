// Owns calls: which function a name means, and CEL's own functions that are settled while compiling.
import type { ASTNode } from '@marcbachmann/cel-js';
import { dispatch, entryOf } from './dispatch.ts';
import type { Build, Run, Scope } from './frame.ts';
import { functions } from './function.ts';
import { running } from './limits.ts';
import { loopNames } from './loop.ts';
import { makeMeter } from './meter.ts';
import { methods } from './method.ts';
import { Mistake } from './mistake.ts';
import {
  buildClockPart,
  buildLoop,
  buildOptional,
  buildOr,
  buildPatternCall,
  isLoop,
  type Method,
  nameOffset,
  unknownFunction,
} from './special.ts';
import { clockParts } from './time.ts';
import { Failure } from './value.ts';

type Call = Extract<ASTNode, { op: 'call' }>;

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

function isWritten(args: readonly ASTNode[]): boolean {
  return args.every((arg) => arg.op === 'value');
}

/** The one value that a call without variables has; a mistake when it has none. */
function settled(node: ASTNode, run: Run): Run {
  const value = run({ given: {}, meter: makeMeter(running.ruleSteps), slots: [] });
  if (value instanceof Failure) throw new Mistake(value.reason(), 'expected one that can be read', node.pos);
  return () => value;
}
