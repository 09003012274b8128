import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/rule/expression.ts';
import { compiled, given, truth, variables } from './given.ts';

const issue = { number: 5, title: 'Coffee', body: null, labels: [{ name: 'bug' }, { name: 'spacebring' }] };

describe('a condition', () => {
  it.each<[boolean | 'failure', string, unknown]>([
    [true, 'body.issue.labels.exists(l, l.name == "spacebring")', { issue }],
    [false, 'body.issue.labels.all(l, l.name == "spacebring")', { issue }],
    [true, 'body.issue.labels.exists_one(l, l.name == "bug")', { issue }],
    [true, 'body.issue.labels.map(l, l.name) == ["bug", "spacebring"]', { issue }],
    [true, 'body.issue.labels.map(l, l.name != "bug", l.name).join(",") == "spacebring"', { issue }],
    [true, 'body.issue.labels.filter(l, l.name.startsWith("b")).size() == 1', { issue }],
    [true, 'body.m.exists(k, body.m[k] == 2)', { m: { a: 1, b: 2 } }],
    [true, '"a" in body.m && !("z" in body.m) && 2 in [1, 2]', { m: { a: null } }],
    [true, 'body.l[1] == "b" && body.l[body.i] == "b"', { l: ['a', 'b'], i: 1 }],
    ['failure', 'body.l[2] == "b"', { l: ['a', 'b'] }],
    [false, 'body.l in body.m', { l: ['a'], m: { a: 1 } }],
    [true, '"Zoë 👋".size() == 5 && size("") == 0 && size({"a": 1}) == 1', {}],
    [true, '"aXb".lowerAscii() == "axb" && "aÄ".upperAscii() == "AÄ"', {}],
    [true, '" a ".trim() == "a" && "abc".substring(1) == "bc" && "abc".substring(1, 2) == "b"', {}],
    ['failure', '"abc".substring(2, 9) == "c"', {}],
    [true, '"a,b".split(",") == ["a", "b"] && "abcb".indexOf("b") == 1 && "abcb".lastIndexOf("b") == 3', {}],
    [true, 'bool("true") && int("42") == 42 && double("1.5") == 1.5 && string(true) == "true"', {}],
    ['failure', 'int(body.a) == 1', { a: '1 or 2' }],
    [true, '(body.a ? "x" : "y") == "x"', { a: true }],
    ['failure', 'body.a ? true : false', { a: 1 }],
    [true, '{"a": [1]} == body && {"a": 1} != {"b": 1}', { a: [1] }],
    [true, 'optional.of(1).or(optional.none()).value() == 1 && !optional.none().hasValue()', {}],
  ])('%s: %s', (expected, text, body) => {
    expect(truth(text, body)).toBe(expected);
  });
});

describe('logic', () => {
  it.each<[boolean | 'failure', string]>([
    [false, 'body.no == 1 && false'],
    [false, 'false && body.no == 1'],
    ['failure', 'body.no == 1 && true'],
    [true, 'body.no == 1 || true'],
    [true, 'true || body.no == 1'],
    ['failure', 'body.no == 1 || false'],
    ['failure', '!(body.no == 1)'],
    [true, '[1, 2].exists(x, x == 2 || body.no == x)'],
    [false, '[1, 2].all(x, x == 1 && body.no == x)'],
    ['failure', '[1, 2].exists(x, body.no == x)'],
  ])('%s: %s', (expected, text) => {
    expect(truth(text, {})).toBe(expected);
  });
});

describe('numbers of JSON', () => {
  const body = JSON.parse('{"n": 3, "f": 2.5, "big": 9007199254740993, "neg": -4, "zero": 0}');
  it.each<[boolean | 'failure', string]>([
    [true, 'body.n == 3 && 3 == body.n && body.n == 3.0 && body.n != 4'],
    [true, 'body.n > 2 && body.n >= 3 && body.n < 3.5 && 2 < body.n && body.neg < 0'],
    [true, 'body.n + 1 == 4 && body.n - 1 == 2 && body.n * 2 == 6 && body.n / 2 == 1.5 && body.n % 2 == 1'],
    [true, 'body.f * 2 == 5 && -body.f == -2.5 && -body.n == -3 && 7 / 2 == 3'],
    [true, 'body.n in [1, 2, 3] && [1, 2, 3].exists(x, x == body.n)'],
    [true, 'string(body.n) == "3" && int(body.f) == 2 && double(body.n) == 3.0'],
    [true, 'body.n / body.zero > 1e300'],
    ['failure', 'body.n % body.zero == 0'],
    ['failure', '1 / (size(body.m) - 1) == 1'],
    [false, 'body.n == "3"'],
    ['failure', 'body.n < "4"'],
    // Rounded by the JSON parser: equal to no number that a rule may have, and never written out.
    [false, 'body.big == 9007199254740991'],
    [true, 'body.big > 9007199254740991'],
    ['failure', 'string(body.big) == "9007199254740993"'],
    ['failure', 'int(body.big) == 1'],
    ['failure', '9007199254740991 * 9007199254740991 == 1'],
  ])('%s: %s', (expected, text) => {
    expect(truth(text, { ...body, m: { a: 1 } })).toBe(expected);
  });
});

