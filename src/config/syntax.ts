// Owns the sentences for broken YAML. The parser's own messages can quote the file, which may hold a secret, so each
// code has a sentence here that never does, and says what people usually meant.
import type { YAMLParseError } from 'yaml';

export interface SyntaxFault {
  readonly what: string;
  readonly expected: string;
}

const MAX_FAULTS = 20;

const sentences: Readonly<Record<string, readonly [what: string, expected: string]>> = {
  BAD_INDENT: [
    'the indentation does not fit what stands above',
    'expected keys of one map in one column, and each [ or { closed',
  ],
  TAB_AS_INDENT: ['a tab indents this line', 'expected spaces'],
  BLOCK_AS_IMPLICIT_KEY: ['a second `key: value` on this line', 'expected quotes around a text that contains `: `'],
  MULTILINE_IMPLICIT_KEY: ['a key goes over more than one line', 'expected `key: value`, with the key on one line'],
  MISSING_CHAR: [
    'something is not closed or separated',
    'expected each quote, [ and { closed, `,` between entries and `:` after keys',
  ],
  BAD_SCALAR_START: [
    'a text begins with a character that YAML keeps for itself',
    'expected quotes around a text that begins with one of @ ` %',
  ],
  BAD_DQ_ESCAPE: [
    'an escape that YAML does not know',
    'expected \\\\ for a backslash in double quotes, or single quotes around the text',
  ],
  UNEXPECTED_TOKEN: [
    'text goes on where a value was complete',
    'expected one value; put the whole text in quotes if it contains quotes or brackets',
  ],
  MULTIPLE_DOCS: ['a second document begins', 'expected one document, without a --- in the middle'],
  RESOURCE_EXHAUSTION: ['the file is nested too deep', 'expected at most 32 levels'],
};

const otherwise = [
  'the YAML cannot be read',
  'expected YAML 1.2: `key: value`, lists with `- `, indented with spaces',
] as const;

/** The parser's errors as faults: the first of each line, because the next ones on a line only follow from it. */
export function explainSyntax<Place extends { readonly line: number }>(
  text: string,
  errors: readonly YAMLParseError[],
  place: (position: number) => Place,
): readonly (Place & SyntaxFault)[] {
  const byLine = new Map<number, Place & SyntaxFault>();
  for (const error of errors) {
    const where = place(error.pos[0]);
    if (byLine.size < MAX_FAULTS && !byLine.has(where.line))
      byLine.set(where.line, { ...where, ...sentence(text, error) });
  }
  return [...byLine.values()];
}

function sentence(text: string, error: YAMLParseError): SyntaxFault {
  if (isBareReference(text, error.pos[0])) {
    return { what: `a \${NAME} stands bare inside [ ] or { }`, expected: `expected it in quotes there: "\${NAME}"` };
  }
  const [what, expected] = sentences[error.code] ?? otherwise;
  return { what, expected };
}

/** The slip nearly everybody makes once: `secrets: [${NAME}]`, where { and } belong to YAML. */
function isBareReference(text: string, position: number): boolean {
  const start = text.lastIndexOf('\n', position - 1) + 1;
  const end = text.indexOf('\n', position);
  return /[[{,:]\s*\$\{/.test(text.slice(start, end === -1 ? undefined : end).replace(/^[^[{]*/, ''));
}
