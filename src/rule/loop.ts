// Owns the comprehensions: exists, all, exists_one, map, filter. Each pass is paid for before it is made, and a list
// that is too long is refused before the first.
import type { Frame, Run } from './frame.ts';
import { running } from './limits.ts';
import { keysOf, spend } from './meter.ts';
import { tooLong } from './operator.ts';
import { Failure, inWords, isFields, kindOf, overworked } from './value.ts';

export const loopNames = ['all', 'exists', 'exists_one', 'filter', 'map'] as const;
export type LoopName = (typeof loopNames)[number];

/** A loop's parts. `slot` is where the running element is kept; `passCost` the steps that one pass takes. */
export interface Loop {
  readonly source: Run;
  readonly sourceText: string;
  readonly slot: number;
  readonly body: Run;
  readonly bodyText: string;
  /** With `map(x, condition, value)`. */
  readonly value?: Run;
  readonly passCost: number;
}

export function makeLoop(name: LoopName, loop: Loop): Run {
  switch (name) {
    case 'exists':
      return (frame) => quantify(loop, frame, true);
    case 'all':
      return (frame) => quantify(loop, frame, false);
    case 'exists_one':
      return (frame) => {
        const found = select(loop, frame);
        return found instanceof Failure ? found : found.length === 1;
      };
    case 'filter':
      return (frame) => select(loop, frame);
    case 'map':
      return (frame) => transform(loop, frame);
  }
}

/** Elements of a list, or names of an object's fields. */
function elementsOf(loop: Loop, frame: Frame): readonly unknown[] | Failure {
  const source = loop.source(frame);
  if (source instanceof Failure) return source;
  if (!Array.isArray(source) && !isFields(source)) {
    return new Failure(() => `${loop.sourceText} is ${inWords(kindOf(source))}, expected a list`);
  }
  const elements = Array.isArray(source) ? source : keysOf(source, frame.meter);
  if (elements === undefined) return overworked;
  if (elements.length <= running.elements) return elements;
  const { length } = elements;
  return new Failure(() => `${loop.sourceText} is ${tooLong(length).reason()}`);
}

/** The loop's condition for one element. */
function test(loop: Loop, frame: Frame, element: unknown): boolean | Failure {
  if (!spend(frame.meter, loop.passCost)) return overworked;
  frame.slots[loop.slot] = element;
  const answer = loop.body(frame);
  if (typeof answer === 'boolean' || answer instanceof Failure) return answer;
  return new Failure(() => `${loop.bodyText} is ${inWords(kindOf(answer))}, expected true or false`);
}

/** `exists` stops at the first true, `all` at the first false; failures count only when nothing stopped it. */
function quantify(loop: Loop, frame: Frame, stopAt: boolean): boolean | Failure {
  const elements = elementsOf(loop, frame);
  if (elements instanceof Failure) return elements;
  let failure: Failure | undefined;
  for (const element of elements) {
    const answer = test(loop, frame, element);
    if (answer === stopAt) return stopAt;
    if (answer === overworked) return overworked;
    if (answer instanceof Failure) failure ??= answer;
  }
  return failure ?? !stopAt;
}

function select(loop: Loop, frame: Frame): unknown[] | Failure {
  const elements = elementsOf(loop, frame);
  if (elements instanceof Failure) return elements;
  const kept: unknown[] = [];
  for (const element of elements) {
    const answer = test(loop, frame, element);
    if (answer instanceof Failure) return answer;
    if (answer) kept.push(element);
  }
  return kept;
}

function transform(loop: Loop, frame: Frame): unknown[] | Failure {
  const elements = elementsOf(loop, frame);
  if (elements instanceof Failure) return elements;
  const { value, body } = loop;
  const made: unknown[] = [];
  for (const element of elements) {
    const kept = value === undefined ? spendPass(loop, frame, element) : test(loop, frame, element);
    if (kept instanceof Failure) return kept;
    if (!kept) continue;
    const answer = (value ?? body)(frame);
    if (answer instanceof Failure) return answer;
    made.push(answer);
  }
  return made;
}

function spendPass(loop: Loop, frame: Frame, element: unknown): true | Failure {
  if (!spend(frame.meter, loop.passCost)) return overworked;
  frame.slots[loop.slot] = element;
  return true;
}
