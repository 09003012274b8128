// Owns what the syntax tree says about the text it came from: the words of a node, its size, whether it touches
// something secret, and whether it is a plain path such as `body.issue.labels`.
import type { ASTNode } from '@marcbachmann/cel-js';
import { telling } from './limits.ts';
import { cut, looksSecret, looksSecretHeader } from './show.ts';

/** The nodes directly below. A macro's own variable is among them. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case '!_':
    case '-_':
      return [node.args];
    case 'map':
      return node.args.flat();
    default:
      return node.args;
  }
}

/** The steps that one evaluation of a node takes: one each for it and all below, four for a call. */
export function stepsOf(node: ASTNode): number {
  const own = node.op === 'call' || node.op === 'rcall' ? 4 : 1;
  return childrenOf(node).reduce((steps, child) => steps + stepsOf(child), own);
}

/** The node's words on one line. A node does not know the brackets around its edges, so they are put back. */
export function textOf(node: ASTNode, limit: number = telling.expression): string {
  const words = node.input.slice(node.start, node.end);
  const { closed, open } = unbalanced(words);
  return cut('('.repeat(closed) + words.replace(/\s+/g, ' ') + ')'.repeat(open), limit);
}

/** Round brackets without their partner, outside of quoted texts. */
function unbalanced(words: string): { closed: number; open: number } {
  let closed = 0;
  let open = 0;
  for (const [found] of words.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[()]/g)) {
    if (found === '(') open++;
    else if (found === ')' && open > 0) open--;
    else if (found === ')') closed++;
  }
  return { closed, open };
}

/** The name of the field that the node reads; undefined when it reads none, or which one is known only at run time. */
export function fieldNameOf(node: ASTNode): string | undefined {
  if (node.op === '.' || node.op === '.?') return node.args[1];
  if (node.op !== '[]' && node.op !== '[?]') return undefined;
  const [, key] = node.args;
  return key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
}

/** True when the node reads a header or field that sounds like a secret, or a header whose name is not known. */
export function isSecret(node: ASTNode): boolean {
  return readsSecret(node) || childrenOf(node).some(isSecret);
}

function readsSecret(node: ASTNode): boolean {
  if (node.op !== '.' && node.op !== '.?' && node.op !== '[]' && node.op !== '[?]') return false;
  const name = fieldNameOf(node);
  const of = node.args[0];
  const ofHeaders = of.op === 'id' && of.args === 'headers';
  if (name === undefined) return ofHeaders;
  return ofHeaders ? looksSecretHeader(name) : looksSecret(name);
}

/** The variable that a plain path starts from, e.g. `body` for `body.issue.labels[0].name`; undefined for other nodes. */
export function rootOf(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  if (node.op === '.' || node.op === '.?' || node.op === '[]' || node.op === '[?]') return rootOf(node.args[0]);
  return undefined;
}

/** The node's words, or only what it is about where they might hold a secret to compare with. */
export function tellable(node: ASTNode): string {
  return isSecret(node) ? `an expression on ${secretPath(node)}` : textOf(node);
}

function secretPath(node: ASTNode): string {
  if (rootOf(node) !== undefined) return textOf(node, telling.value);
  const below = childrenOf(node).find(isSecret);
  return below === undefined ? 'a secret' : secretPath(below);
}
