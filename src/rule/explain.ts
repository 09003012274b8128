// Owns the reason that a condition was not met: the part that decided, with the values it read. Made when it is asked
// for, by evaluating the parts again on the same meter; the happy road pays nothing for it.
import type { ASTNode } from '@marcbachmann/cel-js';
import type { Build, Frame, Run, Scope } from './frame.ts';
import { telling } from './limits.ts';
import { cut, show } from './show.ts';
import { childrenOf, isSecret, rootOf, tellable, textOf } from './source-text.ts';
import { Failure, inWords, kindOf, overworked } from './value.ts';

/** Something the condition read, and may be told. */
interface Leaf {
  readonly text: string;
  readonly secret: boolean;
  readonly run: Run;
}

/** A condition taken apart at its outermost `&&` and `||`. */
type Part =
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Part[]; readonly run: Run; readonly text: string }
  | { readonly kind: 'one'; readonly run: Run; readonly text: string; readonly leaves: readonly Leaf[] };

export interface Explanation {
  /**
   * Why it is not true, for an evaluation in which it was not. Takes steps, too: with none left it says no more than
   * that it is not true.
   */
  why(frame: Frame): string;
  /** That it is true, in few words. */
  readonly holds: string;
}

export function makeExplanation(tree: ASTNode, scope: Scope, build: Build): Explanation {
  const whole = takeApart(tree, scope, build);
  const [first] = whole.kind === 'all' ? whole.parts : [whole];
  const rest = whole.kind === 'all' ? ' && …' : '';
  return {
    why(frame) {
      if (frame.meter.left < 0) return overworked.reason();
      const told = cut(tell(whole, frame), telling.reason);
      return frame.meter.left < 0 ? `${whole.text} is not true` : told;
    },
    holds: `${first?.text ?? whole.text}${rest} is true`,
  };
}

function takeApart(node: ASTNode, scope: Scope, build: Build): Part {
  const run = build(node, scope);
  const text = tellable(node);
  if (node.op !== '&&' && node.op !== '||') return { kind: 'one', run, text, leaves: leavesOf(node, scope, build) };
  const parts = flatten(node, node.op).map((part) => takeApart(part, scope, build));
  return { kind: node.op === '&&' ? 'all' : 'any', run, text, parts };
}

/** `a && b && c` as its three parts. */
function flatten(node: ASTNode, op: '&&' | '||'): ASTNode[] {
  return node.op === op ? node.args.flatMap((side) => flatten(side, op)) : [node];
}

const mostLeaves = 3;

/** The paths that a part reads, each once; only those from variables, as elements of loops are gone by then. */
function leavesOf(node: ASTNode, scope: Scope, build: Build): readonly Leaf[] {
  const secret = isSecret(node);
  const leaves = new Map<string, Leaf>();
  for (const path of pathsOf(node, scope)) {
    const text = textOf(path, telling.value);
    if (!leaves.has(text)) leaves.set(text, { text, secret, run: build(path, scope) });
    if (leaves.size === mostLeaves) break;
  }
  return [...leaves.values()];
}

function pathsOf(node: ASTNode, scope: Scope): readonly ASTNode[] {
  const root = rootOf(node);
  if (root !== undefined) return scope.variables.includes(root) && isClosed(node, scope) ? [node] : [];
  return childrenOf(node).flatMap((child) => pathsOf(child, scope));
}

/** True when every name in a path is a variable: `body.owners[l.id]` cannot be read outside of the loop over `l`. */
function isClosed(node: ASTNode, scope: Scope): boolean {
  if (node.op === 'id') return scope.variables.includes(node.args);
  return node.op !== 'rcall' && node.op !== 'call' && childrenOf(node).every((child) => isClosed(child, scope));
}

function tell(part: Part, frame: Frame): string {
  switch (part.kind) {
    case 'one':
      return tellOne(part, frame);
    case 'all':
      return tellAll(part.parts, frame);
    case 'any':
      return tellAny(part.parts, frame);
  }
}

/** A false part decides, whatever failed before it. */
function tellAll(parts: readonly Part[], frame: Frame): string {
  let failed: Part | undefined;
  for (const part of parts) {
    const value = part.run(frame);
    if (value === false) return tell(part, frame);
    if (value instanceof Failure) failed ??= part;
  }
  return failed === undefined ? overworked.reason() : tell(failed, frame);
}

function tellAny(parts: readonly Part[], frame: Frame): string {
  const told = parts.slice(0, mostLeaves).map((part) => tell(part, frame));
  const left = parts.length - told.length;
  return `${told.join('; ')}${left > 0 ? `; and ${left} more` : ''}`;
}

function tellOne(part: Extract<Part, { kind: 'one' }>, frame: Frame): string {
  const value = part.run(frame);
  if (value instanceof Failure) return value.reason();
  if (typeof value !== 'boolean') return `${part.text} is ${inWords(kindOf(value))}, expected true or false`;
  const values = part.leaves.filter(({ text }) => text !== part.text).map((leaf) => tellLeaf(leaf, frame));
  return `${part.text} is ${value}${values.some(Boolean) ? `: ${values.filter(Boolean).join(', ')}` : ''}`;
}

function tellLeaf(leaf: Leaf, frame: Frame): string {
  const value = leaf.run(frame);
  if (value instanceof Failure) return value.reason();
  return leaf.secret ? '' : `${leaf.text} is ${showOnce(value, frame)}`;
}

function showOnce(value: unknown, { meter }: Frame): string {
  if (typeof value !== 'object' || value === null) return show(value);
  const shown = meter.said.values.get(value) ?? show(value);
  meter.said.values.set(value, shown);
  return shown;
}
