// Every way to get the file wrong that we could think of: where it is told, and in which words.
import { describe, expect, it } from 'vitest';
import { account, faultsOf } from './files.ts';

const verifyExpected =
  'expected github, gitlab, svix, standard-webhooks, stripe, slack, linear, pagerduty, shopify, jira, grafana, alertmanager, uptime-kuma, maintainx, aftership, clickup, kisi, bearer, basic, none, {hmac: {header: …}} or {header: {name: …}}';
const setExpected = "expected new, inProgress, solved, closed, or {cel: '…'}";
const nameExpected = 'expected a name: a letter, then letters, digits, - or _, at most 63';
const celExpected = 'expected a CEL expression as text';
const hook = 'sources:\n  hook: { verify: github, secrets: [s] }\n';

/** Line 5 is `rules:`, line 6 the rule. */
const rule = (more: string) => `${account}${hook}rules:\n  - ${more}\n`;
const good = 'name: a, on: hook, ticket: body.t';

describe('a value of the wrong kind', () => {
  it.each([
    [
      `${account}sources:\n  github: { verify: githb, secrets: [s] }\n`,
      `4:21: sources.github.verify is "githb", ${verifyExpected}; did you mean github?`,
    ],
    [
      `${account}sources:\n  scanner:\n    verify: { hmac: {} }\n    secrets: [s]\n`,
      `5:21: sources.scanner.verify.hmac.header is missing, expected the name of an HTTP header, such as x-signature (verify: ${verifyExpected})`,
    ],
    [
      `${account}sources:\n  scanner:\n    verify: { hmac: { header: x y } }\n    secrets: [s]\n`,
      `5:31: sources.scanner.verify.hmac.header is a text not shown here, expected the name of an HTTP header, such as x-signature`,
    ],
    [
      `${account}sources:\n  scanner: { verify: { hmac: { header: x, signed: "{timestamp}{body}" } }, secrets: [s] }\n`,
      `4:30: sources.scanner.verify.hmac.timestamp is missing, expected the header that carries {timestamp}, because \`signed\` names it`,
    ],
    [
      `${account}sources:\n  hook: { verify: 5, secrets: [s] }\n`,
      `4:19: sources.hook.verify is a number not shown here, ${verifyExpected}`,
    ],
    [
      `${account}sources:\n  hook: { verify: hunter2, secrets: [s] }\n`,
      `4:19: sources.hook.verify is a text not shown here, ${verifyExpected}`,
    ],
    [
      `${account}sources:\n  hook: { verify: { hmac: { header: x, algorithm: sha265 } }, secrets: [s] }\n`,
      `4:51: sources.hook.verify.hmac.algorithm is "sha265", expected sha256, sha512 or sha1; did you mean sha256? (verify: ${verifyExpected})`,
    ],
    [rule(`{ ${good}, set: done }`), `6:47: rules[0].set is "done", ${setExpected}`],
    [rule(`{ ${good}, set: Solved }`), `6:47: rules[0].set is "Solved", ${setExpected}; did you mean solved?`],
    [rule(`{ ${good}, set: { cel: 5 } }`), `6:54: rules[0].set.cel is 5, ${celExpected} (set: ${setExpected})`],
    [rule(`{ ${good}, set: new, dryRun: yes }`), '6:60: rules[0].dryRun is "yes", expected true or false'],
    [rule(`{ ${good}, set: new, when: }`), `6:52: rules[0].when is empty, ${celExpected}`],
    [
      rule('{ name: a, on: [], ticket: body.t, set: new }'),
      '6:20: rules[0].on is an empty list, expected the name of at least one source',
    ],
    [
      rule('{ name: a, on: [hook, 7], ticket: body.t, set: new }'),
      `6:27: rules[0].on[1] is 7, ${nameExpected} (on: expected the name of a source, or a list of them)`,
    ],
    [
      rule('just a text'),
      '6:5: rules[0] is "just a text", expected a rule: a map with name, on, ticket, set; or with name, every, locations, when, set, since',
    ],
    [`${account}rules: none\n`, '3:8: rules is "none", expected a list of rules'],
    [`${account}sources:\n`, '3:1: sources is empty, expected a map from the names of sources to their settings'],
    [
      'accounts:\n  main:\n    auth: { basic: { clientId: i, clientSecret: p } }\n    rate: 10\n',
      '4:11: accounts.main.rate is 10, expected calls per second such as 10/s, from 1/s to 100/s',
    ],
    [
      'accounts:\n  main:\n    auth: { basic: { clientId: i, clientSecret: p } }\n    rate: 500/s\n',
      '4:11: accounts.main.rate is "500/s", expected calls per second such as 10/s, from 1/s to 100/s',
    ],
    [
      'accounts:\n  main:\n    auth: { basic: { clientId: i, clientSecret: p } }\n    deadline: 3 days\n',
      '4:15: accounts.main.deadline is "3 days", expected a duration such as 10s, 2h or 4d, from 1s to 365d',
    ],
    [
      'accounts:\n  main:\n    auth: { basic: { clientId: i, clientSecret: p } }\n    margin: 60%\n',
      '4:13: accounts.main.margin is "60%", expected a share from 0% to 50%, such as 5%',
    ],
    [
      'accounts:\n  main:\n    auth: { basic: { clientId: i, clientSecret: p } }\n    baseUrl: http://api.spacebring.com\n',
      '4:14: accounts.main.baseUrl is "http://api.spacebring.com", expected https, without user, query or fragment; plain http only to this machine (127.0.0.1, localhost or [::1]), because credentials travel along',
    ],
    [
      'accounts:\n  main:\n    auth: { basic: { clientId: i, clientSecret: p } }\n    baseUrl: https://me:pw@x.example/v1\n',
      '4:14: accounts.main.baseUrl is "https://…@x.example/v1", expected https, without user, query or fragment; plain http only to this machine (127.0.0.1, localhost or [::1]), because credentials travel along',
    ],
    [
      'accounts:\n  main:\n    auth: { basic: { clientId: i, clientSecret: p } }\n    networkId: mine\n',
      '4:16: accounts.main.networkId is "mine", expected the network\'s UUID',
    ],
    [
      `${account}sources:\n  hook: { verify: github, secrets: [s], keep: 1y }\n`,
      '4:47: sources.hook.keep is "1y", expected 0 or a duration such as 7d, from 1s to 90d',
    ],
  ])('in %j', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });
});

