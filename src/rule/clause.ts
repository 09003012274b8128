// Owns a condition as facts about what it reads: `event.type` is among these texts, `body.n` is below that number. What is
// not a comparison with something written out is a fact too: that this expression is true. Nothing is guessed.
import type { ASTNode } from '@marcbachmann/cel-js';
import { canonical } from './canonical.ts';

export type Literal = string | number | boolean | null;

/** What has to hold of `subject` (canonical) for the condition to be true. */
export interface Fact {
  readonly subject: string;
  /** Where it is said. */
  readonly node: ASTNode;
  readonly is:
    | { readonly kind: 'among' | 'not'; readonly values: readonly Literal[] }
    | { readonly kind: 'bound'; readonly op: Comparison; readonly value: string | number };
}

/** At least one of the branches, each a conjunction, has to hold. */
export interface Choice {
  readonly node: ASTNode;
  readonly branches: readonly (readonly Clause[])[];
}

export type Clause = Fact | Choice;

type Comparison = '<' | '<=' | '>' | '>=';
const negation: Record<Comparison, Comparison> = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' };
const mirrored: Record<Comparison, Comparison> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** The clauses that must all hold for the node to be `truth`. */
export function clausesOf(node: ASTNode, truth = true): readonly Clause[] {
  switch (node.op) {
    case '&&':
    case '||':
      if ((node.op === '&&') === truth) return node.args.flatMap((side) => clausesOf(side, truth));
      return [choiceOf(node, truth)];
    case '!_':
      return clausesOf(node.args, !truth);
    case '==':
    case '!=':
      return [equality(node, node.args, (node.op === '==') === truth)];
    case 'in':
      return [membership(node, node.args, truth)];
    case '<':
    case '<=':
    case '>':
    case '>=':
      return [comparison(node, node.op, node.args, truth)];
    default:
      return [plain(node, truth)];
  }
}

/** Whether the value can be the subject's, as far as this fact goes. */
export function allows({ is }: Fact, value: Literal): boolean {
  if (is.kind !== 'bound') return is.values.includes(value) === (is.kind === 'among');
  // Values of different kinds cannot be compared, so such a condition is never true.
  return typeof value === typeof is.value && value !== null && holds(value, is.op, is.value);
}

export function holds<T extends Literal>(a: T, op: Comparison, b: T): boolean {
  if (a === null || b === null) return false;
  if (op === '<') return a < b;
  if (op === '<=') return a <= b;
  return op === '>' ? a > b : a >= b;
}

/** The value that is written out; undefined for anything that is read or computed. */
function literalOf(node: ASTNode): Literal | undefined {
  if (node.op === '-_') {
    const value = literalOf(node.args);
    return typeof value === 'number' ? -value : undefined;
  }
  if (node.op !== 'value') return undefined;
  const value: unknown = node.args;
  if (typeof value === 'bigint') return Number(value);
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined;
}

/** `a || b`; where all branches say which values one subject may have, that is one fact. */
function choiceOf(node: Extract<ASTNode, { op: '&&' | '||' }>, truth: boolean): Clause {
  const branches = node.args.map((side) => clausesOf(side, truth));
  const facts = branches.map(([first, second]) => (second === undefined ? first : undefined));
  const values = facts.map((one) => (one && 'subject' in one && one.is.kind === 'among' ? one.is.values : undefined));
  const [first] = facts;
  const isOne = facts.every(
    (one) => one && 'subject' in one && first && 'subject' in first && one.subject === first.subject,
  );
  if (!isOne || !first || !('subject' in first) || values.includes(undefined)) return { node, branches };
  return { subject: first.subject, node, is: { kind: 'among', values: values.flatMap((each) => each ?? []) } };
}

function equality(node: ASTNode, [left, right]: readonly [ASTNode, ASTNode], same: boolean): Fact {
  const [a, b] = [literalOf(left), literalOf(right)];
  const kind = same ? 'among' : 'not';
  if (a === undefined && b !== undefined) return { subject: canonical(left), node, is: { kind, values: [b] } };
  if (a !== undefined && b === undefined) return { subject: canonical(right), node, is: { kind, values: [a] } };
  const subject = JSON.stringify(['==', ...[canonical(left), canonical(right)].toSorted()]);
  return { subject, node, is: { kind: 'among', values: [same] } };
}

function membership(node: ASTNode, [element, list]: readonly [ASTNode, ASTNode], truth: boolean): Fact {
  const values = list.op === 'list' ? list.args.map(literalOf) : [undefined];
  const written = values.filter((value) => value !== undefined);
  if (written.length < values.length || literalOf(element) !== undefined) return plain(node, truth);
  return { subject: canonical(element), node, is: { kind: truth ? 'among' : 'not', values: written } };
}

function comparison(node: ASTNode, op: Comparison, [left, right]: readonly [ASTNode, ASTNode], truth: boolean): Fact {
  const [a, b] = [literalOf(left), literalOf(right)];
  const said = truth ? op : negation[op];
  if (a === undefined && isOrdered(b))
    return { subject: canonical(left), node, is: { kind: 'bound', op: said, value: b } };
  if (isOrdered(a) && b === undefined) {
    return { subject: canonical(right), node, is: { kind: 'bound', op: mirrored[said], value: a } };
  }
  return plain(node, truth);
}

function isOrdered(value: Literal | undefined): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function plain(node: ASTNode, truth: boolean): Fact {
  return { subject: canonical(node), node, is: { kind: 'among', values: [truth] } };
}
