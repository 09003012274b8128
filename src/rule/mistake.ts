// Owns how a mistake in an expression is told while it is compiled: thrown inside, caught by expression.ts, told with
// its place.

/** A mistake in the text of an expression. Never leaves `compile`. */
export class Mistake extends Error {
  readonly expected: string;
  /** Characters into the text. */
  readonly offset: number;
  constructor(what: string, expected: string, offset: number) {
    super(what);
    this.expected = expected;
    this.offset = offset;
  }
}