describe('a key that is missing or unknown', () => {
  it.each([
    ['sources: {}\n', '1:1: accounts is missing, expected a map from the names of accounts to their settings'],
    ['accounts: {}\n', '1:11: accounts is an empty map, expected at least one account'],
    [
      'accounts:\n  main:\n    auth:\n      basic:\n        clientId: i\n',
      `5:9: accounts.main.auth.basic.clientSecret is missing, expected a text, best as "\${NAME}" from the environment`,
    ],
    [
      'accounts:\n  main:\n    auth: { basic: { clientId: i, clientSecret: p } }\n    bsaeUrl: x\n',
      '4:5: accounts.main.bsaeUrl is not a known key, expected one of auth, networkId, baseUrl, rate, margin, callTimeout, settle, deadline; did you mean baseUrl?',
    ],
    [
      `${account}rule: []\n`,
      '3:1: rule is not a known key, expected one of accounts, sources, rules; did you mean rules?',
    ],
    [
      rule(`{ ${good}, set: new, <<: { stop: true } }`),
      '6:52: rules[0]["<<"] is not a known key, expected one of name, on, when, each, ticket, set, link, at, from, after, unless, account, dryRun, stop; merging with << is not read, write the keys out',
    ],
    [
      rule('{ name: a, ticket: body.t, set: new }'),
      '6:5: rules[0].on is missing, expected the name of a source, or a list of them',
    ],
    [`${account}sources:\n  1st: { verify: none }\n`, `4:3: sources.1st is not a name, ${nameExpected}`],
    [
      `${account}sources:\n  hook: { verify: github }\n`,
      '4:9: sources.hook.secrets is missing, expected at least one secret, or `verify: none` if any stranger may send',
    ],
    [
      `${account}sources:\n  hook: { verify: none, secrets: [s] }\n`,
      '4:34: sources.hook.secrets is a list, expected no secrets beside `verify: none`, which checks nothing; remove them or name a way to verify',
    ],
    [
      `${account}sources:\n  hook: { verify: none }\n  hook: { verify: none }\n`,
      '5:3: sources.hook stands here a second time, expected each key once; merge the two',
    ],
    [`${account}sources:\n  __proto__: { verify: none }\n`, '4:3: a key here is not a plain word, expected a name'],
    [`${account}sources:\n  ? [a]\n  : { verify: none }\n`, '4:5: a key here is not a plain word, expected a name'],
  ])('in %j', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });
});

