// Owns whether clauses can hold together. Sound and not complete: what it calls impossible is impossible, and much that is
// impossible passes unseen.
import type { ASTNode } from '@marcbachmann/cel-js';
import { allows, type Clause, type Fact, holds, type Literal } from './clause.ts';

/** The values that a subject (canonical) can have, where they are known beforehand. */
export type Universe = ReadonlyMap<string, readonly Literal[]>;

export type Contradiction =
  /** `node` wants a value that its subject never has; `known` are those it has. */
  | { readonly kind: 'unknown'; readonly node: ASTNode; readonly value: Literal; readonly known: readonly Literal[] }
  /** `node` and `other` exclude each other. */
  | { readonly kind: 'pair'; readonly node: ASTNode; readonly other: ASTNode }
  /** Nothing is left by all that is said of one thing, or no branch of a choice is. */
  | { readonly kind: 'rest'; readonly node: ASTNode };

/** Why not all of these can hold; undefined where they may. */
export function contradiction(clauses: readonly Clause[], universe: Universe): Contradiction | undefined {
  const facts = clauses.filter((clause) => 'subject' in clause);
  for (const subject of new Set(facts.map((fact) => fact.subject))) {
    const about = facts.filter((fact) => fact.subject === subject);
    const found = conflict(about, universe.get(subject));
    if (found !== undefined) return found;
  }
  for (const clause of clauses) {
    if ('subject' in clause) continue;
    const dead = clause.branches.map((branch) => contradiction([...facts, ...branch], universe));
    if (dead.every((one) => one !== undefined))
      return dead.length === 1 ? dead[0] : { kind: 'rest', node: clause.node };
  }
  return undefined;
}

/** All facts here are about one subject. */
function conflict(facts: readonly Fact[], known: readonly Literal[] | undefined): Contradiction | undefined {
  for (const [index, fact] of facts.entries()) {
    const stranger = known && strangerIn(fact, known);
    if (known && stranger !== undefined) return { kind: 'unknown', node: fact.node, value: stranger, known };
    const other = facts.slice(0, index).find((earlier) => !areCompatible(earlier, fact, known));
    if (other !== undefined) return { kind: 'pair', node: fact.node, other: other.node };
  }
  const last = facts.at(-1);
  return last && isNothingLeft(facts, known) ? { kind: 'rest', node: last.node } : undefined;
}

/** A value that alone would do, and that there never is. */
function strangerIn({ is }: Fact, known: readonly Literal[]): Literal | undefined {
  if (is.kind !== 'among' || is.values.some((value) => known.includes(value))) return undefined;
  return is.values[0];
}

function areCompatible(a: Fact, b: Fact, known: readonly Literal[] | undefined): boolean {
  return !isNothingLeft([a, b], known);
}

/** True when no value is allowed by all of these. */
function isNothingLeft(facts: readonly Fact[], known: readonly Literal[] | undefined): boolean {
  const finite = facts.flatMap(({ is }) => (is.kind === 'among' ? [is.values] : []))[0] ?? known;
  if (finite !== undefined)
    return !finite.some((value) => isKnown(value, known) && facts.every((fact) => allows(fact, value)));
  const bounds = facts.flatMap(({ is }) => (is.kind === 'bound' ? [is] : []));
  return bounds.some((low, i) => bounds.some((high, j) => i !== j && excludes(low, high)));
}

function isKnown(value: Literal, known: readonly Literal[] | undefined): boolean {
  return known === undefined || known.includes(value);
}

type Bound = Extract<Fact['is'], { kind: 'bound' }>;

/** `> 5` and `< 5`, `> 5` and `<= 5`, `>= 6` and `<= 5`, and bounds of different kinds. */
function excludes(low: Bound, high: Bound): boolean {
  if (typeof low.value !== typeof high.value) return true;
  if (!low.op.startsWith('>') || !high.op.startsWith('<')) return false;
  const isBothIncluded = low.op === '>=' && high.op === '<=';
  return holds<Literal>(low.value, isBothIncluded ? '>' : '>=', high.value);
}

/** True when `clauses`, all holding, make `wanted` hold. Sound and not complete, as above. */
export function implies(clauses: readonly Clause[], wanted: Clause): boolean {
  if (!('subject' in wanted)) {
    return wanted.branches.some((branch) => branch.every((one) => implies(clauses, one)));
  }
  return clauses.some((clause) => {
    if (!('subject' in clause) || clause.subject !== wanted.subject) return false;
    if (clause.is.kind === 'among') return clause.is.values.every((value) => allows(wanted, value));
    return JSON.stringify(clause.is) === JSON.stringify(wanted.is);
  });
}
