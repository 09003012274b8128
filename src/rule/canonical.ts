// Owns when two pieces of expressions say the same: one text for each meaning, whatever the spaces, quotes and brackets.
// Equal texts mean equal values, because nothing in our language depends on anything but the variables.
import type { ASTNode } from '@marcbachmann/cel-js';
import { childrenOf, fieldNameOf } from './source-text.ts';

/** The text of a node. `a.b` and `a["b"]` are one, and so are `a == b` and `b == a`. */
export function canonical(node: ASTNode): string {
  const field = node.op === '.' || node.op === '[]' ? fieldNameOf(node) : undefined;
  if (field !== undefined) return JSON.stringify(['.', canonical(childrenOf(node)[0] ?? node), field]);
  const parts = childrenOf(node).map(canonical);
  switch (node.op) {
    case 'value':
      return JSON.stringify([typeof node.args, String(node.args)]);
    case 'id':
      return JSON.stringify(['id', node.args]);
    case '==':
    case '!=':
      return JSON.stringify([node.op, ...parts.toSorted()]);
    case 'call':
    case 'rcall':
    case '.?':
      return JSON.stringify([node.op, node.op === '.?' ? node.args[1] : node.args[0], ...parts]);
    default:
      return JSON.stringify([node.op, ...parts]);
  }
}

/** The node itself and all below it. */
export function* nodesOf(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

/** `a && b && c` as its three parts. */
export function conjunctsOf(node: ASTNode): readonly ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(conjunctsOf) : [node];
}
