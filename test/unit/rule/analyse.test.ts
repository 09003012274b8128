// What is found in the rules together: each kind of mistake with its place, the neighbours that are none, and against
// the evaluator itself that what is called impossible never happens.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/rule/analyse.ts';
import { decideClock } from '../../../src/rule/clock-rule.ts';
import { decide } from '../../../src/rule/decide.ts';
import { checkRules, makeRulebook } from '../../../src/rule/rulebook.ts';
import { type Status, statuses } from '../../../src/ticket/ticket.ts';
import { configOf, eventOf, location, type RawRule } from './config.ts';
import { now } from './given.ts';

/** `error rules.0.when 23: what; expected` for each finding. */
function found(...rules: RawRule[]): string[] {
  return analyse(configOf(rules)).map(
    ({ severity = 'error', path, offset, what, expected }) =>
      `${severity} ${path.join('.')}${offset === undefined ? '' : ` ${offset}`}: ${what}; ${expected}`,
  );
}

const on = (when: string): RawRule => ({ when, ticket: 'body.t' });
const clock = (when: string, set: unknown = 'closed', more: RawRule = {}): RawRule => ({
  every: '1h',
  when,
  set,
  ...more,
});

describe('a condition that no event can meet', () => {
  it.each<[string, string]>([
    [
      'event.type == "a" && event.type == "b"',
      '21: event.type == "b" can never be true together with event.type == "a"',
    ],
    ['event.type == "a" && body.x && "b" == event["type"]', '31: "b" == event["type"] can never be true together'],
    ['event.type in ["a", "b"] && event.type == "c"', '28: event.type == "c" can never be true'],
    ['event.type == "a" && event.type != "a"', '21: event.type != "a" can never be true'],
    ['event.type == "a" && !(event.type in ["a"])', ': event.type in ["a"] can never be true'],
    ['body.x && !body.x', ': body.x can never be true'],
    ['body.x == true && body.x == false', '18: body.x == false can never'],
    ['body.a == body.b && body.b != body.a', ': body.b != body.a can never'],
    ['size(body.l) == 1 && size(body.l) == 2', ': size(body.l) == 2 can never'],
    ['has(body.a) && !has(body.a)', ': has(body.a) can never'],
    ['body.n > 5 && body.n < 3', '14: body.n < 3 can never be true together with body.n > 5'],
    ['body.n > 5 && 5 >= body.n', ': 5 >= body.n can never'],
    ['body.n >= 5 && !(body.n >= 5)', ': body.n >= 5 can never'],
    ['body.n == 1 && body.n > 1.5', ': body.n > 1.5 can never'],
    ['body.n == -1 && body.n > 0', ': body.n > 0 can never'],
    ['body.n > "a" && body.n < 5', ': body.n < 5 can never'],
    ['body.n == "a" && body.n > 5', ': body.n > 5 can never'],
    ['body.a == 1 && body.a == "1"', ': body.a == "1" can never'],
    [
      'event.type == "a" && (event.type == "b" || event.type == "c")',
      ': event.type == "b" || event.type == "c" can never',
    ],
    [
      'event.type == "a" && (event.type == "b" && body.x || event.type == "c" && body.y)',
      'beside what else is said here',
    ],
    ['body.a in [1, 2] && body.a != 1 && body.a != 2', 'body.a != 2 can never be true beside what else'],
    [
      'event.source == "gitlab"',
      'event.source == "gitlab" is never true: there is no "gitlab" here; expected one of github; did you mean github?',
    ],
    ['body.x && event.source in ["git", "hub"]', '10: event.source in ["git", "hub"] is never true'],
    ['1 == 2', 'this is never true, whatever comes'],
    ['false', 'this is never true, whatever comes'],
  ])('is told of %s', (when, told) => {
    const [first, ...rest] = found(on(when));
    expect(first).toContain(told);
    expect(first).toMatch(/^(error|warning) rules\.0\.when \d+: .*; expected /);
    expect(rest).toEqual([]);
  });

  it.each([
    'event.type == "a" || event.type == "b"',
    'event.type == "a" && body.type == "b"',
    'event.type in ["a", "b"] && event.type in ["b", "c"]',
    'event.type == "a" && event.type != "b"',
    'body.n > 3 && body.n < 5 && body.n != 4',
    'body.n >= 5 && body.n <= 5',
    'body.n == 1 && body.n >= 1.0',
    'body.l.exists(a, a == 1) && body.l.exists(a, a == 2)',
    'body.a[0] == 1 && body.a[1] == 2',
    'event.source == "github" && event.type != ""',
    'event.type == "a" && (event.type == "b" || body.x)',
    '!(body.x && body.y) && body.x',
    'true',
    '1 == 1',
  ])('is not told of %s', (when) => expect(found(on(when))).toEqual([]));

  it('is told of a condition that ends a wait', () => {
    const unless = [{ on: 'gitlab', when: 'event.source == "github"' }];
    expect(found({ ...on('body.x'), after: '1h', unless })[0]).toMatch(/^error rules\.0\.unless\.0\.when 0: /);
  });

  it('does not repeat what may be a secret', () => {
    const [first] = found(on('headers["x-token"] == "hunter2" && headers["x-token"] == "hunter3"'));
    expect(first).not.toContain('hunter');
  });

  it('is one where the evaluator never finds a match', () => {
    const subject = fc.constantFrom('body.a', 'body.b', 'event.type', 'size(body.l)', 'body["a"]');
    const literal = fc.constantFrom('0', '1', '2', '"a"', '"b"', 'true', 'null');
    const compared = fc
      .tuple(subject, fc.constantFrom('==', '!=', '<', '<=', '>', '>='), literal, fc.boolean())
      .map(([left, op, right, turned]) => (turned ? `${right} ${op} ${left}` : `${left} ${op} ${right}`));
    const listed = fc.tuple(subject, fc.array(literal, { maxLength: 3 })).map(([a, l]) => `${a} in [${l.join(', ')}]`);
    const atom = fc.oneof(compared, listed, fc.constantFrom('body.a', 'has(body.b)'));
    const { condition } = fc.letrec<{ condition: string }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 3 },
        atom,
        tie('condition').map((one) => `!(${one})`),
        fc
          .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
      ),
    }));
    const value = fc.constantFrom(0, 1, 2, 1.5, 'a', 'b', 'c', true, false, null);
    const body = fc.record({ a: value, b: value, l: fc.array(value, { maxLength: 2 }) }, { requiredKeys: [] });
    let impossible = 0;
    fc.assert(
      fc.property(condition, fc.array(body, { minLength: 5 }), (when, bodies) => {
        const config = configOf([{ when, ticket: '"t"' }]);
        fc.pre(checkRules(config).every(({ what }) => what.includes('never')));
        if (analyse(config).length === 0) return;
        impossible += 1;
        const book = makeRulebook(config, 'v');
        for (const one of bodies) {
          for (const type of ['a', 'b', 'c'])
            expect(decide(book, eventOf(one, { type }), now)).toMatchObject([{ kind: 'unmatched' }]);
        }
      }),
      { numRuns: 3000 },
    );
    expect(impossible).toBeGreaterThan(50);
  });
});

