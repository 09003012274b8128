// Owns the numbers that bound a rule: how much may be written in it, and how much work one event may cause. The table
// in docs/rules.md repeats them, and a test compares the two.

/** At load: what an expression may look like. Beyond, the configuration is refused. */
export const writing = {
  /** Characters of one expression. */
  characters: 4096,
  /** Nodes of its syntax tree. */
  nodes: 500,
  /** Brackets, calls and selections inside each other. */
  depth: 32,
  /** Elements of a list, or entries of a map, written out. */
  elements: 100,
  /** `exists`, `all`, `map`, `filter`, … inside each other. */
  nesting: 2,
  /** Characters of a regular expression. */
  patternCharacters: 500,
  /** Instructions that it compiles to. */
  patternSize: 1000,
} as const;

/** At run time: what is looked at. Beyond, the rule is unmatched with a reason that names the bound. */
export const running = {
  /** Elements of a list that is walked through, of a list that is made, and of `each`. */
  elements: 1000,
  /** Characters of a text that is searched for a pattern or for ticket ids, and of a text that is made. */
  characters: 65_536,
  /** Levels of two values that are compared with each other. */
  depth: 64,
  /** Tickets that one rule may name for one event. */
  tickets: 1000,
  /** Steps of work for one rule and one event, all its elements together; a step takes at most about 100 ns. */
  ruleSteps: 500_000,
  /** Steps that the decision about one element costs besides: its reason is made, sent and kept. */
  decisionSteps: 50,
  /** Steps of work for one event, all rules together. */
  eventSteps: 1_000_000,
} as const;

/** Characters of a value, of an expression and of a whole reason that an explanation may repeat. */
export const telling = { value: 80, expression: 160, reason: 600 } as const;
