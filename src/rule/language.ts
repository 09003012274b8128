// Owns what cel-js knows of our language: it parses a text into a syntax tree and checks the types. This happens at
// load, on the operator's text only; events never meet it.
import {
  type ASTNode,
  TypeError as CelTypeError,
  Environment,
  EvaluationError,
  ParseError,
} from '@marcbachmann/cel-js';
import { writing } from './limits.ts';
import { Mistake } from './mistake.ts';

/**
 * The variables whose fields are known before there is a value, by field with its type. A ticket's are the vendor's own
 * (`updateSupportTicketStatus` and `listSupportTickets`); its dates are texts, which timestamp() reads.
 */
export const knownFields = {
  event: {
    id: 'string',
    source: 'string',
    type: 'string',
    at: 'google.protobuf.Timestamp',
    receivedAt: 'google.protobuf.Timestamp',
  },
  ticket: {
    id: 'string',
    number: 'int',
    status: 'string',
    type: 'string',
    description: 'string',
    locationRef: 'string',
    createDate: 'string',
    updateDate: 'string',
    statusUpdateDate: 'string',
  },
} as const;

/** The variables that an expression may be given, by name, with their CEL types. */
const variableTypes = {
  event: 'Event',
  headers: 'map<string, string>',
  body: 'dyn',
  item: 'dyn',
  ticket: 'Ticket',
  now: 'google.protobuf.Timestamp',
} as const;

export type VariableName = keyof typeof variableTypes;

export interface Parsed {
  readonly tree: ASTNode;
  /** The CEL type of the whole, such as `bool`, `dyn` or `list<string>`; throws a `Mistake` when types do not fit. */
  checkedType(): string;
}

/** Parses a text. Throws a `Mistake` at the place where it stops being CEL or goes over a limit. */
export function parse(text: string, variables: readonly VariableName[]): Parsed {
  if (text.length > writing.characters) {
    throw new Mistake(`${text.length} characters`, `expected at most ${writing.characters}`, writing.characters);
  }
  const parsed = told(text, () => environmentWith(variables).parse(text));
  return {
    tree: parsed.ast,
    checkedType() {
      const { valid, type, error } = parsed.check();
      if (valid && type !== undefined) return type;
      throw toMistake(error, text);
    },
  };
}

/** Runs work of cel-js and turns what it throws into a `Mistake`. */
function told<T>(text: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toMistake(error, text);
  }
}

function toMistake(error: unknown, text: string): Mistake {
  if (error instanceof RangeError)
    return new Mistake('the expression is nested too deeply', 'expected fewer brackets', 0);
  if (!(error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)) throw error;
  const offset = Math.min(error.node?.pos ?? error.range?.start ?? 0, text.length);
  if (error.code === 'limit_exceeded')
    return new Mistake(`the expression is too big: ${error.summary}`, 'expected less', offset);
  const expected = error instanceof ParseError ? 'expected a CEL expression' : 'expected types that fit together';
  return new Mistake(inPlainWords(error.summary), expected, offset);
}

const tokens: Readonly<Record<string, string>> = {
  EOF: 'the end',
  RPAREN: ')',
  LPAREN: '(',
  RBRACKET: ']',
  LBRACKET: '[',
  RBRACE: '}',
  LBRACE: '{',
  COMMA: ',',
  COLON: ':',
  DOT: '.',
  EQ: '==',
  NE: '!=',
  AND: '&&',
  OR: '||',
  NOT: '!',
  IDENTIFIER: 'a name',
  NUMBER: 'a number',
  STRING: 'a text',
  QUESTION: '?',
};

/** cel-js's sentence without the names of its tokens and of protobuf's types. */
function inPlainWords(summary: string): string {
  return summary
    .replace(/\b[A-Z]{2,}\b/g, (word) => tokens[word] ?? word)
    .replace(/google\.protobuf\.(Timestamp|Duration)/g, (_, name: string) => name.toLowerCase())
    .replace(/^found no matching overload for/, 'there is no')
    .replace(/^no such overload:/, 'the types do not fit:');
}

const ours: readonly string[] = [
  'string.ticketId(): string',
  'string.ticketIds(): list<string>',
  'string.extract(string): string',
  'string(google.protobuf.Timestamp): string',
  'string(google.protobuf.Duration): string',
  'int(google.protobuf.Timestamp): int',
  'timestamp(google.protobuf.Timestamp): google.protobuf.Timestamp',
  'timestamp(double): google.protobuf.Timestamp',
  'duration(google.protobuf.Duration): google.protobuf.Duration',
];

/** Types only. What the functions do stands in function.ts; cel-js never evaluates anything. */
function neverRun(): never {
  throw new Error('cel-js is used for parsing and checking only');
}

function makeBase(): Environment {
  const limits = {
    maxAstNodes: writing.nodes,
    maxDepth: writing.depth,
    maxListElements: writing.elements,
    maxMapEntries: writing.elements,
    maxCallArguments: 4,
  };
  const base = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits });
  for (const signature of ours) base.registerFunction(signature, neverRun, { async: false } as object);
  for (const op of ['+', '-', '*', '/', '%']) {
    base.registerOperator(`double ${op} int: double`, neverRun);
    base.registerOperator(`int ${op} double: double`, neverRun);
  }
  base.registerOperator('double % double: double', neverRun);
  base.registerType('Event', { fields: { ...knownFields.event } });
  base.registerType('Ticket', { fields: { ...knownFields.ticket } });
  return base;
}

// Not state: nothing changes it after it is made, and making it takes a millisecond, a copy of it far less.
const base = makeBase();

function environmentWith(variables: readonly VariableName[]): Environment {
  const environment = base.clone();
  for (const name of variables) environment.registerVariable(name, variableTypes[name]);
  return environment;
}