describe('a guard that leaves nothing', () => {
  it('is told', () => {
    expect(found({ ticket: 'body.t', set: 'solved', from: ['solved'] })).toEqual([
      'error rules.0.from: rule-1 acts only on tickets that are solved already, so it never does anything; expected a status to come from, which is not solved',
    ]);
  });

  it.each<RawRule>([
    { set: 'solved', from: ['new', 'solved'] },
    { set: { cel: 'body.s' }, from: ['solved'] },
  ])('is not told of %j', (rule) => expect(found({ ticket: 'body.t', ...rule })).toEqual([]));
});

describe('a rule that is never heard', () => {
  const closed = { when: 'event.type == "closed"', ticket: 'body.t' };

  it('is told at its name, with the one that comes first', () => {
    expect(found({ name: 'wide', ...closed }, { ...closed, name: 'narrow', set: 'closed' })).toEqual([
      'warning rules.1.name: narrow is never heard: wide comes first, and matches whenever this one does; expected it before wide, or a condition in wide that leaves something for it',
    ]);
  });

  it.each<[string, RawRule, RawRule]>([
    ['the same condition in other words', closed, { when: `"closed" == event['type']`, ticket: 'body["t"]' }],
    ['a condition more', closed, { ...closed, when: 'body.x == 1 && event.type == "closed"' }],
    ['one of the values', { ...closed, when: 'event.type in ["closed", "done"]' }, closed],
    ['one of the branches', { ...closed, when: 'event.type == "closed" || body.y' }, closed],
    ['a value that is not excluded', { ...closed, when: 'event.type != "opened"' }, closed],
    ['no condition before it', { ticket: 'body.t' }, closed],
    ['fewer sources', { ...closed, on: ['github', 'gitlab'] }, closed],
    ['the same elements', { each: 'body.l', ticket: 'item.t' }, { each: 'body.l', ticket: 'item.t', when: 'item.x' }],
    ['the same name', { ticket: { link: 'body.k' } }, { ticket: { link: 'body.k' }, when: 'body.x' }],
    ['the same number', { ticket: { number: 'body.k', location } }, { ticket: { number: 'body.k', location } }],
    [
      'the same computed status',
      { ticket: 'body.t', set: { cel: 'body.s' } },
      { ticket: 'body.t', set: { cel: 'body["s"]' } },
    ],
    ['a dry run after a dry run', { ...closed, dryRun: true }, { ...closed, dryRun: true }],
    ['a dry run after a real one', closed, { ...closed, dryRun: true }],
    ['a name to remember after a stop', { ...closed, stop: true }, { ...closed, link: 'body.k' }],
  ])('is told of %s', (_, first, later) =>
    expect(found(first, later)).toMatchObject([expect.stringContaining('rule-2 is never')]),
  );

  it.each<[string, RawRule, RawRule]>([
    ['a wider condition', { ...closed, when: 'event.type == "closed" && body.x' }, closed],
    ['another condition', closed, { ...closed, when: 'event.type == "opened"' }],
    ['another ticket', closed, { ...closed, ticket: 'body.u' }],
    ['another source', closed, { ...closed, on: 'gitlab' }],
    ['a source more', closed, { ...closed, on: ['github', 'gitlab'] }],
    ['other elements', { each: 'body.l', ticket: 'item.t' }, { each: 'body.m', ticket: 'item.t' }],
    ['a dry run before it', { ...closed, dryRun: true }, closed],
    ['a computed status before it, which may be none', { ...closed, set: { cel: 'body.s' } }, closed],
    ['a name to remember', closed, { ...closed, link: 'body.k' }],
    ['a name to remember before it', { ...closed, link: 'body.k' }, closed],
    [
      'another location',
      { ticket: { number: 'body.k', location } },
      { ticket: { number: 'body.k', location: location.replace('0', '1') } },
    ],
    ['a number that is a name', { ticket: { number: 'body.k', location } }, { ticket: { link: 'body.k' } }],
  ])('is not told of %s', (_, first, later) => expect(found(first, later)).toEqual([]));

  it('is one that no event makes match', () => {
    const part = fc.constantFrom(
      'event.type == "a"',
      'event.type in ["a", "b"]',
      'body.x',
      'body.n > 1',
      'body.n != 1',
      'body.n == 2',
    );
    const when = fc
      .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.constantFrom(' && ', ' || '))
      .map(([all, op]) => all.join(op));
    const ticket = fc.constantFrom('body.t', 'body["t"]', '"t"');
    const rule = fc.record({ when, ticket });
    const body = fc.record(
      { x: fc.constantFrom(true, false, 1), n: fc.constantFrom(1, 2, 3, 'a'), t: fc.constantFrom('t', 'u', ' ') },
      { requiredKeys: [] },
    );
    let shadowed = 0;
    fc.assert(
      fc.property(rule, rule, fc.array(body, { minLength: 5 }), (first, later, bodies) => {
        const config = configOf([first, later]);
        if (!analyse(config).some(({ what }) => what.includes('never heard'))) return;
        shadowed += 1;
        const book = makeRulebook(config, 'v');
        for (const one of bodies) {
          for (const type of ['a', 'b', 'c']) {
            const kinds = decide(book, eventOf(one, { type }), now).filter(({ rule }) => rule === 'rule-2');
            expect(kinds.map(({ kind }) => kind)).not.toContain('matched');
          }
        }
      }),
      { numRuns: 3000 },
    );
    expect(shadowed).toBeGreaterThan(50);
  });
});

