// Owns what passes between the parts of an expression: names while it is compiled, values while it is evaluated.
import type { ASTNode } from '@marcbachmann/cel-js';
import type { Meter } from './meter.ts';

/** The values of the variables for one evaluation. */
export type Given = Readonly<Record<string, unknown>>;

/** One evaluation under way. */
export interface Frame {
  readonly given: Given;
  readonly meter: Meter;
  /** The running elements of the loops around, outermost first. */
  readonly slots: unknown[];
}

/** A compiled node. Gives its value or a `Failure`; never throws. */
export type Run = (frame: Frame) => unknown;

/** What names mean at a place in the expression. */
export interface Scope {
  readonly variables: readonly string[];
  /** Names of the elements of the loops around, outermost first. */
  readonly elements: readonly string[];
}

/** Compiles a node below. Throws a `Mistake`. */
export type Build = (node: ASTNode, scope: Scope) => Run;