describe('null and missing', () => {
  it.each<[boolean | 'failure', string]>([
    [true, 'body.n == null && has(body.n) && "n" in body'],
    ['failure', 'body.n.x == 1'],
    [false, 'has(body.n.x)'],
    ['failure', 'has(body.missing.x)'],
    ['failure', 'body.n.ticketIds().size() == 0'],
    ['failure', 'body.missing == null'],
    [false, 'has(body.missing)'],
    [true, 'body.?missing.orValue("x") == "x" && body[?"n"].orValue("x") == null'],
    [true, 'body.?missing.deeper.orValue("x") == "x"'],
    ['failure', 'event.at < now'],
    [true, 'event.receivedAt == now && event.id == "ev_1"'],
  ])('%s: %s', (expected, text) => {
    expect(truth(text, { n: null })).toBe(expected);
  });

  it('is all that a body of null has', () => {
    expect(truth('body == null', null)).toBe(true);
    expect(compiled('body == null', 'bool').evaluate(given(undefined)).ok).toBe(false);
  });
});

describe('names of the prototype', () => {
  const own = JSON.parse('{"__proto__": {"a": 1}, "constructor": {"b": 2}, "toString": 3}');
  it('are read where they are own fields', () => {
    expect(truth('body.__proto__.a == 1 && body.constructor.b == 2 && body["toString"] == 3', own)).toBe(true);
    expect(truth('body == {"__proto__": {"a": 1}, "constructor": {"b": 2}, "toString": 3}', own)).toBe(true);
    expect(truth('body.exists(k, k == "__proto__")', own)).toBe(true);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'])(
    '%s is missing elsewhere',
    (name) => {
      for (const text of [`body.${name} == 1`, `body.${name} != 1`, `headers["${name.toLowerCase()}"] == "a"`]) {
        expect(truth(text, {})).toBe('failure');
      }
      expect(truth(`has(body.${name}) || "${name}" in body || "${name}" in body.l`, { l: [] })).toBe(false);
      expect(truth(`body.t.${name} == 1 || body.l.${name} == 1`, { t: 'text', l: [1] })).toBe('failure');
    },
  );

  it('of a text or list are not fields', () => {
    expect(truth('body.length == 1', 'a')).toBe('failure');
    expect(truth('body["length"] == 1', [1])).toBe('failure');
  });
});

describe('times', () => {
  it.each<[boolean | 'failure', string]>([
    [true, 'now - timestamp(body.at) == duration("24h")'],
    [true, 'timestamp(body.at) + duration("90m") > timestamp(body.at) && now > timestamp(body.at)'],
    [true, 'timestamp(body.unix) == timestamp("2026-02-09T12:00:00Z")'],
    [true, '(now - timestamp(body.at)).getHours() == 24 && duration("1h30m").getMinutes() == 90'],
    [true, 'now.getHours() == 12 && now.getHours("Asia/Kolkata") == 17 && now.getMinutes("Asia/Kolkata") == 30'],
    [true, 'now.getDate() == 10 && now.getDayOfMonth() == 9 && now.getMonth() == 1 && now.getDayOfWeek() == 2'],
    [true, 'now.getFullYear() == 2026 && now.getDayOfYear() == 40 && now.getSeconds("UTC") == 0'],
    [true, 'string(now) == "2026-02-10T12:00:00.000Z" && duration("-1.5h") < duration("1ms")'],
    ['failure', 'timestamp(body.wrong) < now'],
    ['failure', 'duration(body.wrong) < duration("1h")'],
    ['failure', 'body.at.getHours() == 1'],
  ])('%s: %s', (expected, text) => {
    const body = { at: '2026-02-09T13:00:00+01:00', unix: Date.UTC(2026, 1, 9, 12) / 1000, wrong: '2026-02-31' };
    expect(truth(text, body)).toBe(expected);
  });
});

describe('patterns', () => {
  it('find anywhere, and extract the first group or all', () => {
    expect(
      truth('body.t.matches("o.f") && !body.t.matches("^o") && body.t.matches("(?i)^COFFEE$")', { t: 'coffee' }),
    ).toBe(true);
    expect(
      truth('body.t.extract("#(\\\\d+)") == "17" && body.t.extract(r"#\\d+") == "#17"', { t: 'see #17 and #18' }),
    ).toBe(true);
    expect(truth('body.t.extract("#(\\\\d+)") == "17"', { t: 'none' })).toBe('failure');
  });
});

describe('an answer', () => {
  it('to `ticket` is one or several', () => {
    const ticket = compiled('body.t', 'string|list<string>');
    expect(ticket.evaluate(given({ t: 'a' }))).toEqual({ ok: true, value: ['a'] });
    expect(ticket.evaluate(given({ t: ['a', 'b'] }))).toEqual({ ok: true, value: ['a', 'b'] });
    expect(ticket.evaluate(given({ t: [] }))).toMatchObject({
      ok: false,
      reason: 'it is an empty list, so it names no ticket',
    });
    expect(ticket.evaluate(given({ t: 5 }))).toMatchObject({
      ok: false,
      reason: 'it is 5, expected a ticket id or a list of them',
    });
  });

  it('to `ticket` says when a text names none', () => {
    const ticket = compiled('body.t.ticketId()', 'string|list<string>');
    expect(ticket.evaluate(given({ t: 'nothing here' }))).toMatchObject({
      ok: false,
      reason: 'body.t.ticketId(): no ticket id in the text',
    });
    expect(ticket.evaluate(given({ t: null }))).toMatchObject({
      ok: false,
      reason: 'body.t is null, ticketId() needs a text',
    });
  });

  it('to `set` is a status', () => {
    const set = compiled('body.done ? "solved" : body.other', 'status');
    expect(set.evaluate(given({ done: true }))).toEqual({ ok: true, value: 'solved' });
    expect(set.evaluate(given({ done: false, other: 'Solved' }))).toMatchObject({
      ok: false,
      reason: 'it is "Solved", expected one of new, inProgress, solved, closed',
    });
  });

  it('of the wrong kind is told by its kind where it may be a secret', () => {
    const set = compiled('headers["x-token"]', 'status');
    const outcome = set.evaluate(given({}, { headers: { 'x-token': 'hunter2' } }));
    expect(outcome).toMatchObject({
      ok: false,
      reason: 'it is a text, expected one of new, inProgress, solved, closed',
    });
  });

  it('through an optional is the value inside', () => {
    expect(compiled('body.?t', 'string|list<string>').evaluate(given({ t: 'a' }))).toEqual({ ok: true, value: ['a'] });
    expect(compiled('body.?t', 'string|list<string>').evaluate(given({})).ok).toBe(false);
  });
});

describe('a mistake', () => {
  it.each<[string, number, string, string]>([
    ['event.typ == "a"', 6, 'event has no field typ', 'did you mean event.type?'],
    ['event["typ"] == "a"', 6, 'event has no field typ', 'did you mean event.type?'],
    ['evnt.type == "a"', 0, 'no variable evnt', 'did you mean event?'],
    ['body.l.exists(l, m.name == "a")', 17, 'no variable m', 'expected one of l, event'],
    ['headers["X-Key"] == "a"', 8, 'no header is named X-Key', '"x-key"'],
    ['body.a.contans("b")', 7, 'no function contans', 'did you mean contains?'],
    ['ticketIds(body)', 0, 'no function ticketIds', 'expected one of size'],
    ['body.a.bind("b")', 7, 'no function bind', 'expected'],
    ['bytes("a") == bytes("b")', 0, 'no function bytes', 'expected'],
    ['body.a == b"x"', 10, 'not used here', 'expected a number'],
    ['event.type', 0, 'of type string', 'expected true or false'],
    ['event.type + 1 == "a"', 0, 'string + int', 'types that fit'],
    ['now > "2026"', 0, 'timestamp > string', 'types that fit'],
    ['headers.all(h, h > 1)', 15, 'string > int', 'types that fit'],
    ['body.a == ', 10, 'the end', 'CEL expression'],
    ['(body.a', 7, 'Expected ), got the end', 'CEL expression'],
    ['body.a = 1', 7, 'Unexpected character: =', 'CEL expression'],
    ['body.a == "x', 10, 'Unterminated string', 'CEL expression'],
    ['body.a == 9007199254740993', 10, 'beyond 2^53', 'comparison of texts'],
    ['body.a.matches(body.b)', 15, 'pattern body.b is not written out', 'in quotes'],
    ['body.a.matches("a(b")', 16, 'missing closing )', 'RE2'],
    ['body.a.extract("x[z-a]") == ""', 18, 'invalid character class range', 'RE2'],
    ['body.a.matches("(?=a)")', 16, 'Perl syntax', 'RE2'],
    [`body.a.matches("${'a'.repeat(501)}")`, 15, '501 characters', 'at most 500'],
    ['body.a.matches("(a{1,100}){1,10}b{1,900}")', 15, 'pattern is too big', 'smaller repetitions'],
    ['duration("4d") > duration("1h")', 0, 'no duration', 'can be read'],
    ['timestamp("yesterday") < now', 0, 'no time', 'can be read'],
    ['now.getHours("Mars/Base") == 1', 13, 'no time zone', 'Europe/Berlin'],
    ['now.getHours(body.zone) == 1', 13, 'no time zone', 'Europe/Berlin'],
    ['body.exists(a, a.exists(b, b.exists(c, c)))', 29, 'third loop', 'at most 2'],
    ['body.map(a, a.map(b, b.all(c, c))) == []', 23, 'third loop', 'at most 2'],
    ['body.exists(a)', 5, 'a name for the element', 'exists(x,'],
    ['has(body)', 0, 'looks for a field', 'has(body.field)'],
    [`body.a == [${'1,'.repeat(101)}1]`, 211, 'maxListElements', 'less'],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, 32, 'maxDepth', 'less'],
    [`${'!'.repeat(4000)}true`, 3500, 'maxAstNodes', 'less'],
    [`body.a == "${'a'.repeat(4096)}"`, 4096, '4108 characters', 'at most 4096'],
    ['body.__proto__ == 1 && __proto__ == 1', 23, 'Reserved identifier', 'CEL expression'],
  ])('in %s is told with its place', (text, offset, what, expected) => {
    const found = compile(text, { variables, expects: 'bool' });
    expect(found).toMatchObject({ ok: false, offset });
    expect(found).toMatchObject({ what: expect.stringContaining(what), expected: expect.stringContaining(expected) });
  });

  it('names `each` where `item` is used without', () => {
    const found = compile('item.a == 1', { variables: ['body'], expects: 'bool' });
    expect(found).toMatchObject({ ok: false, expected: expect.stringContaining('`item` exists in rules with `each`') });
  });

  it('is a written status that is none, also behind a choice', () => {
    const found = compile('body.a ? "solved" : body.b ? "closd" : "new"', { variables, expects: 'status' });
    expect(found).toMatchObject({ ok: false, offset: 29, what: '"closd" is not a status' });
    expect(found).toMatchObject({ expected: expect.stringContaining('did you mean closed?') });
  });
});