const old = 'now - timestamp(ticket.statusUpdateDate) > duration("96h")';

describe('a rule on the clock', () => {
  it.each([
    `ticket.status == "solved" && ${old}`,
    `ticket.status != "closed" && ${old}`,
    'ticket.status in ["new", "inProgress"] && ticket.type == "internet"',
    '!(ticket.status == "closed")',
    'ticket.status == "solved" ? true : false',
    'ticket.status.startsWith("so") && ticket.description.contains("x")',
    '["new", "solved"].exists(s, s == ticket.status)',
    `ticket.status == "new" && !has(ticket.statusUpdateDate)`,
  ])('whose change ends its condition passes: %s', (when) => expect(found(clock(when))).toEqual([]));

  it.each<[string, string]>([
    [
      old,
      'warning rules.0.when 0: this does not ask for the status, so it stays true of a ticket that rule-1 has made closed',
    ],
    ['true', 'warning rules.0.when 0: this does not ask for the status'],
    [
      `ticket.status != "new" && ${old}`,
      'warning rules.0.when 0: this may still be true of a ticket that rule-1 has made closed',
    ],
    ['ticket.status == "solved" || ticket.type == "internet"', 'warning rules.0.when 0: this may still be true'],
    ['ticket.status.size() > 3', 'warning rules.0.when 0: this may still be true'],
    [
      'ticket.status == "closed"',
      'error rules.0.when 0: this is true only for tickets that are closed already, so rule-1 never does anything',
    ],
    ['ticket.status.startsWith("x")', 'error rules.0.when 0: this is never true, so rule-1 never does anything'],
    [
      'ticket.status == "Solved"',
      'error rules.0.when 0: ticket.status == "Solved" is never true: there is no "Solved" here; expected one of new, inProgress, solved, closed; did you mean solved?',
    ],
    [
      'ticket.status == "solved" && ticket.status == "new"',
      'error rules.0.when 29: ticket.status == "new" can never be true together',
    ],
    [
      'ticket.status == "solved" && ticket.type == "internt"',
      'warning rules.0.when 29: ticket.type == "internt" is never true: there is no "internt" here',
    ],
  ])('is told of %s', (when, told) => expect(found(clock(when))).toEqual([expect.stringContaining(told)]));
});

