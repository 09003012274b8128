// Owns places inside a scalar: which character of the file a character of the value came from. A mistake in a CEL
// text is told where it stands, in all the ways YAML has to write a text.
import type { Scalar } from 'yaml';

/**
 * The position in `source` of the character at `offset` of the value of `node`, or of its end. Undefined where no
 * such position can be named: an escape that stands for more than its own character, or an offset outside the value.
 */
export function positionInScalar(source: string, node: Scalar, offset: number): number | undefined {
  if (typeof node.value !== 'string' || !node.range || offset < 0 || offset > node.value.length) return undefined;
  const [start, end] = node.range;
  const [from, to] = contentOf(source, node, start, end);
  return walk(source, from, to, node.value.slice(0, offset + 1), offset, node.type);
}

/** Where the text itself starts and ends: without quotes, without the `|` or `>` line. */
function contentOf(source: string, node: Scalar, start: number, end: number): [number, number] {
  if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') return [start + 1, end - 1];
  if (node.type !== 'BLOCK_LITERAL' && node.type !== 'BLOCK_FOLDED') return [start, end];
  const line = source.indexOf('\n', start);
  return [line === -1 ? end : line + 1, end];
}

/**
 * Goes through the value and the file side by side. YAML changes white space only (folding, indentation) and escapes,
 * so each other character of the value is the next such character of the file.
 */
function walk(source: string, from: number, to: number, value: string, offset: number, type?: string) {
  let at = from;
  for (let i = 0; i < value.length; i++) {
    const wanted = value[i] ?? '';
    if (!isSpace(wanted)) while (at < to && isSpace(source[at])) at++;
    const width = widthAt(source, at, wanted, type);
    if (at >= to || width === undefined) return undefined;
    if (i === offset) return at;
    at += width;
  }
  return at;
}

/** How many characters of the file stand for `wanted` at `at`; undefined when it is not there. */
function widthAt(source: string, at: number, wanted: string, type?: string): number | undefined {
  const found = source[at];
  if (type === 'QUOTE_DOUBLE' && found === '\\')
    return simpleEscapes.get(source[at + 1] ?? '') === wanted ? 2 : undefined;
  if (type === 'QUOTE_SINGLE' && found === "'") return wanted === "'" ? 2 : undefined;
  return found === wanted || (isSpace(wanted) && isSpace(found)) ? 1 : undefined;
}

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['n', '\n'],
  ['t', '\t'],
]);

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r';
}