describe('an account with oauth', () => {
  const oauth = (more: string) => `accounts:\n  main:\n    auth: { ${more} }\n`;
  const whole = 'oauth: { clientId: i, clientSecret: p, refreshToken: r }';
  const basic = 'basic: { clientId: i, clientSecret: p }';
  const network = '    networkId: 0b6f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f\n';
  const env = { STATUSWIRE_SECRET: '0f'.repeat(32) };

  it('is right with the network it acts in and a key for its tokens', () => {
    expect(faultsOf(`${oauth(whole)}${network}`, env)).toEqual([]);
  });

  it.each([
    [`${oauth(`${basic}, ${whole}`)}${network}`, '3:11: accounts.main.auth is a map, expected either basic or oauth'],
    [oauth(''), '3:11: accounts.main.auth is an empty map, expected either basic or oauth'],
    [
      oauth(whole),
      "3:5: accounts.main.networkId is missing, expected the network's UUID: with oauth every call names the network it acts in",
    ],
    [
      `${oauth('oauth: { clientId: i, clientSecret: p }')}${network}`,
      `3:20: accounts.main.auth.oauth.refreshToken is missing, expected a text, best as "\${NAME}" from the environment`,
    ],
    [
      `${oauth('oauht: { clientId: i }')}${network}`,
      '3:13: accounts.main.auth.oauht is not a known key, expected one of basic, oauth; did you mean oauth?',
    ],
  ])('in %j', (text, fault) => {
    expect(faultsOf(text, env)).toEqual([fault]);
  });

  it('needs STATUSWIRE_SECRET, and is told how to make one, beside all that is wrong otherwise', () => {
    const expected = [
      '3:13: accounts.main.auth.oauth needs STATUSWIRE_SECRET, which is not set, expected 64 hex digits for it in the environment or in .env, to keep the tokens encrypted; `openssl rand -hex 32` makes them',
      '4:5: accounts.main.rat is not a known key, expected one of auth, networkId, baseUrl, rate, margin, callTimeout, settle, deadline; did you mean rate?',
    ];
    const text = `${oauth(whole)}    rat: 5/s\n${network}`;
    expect(faultsOf(text)).toEqual(expected);
    expect(faultsOf(text, { STATUSWIRE_SECRET: '' })).toEqual(expected);
    expect(faultsOf(account)).toEqual([]);
  });
});

describe('a name that names nothing, or two things', () => {
  const two = 'accounts:\n  a: &a { auth: { basic: { clientId: i, clientSecret: p } } }\n'.replace('&a ', '');
  it.each([
    [
      rule(`{ name: a, on: hok, ticket: body.t, set: new }`),
      '6:20: rules[0].on is "hok", expected a source of this file: hook; did you mean hook?',
    ],
    [
      `${account}rules:\n  - { name: a, on: hook, ticket: body.t, set: new }\n`,
      '4:20: rules[0].on is "hook", expected a source, and there is none',
    ],
    [
      `${rule(`{ ${good}, set: new }`)}  - { ${good}, set: new }\n`,
      '7:13: rules[1].name is "a", expected a name of its own; the rule in line 6 has this one',
    ],
    [
      rule(`{ ${good}, set: new, account: mian }`),
      '6:61: rules[0].account is "mian", expected an account of this file: main; did you mean main?',
    ],
    [
      `${two}${two.replace('accounts:\n', '').replace('a:', 'b:')}${hook}rules:\n  - { ${good}, set: new }\n`,
      '7:5: rules[0].account is missing, expected one of the accounts a, b, as none is called main',
    ],
  ])('in %j', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });
});