describe('two rules on the clock that push a ticket back and forth', () => {
  const close = clock(`ticket.status == "solved" && ${old}`);
  const told = (severity: string) => [
    expect.stringContaining(
      `${severity} rules.1.set: rule-2 and rule-1 push the same tickets back and forth: this one makes them`,
    ),
  ];

  it.each<[string, RawRule, RawRule]>([
    ['by age', close, clock(`ticket.status == "closed" && ${old}`, 'solved')],
    ['at once', close, clock('ticket.status == "closed"', 'solved')],
    [
      'the same kind',
      clock('ticket.status == "new" && ticket.type == "other"'),
      clock('ticket.status != "new" && ticket.type == "other"', 'new'),
    ],
    ['one kind of all', close, clock('ticket.status == "closed" && ticket.type == "internet"', 'solved')],
    [
      'in one place of several',
      close,
      clock('ticket.status == "closed"', 'solved', { locations: [location.replace('0', '1'), location] }),
    ],
  ])('are told: %s', (_, first, later) => expect(found(first, later)).toEqual(told('error')));

  it('are a warning while one of them is a dry run', () => {
    expect(found(close, clock('ticket.status == "closed"', 'solved', { dryRun: true }))).toEqual(told('warning'));
  });

  it.each<[string, RawRule, RawRule]>([
    ['one after the other', close, clock('ticket.status == "new"', 'solved')],
    ['towards the same status', close, clock('ticket.status == "new"')],
    [
      'in other places',
      close,
      clock('ticket.status == "closed"', 'solved', { locations: [location.replace('0', '1')] }),
    ],
    [
      'other kinds',
      clock('ticket.status == "new" && ticket.type == "other"'),
      clock('ticket.status == "closed" && ticket.type == "access"', 'new'),
    ],
    [
      'as long as the ticket is young',
      close,
      clock('ticket.status == "closed" && now - timestamp(ticket.createDate) < duration("1h")', 'solved'),
    ],
    [
      'by something that a change ends',
      close,
      clock('ticket.status == "closed" && ticket.statusUpdateDate == ticket.createDate', 'solved'),
    ],
    [
      'to a computed status',
      close,
      clock('ticket.status == "closed"', { cel: 'ticket.type == "other" ? "solved" : "new"' }),
    ],
  ])('are not told where it is not certain: %s', (_, first, later) => expect(found(first, later)).toEqual([]));

  it('never come to rest', () => {
    const part = fc.constantFrom(old, 'ticket.type == "other"', 'ticket.number > 5');
    const wanted = fc.subarray([...statuses], { minLength: 1 });
    const rule = fc.record({
      from: wanted,
      set: fc.constantFrom(...statuses),
      parts: fc.array(part, { maxLength: 2 }),
    });
    const toRule = ({ from, set, parts }: { from: Status[]; set: Status; parts: string[] }) =>
      clock([`ticket.status in ${JSON.stringify(from)}`, ...parts].join(' && '), set);
    let loops = 0;
    fc.assert(
      fc.property(rule, rule, (first, later) => {
        const config = configOf([toRule(first), toRule(later)]);
        if (!analyse(config).some(({ what }) => what.includes('back and forth'))) return;
        loops += 1;
        const { clockRules } = makeRulebook(config, 'v');
        let status: Status = first.set;
        for (let round = 0; round < 6; round++) {
          const ticket = {
            ...{ id: 'T', number: 9, status, type: 'other', description: '', locationRef: location },
            ...{
              createDate: '2026-01-01T00:00:00Z',
              updateDate: '2026-01-01T00:00:00Z',
              statusUpdateDate: '2026-01-01T00:00:00Z',
            },
          };
          const changes: Status[] = clockRules.flatMap((one) => {
            const decision = decideClock(one, ticket, now);
            return decision.kind === 'matched' ? [decision.status] : [];
          });
          expect(changes.length).toBeGreaterThan(0);
          status = changes[0] ?? status;
        }
      }),
      { numRuns: 1000 },
    );
    expect(loops).toBeGreaterThan(20);
  });
});

describe('the analysis', () => {
  it('leaves out rules that do not compile, and still looks at the others', () => {
    expect(found({ ticket: 'bodi.t' }, on('body.x && !body.x'))).toEqual([expect.stringContaining('rules.1.when')]);
  });

  it('finds nothing in an empty file', () => expect(found()).toEqual([]));

  it('is not made slow by what a rule may be', () => {
    const many = Array.from({ length: 45 }, (_, i) => `(body.a == ${i} || body.b == ${i})`).join(' && ');
    const deep = Array.from({ length: 12 }, (_, i) => i).reduce(
      (inner, i) => `(body.a == ${i} && (body.b || ${inner}))`,
      'body.c',
    );
    expect(
      found(
        on(many),
        on(deep),
        clock(`!(${many.replaceAll('body.a', 'ticket.number').replaceAll('body.b', 'ticket.number')})`),
      ),
    ).toEqual([expect.stringContaining('does not ask for the status')]);
  });
});