describe('a pattern that can never match', () => {
  it.each(['a^b', '$a', 'a$b$', '[a-z]+^x', 'a{2}^', '^a$b', '\\\\d^', 'x^$'])('is refused: %s', (pattern) => {
    expect(compile(`body.t.matches("${pattern}")`, { variables, expects: 'bool' })).toMatchObject({
      ok: false,
      what: expect.stringContaining('the pattern can never match'),
    });
  });

  it.each([
    '^a$',
    '^^a$$',
    'a*^b',
    'a?^',
    '$a*',
    '$',
    '(a|^)b',
    '(?m)a^b',
    '[$^]a',
    '\\\\$a',
    'a\\\\^',
    'a{0,2}^b',
    '[[:alpha:]]*^a',
    '$?a',
  ])('is not taken for one: %s', (pattern) =>
    expect(compile(`body.t.matches("${pattern}")`, { variables, expects: 'bool' })).toMatchObject({ ok: true }),
  );

  it('matches none of many texts', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '^',
      '$',
      '*',
      '?',
      '+',
      '{2}',
      '{0,1}',
      '[ab]',
      '[^a]',
      '[$^]',
      '.',
      '|',
      '(a)',
    );
    const text = fc.stringMatching(/^[ab$^\n]{0,6}$/);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.array(text, { minLength: 20 }), (pieces, texts) => {
        const found = compile(`body.t.matches("${pieces.join('')}")`, { variables, expects: 'bool' });
        if (found.ok || !found.what.includes('never match')) return;
        const re2 = RE2JS.compile(pieces.join(''));
        expect(texts.filter((one) => re2.test(one))).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });
});