describe('broken YAML', () => {
  it.each([
    [
      'a: [1, 2\nb: 3\n',
      '2:1: the indentation does not fit what stands above, expected keys of one map in one column, and each [ or { closed',
    ],
    ['a:\n\t- b\n', '2:1: a tab indents this line, expected spaces'],
    [
      'a: "x\nb: 1\n',
      '3:1: something is not closed or separated, expected each quote, [ and { closed, `,` between entries and `:` after keys',
    ],
    [
      'when: a ? b : c: d\n',
      '1:7: a second `key: value` on this line, expected quotes around a text that contains `: `',
    ],
    [
      'a: @x\n',
      '1:4: a text begins with a character that YAML keeps for itself, expected quotes around a text that begins with one of @ ` %',
    ],
    [
      'a: "\\q"\n',
      '1:5: an escape that YAML does not know, expected \\\\ for a backslash in double quotes, or single quotes around the text',
    ],
    [
      'when: "a" == "b"\n',
      '1:11: text goes on where a value was complete, expected one value; put the whole text in quotes if it contains quotes or brackets',
    ],
    ['a: 1\n---\nb: 2\n', '2:1: a second document begins, expected one document, without a --- in the middle'],
    [`secrets: [\${X}]\n`, `1:12: a \${NAME} stands bare inside [ ] or { }, expected it in quotes there: "\${NAME}"`],
    [`a: {b: \${X}}\n`, `1:9: a \${NAME} stands bare inside [ ] or { }, expected it in quotes there: "\${NAME}"`],
    [`%YAML 1.1\n---\n${account}`, '3:1: the file asks for an old YAML, expected YAML 1.2, or no %YAML line'],
    [
      rule('{ name: a, on: hook, ticket: !body.t, set: new }'),
      '6:26: rules[0].ticket begins with !, a mark of YAML, expected quotes around a text that begins with !',
    ],
    [
      rule('{ name: a, on: hook, ticket: &t body.t, set: new }'),
      '6:37: rules[0].ticket begins with &, a mark of YAML, expected quotes around a text that begins with &',
    ],
    [
      rule('{ name: a, on: hook, ticket: *t, set: new }'),
      '6:34: rules[0].ticket begins with *, a mark of YAML, expected quotes around a text that begins with *',
    ],
    ['['.repeat(5000), /^1:\d+: the file is nested too deep, expected at most 32 levels$/],
    [`${account}sources: ${'['.repeat(40)}${']'.repeat(40)}\n`, /nested too deep/],
  ])('in %j', (text, fault) => {
    expect(faultsOf(text).join('\n')).toMatch(typeof fault === 'string' ? exactly(fault) : fault);
  });

  it('is told for several lines at once', () => {
    expect(faultsOf('a: @x\nb: @y\nc: @z\n').map((fault) => fault.slice(0, 3))).toEqual(['1:4', '2:4', '3:4']);
  });

  it('never quotes the file, which may hold a secret', () => {
    const texts = [
      '"hunter2" "hunter2": 1\n',
      'a: "x" hunter2\n',
      'a: !hunter2 "\n',
      'a: "\\qhunter2"\n',
      '}hunter2\n',
    ];
    for (const text of texts) expect(faultsOf(text).join()).toMatch(/expected(?!.*hunter2)/);
  });
});

describe('a name from the environment', () => {
  it.each([
    [`\${NOPE}`, '11', `needs \${NOPE}, which is not set, expected a value for NOPE in the environment or in .env`],
    [
      `id-\${EMPTY}`,
      '14',
      `needs \${EMPTY}, which is not set, expected a value for EMPTY in the environment or in .env`,
    ],
    [
      `\${constructor}`,
      '11',
      `needs \${constructor}, which is not set, expected a value for constructor in the environment or in .env`,
    ],
    [
      `\${}`,
      '11',
      `holds a \${ that names nothing, expected \${NAME} with letters, digits and _; write $\${ for the two characters themselves`,
    ],
    [
      `a\${B`,
      '12',
      `holds a \${ that names nothing, expected \${NAME} with letters, digits and _; write $\${ for the two characters themselves`,
    ],
    [
      `\${B:-c}`,
      '11',
      `holds a \${ that names nothing, expected \${NAME} with letters, digits and _; write $\${ for the two characters themselves`,
    ],
  ])('that is not there: %s', (text, column, fault) => {
    const file = `${account}    \n${hook}    id: x\n`.replace(
      '    id: x\n',
      `  two:\n    verify: none\n    id: "${text}"\n`,
    );
    expect(faultsOf(file, { EMPTY: '' })).toEqual([`8:${Number(column) - 1}: sources.two.id ${fault}`]);
  });

  it('is named when its value does not fit, and the value is not', () => {
    const text = `accounts:\n  main:\n    auth: { basic: { clientId: i, clientSecret: p } }\n    rate: "\${RATE}"\n`;
    expect(faultsOf(text, { RATE: 'hunter2' })).toEqual([
      `4:11: accounts.main.rate comes from \${RATE} (value not shown), expected calls per second such as 10/s, from 1/s to 100/s`,
    ]);
  });
});

