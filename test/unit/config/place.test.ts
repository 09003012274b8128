// A mistake inside a CEL text is told at its own line and column, in every way YAML has to write a text.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readDocument } from '../../../src/config/document.ts';

function documentOf(text: string, env = {}) {
  const read = readDocument(text, env);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.document;
}

/** Where `mark` stands in the value of `a`, and where the file was said to have it. */
function placeOf(text: string, mark: string) {
  const document = documentOf(text);
  const value = (document.data as { a: string }).a;
  const { line, column } = document.locate(['a'], value.indexOf(mark));
  return `${line}:${column}`;
}

describe('the place of a character', () => {
  it.each([
    ['plain', 'a: body.x == Z\n', '1:14'],
    ['plain over two lines', 'a: body.x ==\n   Z\n', '2:4'],
    ['plain with an empty line in it', 'a: body.x ==\n\n   b && Z\n', '3:9'],
    ['single quotes', "a: 'body.x == Z'\n", '1:15'],
    ['single quotes with a doubled one', "a: 'body.x == ''b'' && Z'\n", '1:24'],
    ['double quotes', 'a: "body.x == Z"\n', '1:15'],
    ['double quotes with simple escapes', 'a: "body.x == \\"b\\" && \\\\ Z"\n', '1:27'],
    ['double quotes over two lines', 'a: "body.x ==\n    Z"\n', '2:5'],
    ['a literal block', 'a: |\n  body.x ==\n    Z\n', '3:5'],
    ['a literal block with a comment and a chomping mark', 'a: |- # why\n\n  body.x ==\n  Z', '4:3'],
    ['a folded block', 'a: >-\n  body.x\n  == Z\n', '3:6'],
    ['Windows line ends', 'a: |\r\n  body.x ==\r\n  Z\r\n', '3:3'],
    ['a list', 'b: 1\na: body.x[Z]\n', '2:11'],
  ])('in %s', (_way, text, place) => {
    expect(placeOf(text, 'Z')).toBe(place);
  });

  it('is the end of the text for the offset behind it', () => {
    expect(documentOf('a: body.\n').locate(['a'], 5)).toEqual({ line: 1, column: 9 });
    expect(documentOf('a: "body."\n').locate(['a'], 5)).toEqual({ line: 1, column: 10 });
  });

  it.each([
    ['an escape that is longer than what it stands for', 'a: "\\x41 y"\n', {}],
    ['a value from the environment', `a: "\${LONG} y"\n`, { LONG: 'much longer' }],
    ['an offset outside the text', 'a: xx\n', {}],
  ])('is the start of the text with %s', (_why, text, env) => {
    expect(documentOf(text, env).locate(['a'], 40)).toEqual({ line: 1, column: 4 });
    expect(documentOf(text, env).locate(['a'], 2)).toEqual({ line: 1, column: text.startsWith('a: x') ? 6 : 4 });
  });

  it('is the right one in any style the YAML library writes', () => {
    const text = fc.stringMatching(/^[a-z.=&|' "\\[\]]{0,40}#[a-z.=&|' "\\[\]]{0,40}$/);
    const style = fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED');
    fc.assert(
      fc.property(text, style, fc.integer({ min: 20, max: 60 }), (value, defaultStringType, lineWidth) => {
        const file = stringify({ b: 'x', a: value }, { defaultStringType, defaultKeyType: 'PLAIN', lineWidth });
        const document = documentOf(file);
        expect((document.data as { a: string }).a).toBe(value);
        const { line, column } = document.locate(['a'], value.indexOf('#'));
        expect(file.split('\n')[line - 1]?.[column - 1]).toBe('#');
      }),
    );
  });
});

describe('the place of a value', () => {
  const file = documentOf('# first\na:\n  - b: 1\n    c: {}\n  - [x, y]\nd:\n');
  it.each([
    [[], '2:1'],
    [['a'], '3:3'],
    [['a', 0], '3:5'],
    [['a', 0, 'b'], '3:8'],
    [['a', 0, 'c', 'missing'], '4:8'],
    [['a', 0, 'missing', 7, 'deeper'], '3:5'],
    [['a', 1, 1], '5:9'],
    [['a', 9], '3:3'],
    [['d'], '6:1'],
    [['missing'], '2:1'],
  ])('%j is the value itself, or the nearest map around it', (path, place) => {
    const { line, column } = file.locate(path);
    expect(`${line}:${column}`).toBe(place);
  });
});
