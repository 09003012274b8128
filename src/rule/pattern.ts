// Owns regular expressions: written out in the rule, compiled at load, and searched by RE2, whose time grows with the
// text and the pattern only, however they were chosen. A JavaScript RegExp can be made to run for ever.
import type { ASTNode } from '@marcbachmann/cel-js';
import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { writing } from './limits.ts';
import { Mistake } from './mistake.ts';
import { textOf } from './source-text.ts';

export interface Pattern {
  /** Steps that a search through the text takes at most. */
  cost(text: string): number;
  /** Whether the pattern is anywhere in the text. */
  test(text: string): boolean;
  /** The first group of the first match, or the whole match where there is no group; undefined without a match. */
  extract(text: string): string | undefined;
}

/** Compiles the literal pattern of `matches` or `extract`; throws a `Mistake` at its place in the expression. */
export function compilePattern(argument: ASTNode | undefined, call: ASTNode): Pattern {
  if (argument === undefined) throw new Mistake('there is no pattern', 'expected a regular expression', call.pos);
  if (argument.op !== 'value' || typeof argument.args !== 'string') {
    throw new Mistake(
      `the pattern ${textOf(argument)} is not written out`,
      'expected a text in quotes, so that it can be checked before there is an event',
      argument.start,
    );
  }
  if (argument.args.length > writing.patternCharacters) {
    const expected = `expected at most ${writing.patternCharacters}`;
    throw new Mistake(`a pattern of ${argument.args.length} characters`, expected, argument.pos);
  }
  const re2 = compileRe2(argument.args, argument);
  const never = neverMatches(argument.args);
  if (never !== undefined) {
    const expected = 'expected ^ at the start and $ at the end only; \\^ and \\$ for the characters themselves';
    throw new Mistake(`the pattern can never match: ${never}`, expected, argument.start);
  }
  return makePattern(re2, argument);
}

/**
 * Why nothing can match, for the slip that people make: `^` behind a character, or `$` before one. Only patterns without
 * groups, alternatives and flags are judged, where this is certain.
 */
function neverMatches(pattern: string): string | undefined {
  // Each escape, class and character that must be there becomes `c`; what may be left out becomes nothing.
  const plain = pattern.replace(/\\[pPx](\{[^}]*\}|.)|\\[^AzbBQE]|\[\^?\]?(\[:\^?\w+:\]|\\.|[^\]\\])*\]/g, 'c');
  if (/[(|\\]|[\^$][*?+{]/.test(plain)) return undefined;
  const needed = plain.replace(/[^^$]([*?]|\{0[^}]*\})[?]?/g, '').replace(/(\+|\{\d[^}]*\})[?]?/g, '');
  if (/[^^$].*\^/s.test(needed)) return 'something stands before ^';
  return /\$.*[^^$]/s.test(needed) ? 'something stands after $' : undefined;
}

function compileRe2(pattern: string, node: ASTNode): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const what = error instanceof RE2JSSyntaxException ? error.getDescription() : error.message;
    const fragment = error instanceof RE2JSSyntaxException ? (error.getPattern() ?? '') : '';
    const expected = 'expected a regular expression in RE2 syntax (no backreferences, no lookaround)';
    throw new Mistake(
      `the pattern is not valid: ${what}${fragment && ` at ${fragment}`}`,
      expected,
      placeOf(fragment, node),
    );
  }
}

/** Where the part that RE2 complains about stands in the expression; the pattern's start when escapes hide it. */
function placeOf(fragment: string, node: ASTNode): number {
  const at = fragment === '' ? -1 : node.input.slice(node.start, node.end).indexOf(fragment);
  return at === -1 ? node.start : node.start + at;
}

function makePattern(re2: RE2JS, node: ASTNode): Pattern {
  const size = re2.programSize();
  if (size > writing.patternSize) {
    throw new Mistake('the pattern is too big', 'expected fewer or smaller repetitions such as {1,100}', node.pos);
  }
  return {
    // 20 to 40 ns for each pair of a character and an instruction were measured at worst; a step is about 100 ns.
    cost: (text) => 1 + (text.length * size) / 3,
    test: (text) => re2.test(text),
    extract: (text) => firstGroup(re2, text),
  };
}

function firstGroup(re2: RE2JS, text: string): string | undefined {
  const found: unknown[] | null = re2.exec(text);
  if (found === null) return undefined;
  const group = found.length > 1 ? found[1] : found[0];
  return typeof group === 'string' ? group : undefined;
}