it('tells everything at once, sorted by place: names, shape, environment, repeated keys and CEL', () => {
  const text = `${account}sources:\n  hook: { verify: githb, secrets: ["\${NOPE}"] }\n  hook: 1\nrules:\n  - { name: a, on: hok, ticket: body., set: done }\n  - { name: a, on: hook, ticket: body., set: new }\n`;
  const check = () => [
    { path: ['rules', 0, 'ticket'], offset: 5, what: 'it ends too early', expected: 'expected a field' },
  ];
  expect(faultsOf(text, {}, check).map((fault) => fault.split(',')[0])).toEqual([
    '4:19: sources.hook.verify is "githb"',
    `4:37: sources.hook.secrets[0] needs \${NOPE}`,
    '5:3: sources.hook stands here a second time',
    '7:20: rules[0].on is "hok"',
    // A rule whose shape is wrong is looked at too, with stand-ins for what is wrong.
    '7:38: rules[0].ticket: it ends too early',
    '7:45: rules[0].set is "done"',
    '8:13: rules[1].name is "a"',
    // The check saw this rule alone, because it is sound; the place is that of the file.
    '8:39: rules[1].ticket: it ends too early',
  ]);
});

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}

it('every value that does not fit is told with what was expected in our own words', () => {
  const location = '0b6f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f';
  const full = {
    accounts: {
      main: {
        ...{ auth: { basic: { clientId: 'i', clientSecret: 'p' } }, networkId: 'n', baseUrl: 'b', rate: '1/s' },
        ...{ margin: '5%', callTimeout: '10s', settle: '10s', deadline: '72h' },
      },
    },
    sources: {
      hook: {
        ...{ verify: { hmac: { header: 'h', algorithm: 'sha1', encoding: 'hex', prefix: '', signed: '{body}' } } },
        ...{ secrets: ['s'], id: 'a', type: 'a', at: 'a', dedupe: '1d', keep: 0 },
      },
      stamped: { verify: { hmac: { header: 'h', timestamp: 't', tolerance: '5m' } }, secrets: ['s'] },
      plain: { verify: { header: { name: 'h' } }, secrets: ['s'] },
    },
    rules: [
      {
        name: 'a',
        on: ['hook'],
        when: 'a',
        each: 'a',
        ticket: 'a',
        set: { cel: 'a' },
        account: 'main',
        dryRun: false,
        stop: true,
        ...{ at: 'a', from: ['new'], after: '2h', unless: [{ on: 'hook', when: 'a', ticket: { link: 'a' } }] },
      },
      { name: 'b', on: 'hook', ticket: 'a', link: 'a' },
      { name: 'c', on: 'hook', ticket: { number: 'a', location }, set: 'new' },
      {
        ...{ name: 'd', every: '1h', locations: [location], when: 'a', set: 'closed', since: '2026-03-01' },
        ...{ except: ['t'], limit: 5, cap: '20/1h', account: 'main', dryRun: true },
      },
      {
        ...{ name: 'e', cron: '0 * * * *', timezone: 'Europe/Berlin', locations: [location] },
        ...{ when: 'a', set: { cel: 'a' }, since: 'always' },
      },
    ],
  };
  const paths = [...pathsIn(full)];
  expect(paths.length).toBeGreaterThan(40);
  for (const path of paths) {
    for (const wrong of [5, true, null, '', ' ', 'x'.repeat(5000), [], {}, [5], { odd: 1 }]) {
      for (const fault of faultsOf(JSON.stringify(replaced(full, path, wrong)))) {
        expect(fault).toMatch(/^1:\d+: [^,]+, expected (?!something else)/);
        expect(fault).not.toMatch(/undefined|Invalid|\[object/);
        expect(fault.length).toBeLessThan(500);
      }
    }
  }
});

function* pathsIn(value: unknown, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* pathsIn(inner, [...path, key]);
}

function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  const copy: unknown = structuredClone(value);
  const holder = copy as Record<string | number, unknown>;
  holder[key] = replaced(holder[key], rest, by);
  return copy;
}
