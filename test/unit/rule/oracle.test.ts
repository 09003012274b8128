// cel-js parses and checks for us; evaluating is ours. Where both can answer, the answers must be the same.
import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { given, truth } from './given.ts';

const oracle = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  .registerVariable('body', 'dyn')
  .registerVariable('now', 'google.protobuf.Timestamp');

/** What cel-js says; `failure` when it throws or gives no truth. */
function oracleTruth(text: string, body: unknown): unknown {
  try {
    const value: unknown = oracle.evaluate(text, given(body));
    return typeof value === 'boolean' ? value : 'failure';
  } catch {
    return 'failure';
  }
}

const conditions = [
  'body.a == body.b',
  'body.a != body.b',
  'body.a < body.b',
  'body.a >= body.b',
  'body.a == null || body.b == null',
  'body.a && body.b',
  'body.a || body.b',
  'body.a ? body.b : !body.b',
  'body.a in body.l',
  'body.s in body.m && body.s.size() > 0',
  'body.l.exists(x, x == body.a)',
  'body.l.all(x, x != body.a)',
  'body.l.exists_one(x, x == body.a)',
  'body.l.exists(x, x.a == 1)',
  'body.l.filter(x, x == body.a) == []',
  'body.l.map(x, [x]).size() == body.l.size()',
  'body.l + body.l == body.l',
  'body.l[0] == body.a || body.l[1] == body.b',
  'body.m.exists(k, k == body.s)',
  'body.m.a == body.a',
  'body.m.?a.orValue(7) == body.a',
  'body.?zz.?a.hasValue()',
  'has(body.m.a) && has(body.a)',
  'has(body.zz.a) || has(body.a.b)',
  'size(body.m) == size(body.l)',
  'body.s.contains(body.t) || body.s.startsWith(body.t) || body.s.endsWith(body.t)',
  'body.s + body.t == body.t + body.s',
  'body.s < body.t || body.s == body.t || body.s > body.t',
  'body.s.split(body.t).join(body.t) == body.s',
  'body.s.indexOf(body.t) == body.s.lastIndexOf(body.t)',
  'body.s.substring(0, 1) == body.t',
  'body.s.trim() == body.s && body.s.lowerAscii() == body.s',
  'body.s.matches("^a+b") || body.s.matches("[0-9]{2}$")',
  'int(body.s) == 12 || double(body.s) == 1.5',
  'string(body.a) == body.s',
  'body.n + body.n == 4.0 && body.n * 2.0 > 1.0 && -body.n < body.n',
  'body.n == 2 || body.n > 2 || body.n < 2',
  'timestamp(body.at) < now && now - timestamp(body.at) > duration("1h30m")',
  'timestamp(body.at).getHours() == 10 && timestamp(body.at).getDayOfWeek() == 2',
  'timestamp(body.at).getHours("Europe/Berlin") == 11 && timestamp(body.at).getMonth() == 1',
  'timestamp(body.at) + duration("1h") == timestamp("2026-02-03T11:00:00Z")',
  'duration(body.s) > duration("1s")',
  '[1, 2, 3].map(x, x % 2 == 1, x * x) == [1, 9] && 7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1',
  '{"a": body.a}.a == body.a && [body.a, body.b][1] == body.b',
];

const scalar = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, 2, 3, 2.5, '', 'a', 'ab', 'aab12', '12', '1.5', '90m'),
  fc.integer({ min: -5, max: 5 }),
);
const value = fc.oneof({ weight: 3, arbitrary: scalar }, { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) });
const text = fc.constantFrom('', 'a', 'ab', 'aab', 'aab12', 'b', '12', '1.5', ' A ', '90m', '2h');
const bodies = fc.record(
  {
    a: value,
    b: value,
    s: text,
    t: text,
    n: fc.constantFrom(2, 2.5, -1, 0),
    l: fc.array(fc.oneof(value, fc.record({ a: scalar })), { maxLength: 4 }),
    m: fc.dictionary(fc.constantFrom('a', 'ab', 'b'), value, { maxKeys: 3, noNullPrototype: true }),
    at: fc.constantFrom('2026-02-03T10:00:00Z', '2026-02-03T11:00:00+01:00', 'yesterday'),
  },
  { requiredKeys: ['s', 'n'], noNullPrototype: true },
);

describe.each(conditions)('%s', (condition) => {
  it('is answered as cel-js answers it', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        expect(truth(condition, body)).toBe(oracleTruth(condition, body));
      }),
      { numRuns: 300 },
    );
  });
});
