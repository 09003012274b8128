import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeMeter } from '../../../src/rule/meter.ts';
import { compiled, given, truth, why } from './given.ts';

const body = {
  action: 'opened',
  count: 3,
  text: 'x'.repeat(500),
  nothing: null,
  issue: { number: 5, title: 'Coffee', labels: [{ name: 'bug', id: 1 }] },
  client_secret: 'hunter2',
};

describe('the reason of a condition that is not met', () => {
  it.each<[string, string]>([
    [
      'event.type == "issues.closed" && body.issue.labels.exists(l, l.name == "spacebring")',
      'event.type == "issues.closed" is false: event.type is "issues.opened"',
    ],
    [
      'event.type == "issues.opened" && body.issue.labels.exists(l, l.name == "spacebring")',
      'body.issue.labels.exists(l, l.name == "spacebring") is false: body.issue.labels is [{"name": "bug", "id": 1}]',
    ],
    ['body.issue.milestone.title == "May"', 'body.issue.milestone is missing (body.issue has: number, title, labels)'],
    ['body.issue.labels[3].name == "a"', 'body.issue.labels[3] is missing (body.issue.labels has 1 element)'],
    ['body.issue.labels.exists(l, l.color == "red")', 'l.color is missing (l has: name, id)'],
    ['body.nothing.title == "a"', 'body.nothing is null, so there is no title in it'],
    ['body.action.title == "a"', 'body.action is "opened", so there is no title in it'],
    ['event.at < now', 'event.at is missing (event has: id, source, type, receivedAt)'],
    ['headers["x-kind"] == "a"', 'headers["x-kind"] is missing (headers has: x-hub-signature, x-key, accept)'],
    // A false part decides, whatever failed before it.
    ['body.nope == 1 && body.count == 4', 'body.count == 4 is false: body.count is 3'],
    [
      'body.count == 3 && body.nope == 1 && body.count > 1',
      expect.stringMatching(/^body\.nope is missing \(body has: /),
    ],
    [
      'body.count == 4 || body.action == "closed"',
      'body.count == 4 is false: body.count is 3; body.action == "closed" is false: body.action is "opened"',
    ],
    ['(body.count == 4 || false) && body.nope', 'body.count == 4 is false: body.count is 3; false is false'],
    ['!(body.count == 3)', '!(body.count == 3) is false: body.count is 3'],
    ['!has(body.issue.title)', '!has(body.issue.title) is false: body.issue.title is "Coffee"'],
    ['(body.count + 1) * 2 == 9', '(body.count + 1) * 2 == 9 is false: body.count is 3'],
    [
      'body.count == body.issue.number',
      'body.count == body.issue.number is false: body.count is 3, body.issue.number is 5',
    ],
    ['body.count', 'body.count is a number, expected true or false'],
    ['body.count < "a"', 'body.count < "a": < does not work between a number and a text'],
    ['body.action.startsWith(body.count)', 'body.count is 3, startsWith() needs a text'],
    ['body.issue.labels.exists(l, l.name)', 'l.name is a text, expected true or false'],
    ['body.action.all(c, c == "a")', 'body.action is a text, expected a list'],
  ])('of %s', (text, reason) => {
    const headers = { 'x-hub-signature': 'sha256=abc', 'x-key': 'k', accept: '*/*' };
    expect(why(text, body, { headers })).toEqual(reason);
  });

  it('cuts values at 80 characters, and is cut itself', () => {
    expect(why('body.text == "a"', body)).toBe(`body.text == "a" is false: body.text is "${'x'.repeat(78)}…`);
    const long = why(Array.from({ length: 40 }, (_, i) => `body.text == "${i}"`).join(' || '), body);
    expect(long.length).toBeLessThanOrEqual(600);
    expect(long).toContain('and 37 more');
  });
});

describe('a secret', () => {
  const headers = { 'x-hub-signature-256': 'sha256=abc', 'x-api-key': 'k1', 'x-key': 'k2', authorization: 'Bearer t' };

  it.each([
    'headers["x-hub-signature-256"] == "guess"',
    'headers["x-key"] == "guess"',
    'headers.authorization.startsWith("guess")',
    'headers[body.which] == "guess"',
    'body.client_secret == "guess"',
    'body.client_secret.size() == 99 && body.count == 4',
    'dyn(headers["x-api-key"]) < 3',
    'dyn(headers["x-api-key"]).nope == "guess"',
    'headers["x-api-key"].extract("guess") == "x"',
    'timestamp(headers["x-api-key"]) < now',
    '["guess"].exists(g, headers.authorization.contains(g))',
    'headers.exists(h, headers[h] == "guess")',
    'body == {"a": "guess"} || headers["x-key"] == "guess"',
  ])('is not repeated, and neither is what it is compared with: %s', (text) => {
    const reason = why(text, { ...body, which: 'x-key' }, { headers });
    expect(reason).not.toMatch(/sha256=abc|k1|k2|Bearer|hunter2/);
    if (!text.startsWith('body == ')) expect(reason).not.toMatch(/guess/);
  });

  it('is named by where it stands', () => {
    expect(why('headers["x-key"] == "guess"', body, { headers })).toBe('an expression on headers["x-key"] is false');
  });

  it('inside an object that is shown stays hidden', () => {
    expect(why('body.a == 1', { a: { token: 'hunter2', n: 1 } })).toBe(
      'body.a == 1 is false: body.a is {"token": (not shown), "n": 1}',
    );
  });

  it('does not appear when the condition is met either', () => {
    expect(compiled('headers["x-key"] == "k2"', 'bool').holds).not.toContain('k2');
  });
});

describe('the reason of a match', () => {
  it('names the first part', () => {
    expect(compiled('event.type == "a" && body.b == 1', 'bool').holds).toBe('event.type == "a" && … is true');
    expect(compiled('body.b == 1 || body.c', 'bool').holds).toBe('body.b == 1 || body.c is true');
  });
});

describe('explaining', () => {
  it('takes from the same meter, and says less when that is spent', () => {
    const list = Array.from({ length: 1000 }, (_, i) => i);
    const condition = compiled('body.l == body.m', 'bool');
    const variables = given({ l: [...list, 1], m: [...list, 2] });
    const meter = makeMeter(1500);
    expect(condition.evaluate(variables, meter)).toEqual({ ok: true, value: false });
    expect(condition.explain(variables, meter)).toBe('body.l == body.m is not true');
    expect(condition.explain(variables, meter)).toContain('too much work');
  });

  it('is one line of bounded length for any body', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (any) => {
        for (const text of ['body.a.b == 1', 'body == 1 || body[0].x', 'body.exists(x, x.y == body.z)', 'body']) {
          if (truth(text, { a: any }) !== true) expect(why(text, { a: any }).length).toBeLessThanOrEqual(600);
          expect(why(text, any)).toEqual(expect.any(String));
        }
      }),
    );
  });
});
