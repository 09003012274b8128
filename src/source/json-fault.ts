// Owns one question: where does a text stop being JSON? Asked only after JSON.parse has refused it, so it is written
// to be plain, not fast. Linear in the text and without recursion.

const TOKEN =
  /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;

/** What may come next. `first` allows the closing bracket too: an empty array or object. */
type Expected = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'more';

/**
 * The offset in characters of the first token that cannot stand where it does; the length of `text` if it only ends
 * too early; undefined if it is JSON.
 */
export function findJsonFault(text: string): number | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let position = skipSpace(text, 0);
  while (position < text.length) {
    TOKEN.lastIndex = position;
    const [token] = TOKEN.exec(text) ?? [];
    const next: Expected | undefined = token === undefined ? undefined : step(token, expected, open);
    if (token === undefined || next === undefined) return position;
    expected = next;
    position = skipSpace(text, position + token.length);
  }
  return open.length === 0 && expected === 'more' ? undefined : text.length;
}

/** What may follow `token` where `expected` was; undefined if it may not stand there. Keeps `open` up to date. */
function step(token: string, expected: Expected, open: ('{' | '[')[]): Expected | undefined {
  const top = open.at(-1);
  switch (token) {
    case '{':
    case '[':
      if (expected !== 'value' && expected !== 'first value') return undefined;
      open.push(token);
      return token === '{' ? 'first key' : 'first value';
    case '}':
    case ']':
      if (top !== (token === '}' ? '{' : '[') || !(expected === 'more' || expected.startsWith('first')))
        return undefined;
      open.pop();
      return 'more';
    case ',':
      if (expected !== 'more' || top === undefined) return undefined;
      return top === '{' ? 'key' : 'value';
    case ':':
      return expected === 'colon' ? 'value' : undefined;
    default:
      if (expected === 'key' || expected === 'first key') return token.startsWith('"') ? 'colon' : undefined;
      return expected === 'value' || expected === 'first value' ? 'more' : undefined;
  }
}

function skipSpace(text: string, from: number): number {
  let position = from;
  while (position < text.length && ' \t\n\r'.includes(text.charAt(position))) position += 1;
  return position;
}
