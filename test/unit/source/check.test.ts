import { expect, it } from 'vitest';
import { SourceSchema } from '../../../src/config/schema.ts';
import { checkSources } from '../../../src/source/check.ts';

const check = (source: unknown, nowMs = 0) => checkSources({ hooks: SourceSchema.parse(source) }, nowMs);
const hmac = (shape: Record<string, unknown>) => ({
  verify: { hmac: { header: 'x-sig', ...shape } },
  secrets: ['a secret'],
});

it.each([
  [{ verify: 'github', secrets: ['a secret'] }],
  [{ verify: 'none' }],
  [{ verify: 'svix', secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] }],
  [{ verify: 'bearer', secrets: ['two words', 'pässword'] }],
  [{ verify: 'basic', secrets: ['user:pass word ', ':p:ssword'] }],
  [{ verify: { header: { name: 'X-Token' } }, secrets: ['a secret'] }],
  [hmac({})],
  [hmac({ signed: 'v0:{timestamp}:{body}', timestamp: 'x-time' })],
  [hmac({ signed: '{body}{}{ a }' })],
  [hmac({ separator: ',', prefix: 'v1=', timestampPrefix: 't=', signed: '{timestamp}.{body}' })],
  [{ verify: 'gitlab', secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'a plain token'] }],
  [{ verify: 'standard-webhooks', secrets: ['whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='] }],
  [{ verify: 'alertmanager', secrets: ['a token!', 'user:password'] }],
  [{ verify: 'stripe', secrets: [{ value: 'whsec_anything', until: '2026-12-31' }] }],
])('finds nothing wrong in %j', (source) => {
  expect(check(source)).toEqual([]);
});

it.each([
  [{ verify: 'svix', secrets: ['whsec_ok==', 'whsec_', 'not base64!'] }, ['secrets', 0], 'expected whsec_ and base64'],
  [{ verify: 'standard-webhooks', secrets: ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'a'] }, ['secrets', 1], 'whsec_'],
  [{ verify: 'basic', secrets: ['user'] }, ['secrets', 0], 'expected user:password'],
  [{ verify: 'bearer', secrets: ['token\n'] }, ['secrets', 0], 'no line breaks'],
  [{ verify: { header: { name: 'x' } }, secrets: ['a\u0007b'] }, ['secrets', 0], 'no control characters'],
  [{ verify: 'gitlab', secrets: ['whsec_not base64'] }, ['secrets', 0], 'expected whsec_ and base64'],
  [{ verify: 'svix', secrets: [{ value: 'whpk_AAAA' }] }, ['secrets', 0], 'the base64 of 32 bytes'],
  [{ verify: 'uptime-kuma', secrets: ['token\n'] }, ['secrets', 0], 'no line breaks'],
  [{ verify: 'github', secrets: ['a secret', 'from a file\n'] }, ['secrets', 1], 'as the sender shows it'],
  [
    hmac({ timestampPrefix: 't=', signed: '{timestamp}.{body}' }),
    ['verify', 'hmac', 'timestampPrefix'],
    'expected a `separator`',
  ],
  [
    hmac({ timestampPrefix: 't=', separator: ',', prefix: 't=', signed: '{timestamp}.{body}' }),
    ['verify', 'hmac', 'timestampPrefix'],
    'another beginning',
  ],
  [
    hmac({ timestamp: 'x', timestampPrefix: 't=', separator: ',', signed: '{timestamp}.{body}' }),
    ['verify', 'hmac', 'timestampPrefix'],
    'expected either this',
  ],
  [hmac({ timestampPrefix: 't=', separator: ',' }), ['verify', 'hmac', 'timestampPrefix'], 'in `signed`'],
  [hmac({ timestamp: 'x-time' }), ['verify', 'hmac', 'timestamp'], 'expected {timestamp} in `signed`'],
  [hmac({ signed: '{body}{ts}' }), ['verify', 'hmac', 'signed'], 'expected {body} and {timestamp} only'],
  [
    hmac({ signed: '{timestamp}.{body}', timestamp: 'X-Sig' }),
    ['verify', 'hmac', 'timestamp'],
    'expected another header',
  ],
])('finds the fault in %j', (source, place, expected) => {
  const [finding] = check(source);
  expect(finding?.path).toEqual(['sources', 'hooks', ...place]);
  expect(finding?.expected).toContain(expected);
});

it('tells every fault, and no secret', () => {
  const findings = check({ verify: 'svix', secrets: ['whsec_hunter2', 'hunter2!', 'whsec_'] });
  expect(findings.map((finding) => finding.path.at(-1))).toEqual([0, 1, 2]);
  expect(JSON.stringify(findings)).not.toContain('hunter2');
});

it('points into the template at what it does not know', () => {
  expect(check(hmac({ signed: 'v0:{id}:{body}' }))).toEqual([
    expect.objectContaining({ offset: 3, what: 'it holds {id}, which means nothing here' }),
  ]);
});

it('warns of a secret that has ended, and more when nothing is left to prove by', () => {
  const ended = { value: 'an old secret', until: '2026-01-01' };
  const at = Date.parse('2026-01-02T00:00Z');
  const source = { verify: 'github', secrets: ['a new secret', ended] };
  expect(check(source, at - 1)).toEqual([]);
  const [finding] = check(source, at);
  expect(finding).toMatchObject({ severity: 'warning', path: ['sources', 'hooks', 'secrets', 1] });
  expect(finding?.what).toBe('this secret has ended');
  const [only] = check({ verify: 'github', secrets: [ended] }, at);
  expect(only).toMatchObject({ severity: 'warning', path: ['sources', 'hooks', 'secrets', 0] });
  expect(only?.what).toContain('nothing can prove itself here');
});

it.each([
  [{ verify: 'github', secrets: ['a'] }, 'this secret'],
  [{ verify: { hmac: { header: 'x-sig' } }, secrets: ['  seven77  '] }, 'this secret'],
  [{ verify: 'bearer', secrets: [{ value: 'seven77' }] }, 'this secret'],
  [{ verify: { header: { name: 'x' } }, secrets: ['s'] }, 'this secret'],
  [{ verify: 'basic', secrets: ['a-very-long-user:seven77'] }, 'the password in this secret'],
  [{ verify: 'alertmanager', secrets: ['a-very-long-user:'] }, 'the password in this secret'],
  [{ verify: 'svix', secrets: ['whsec_c2V2ZW43Nw=='] }, 'the key in this secret'],
])('warns of a secret that can be guessed, and goes on, in %j', (source, name) => {
  const findings = check(source).filter(({ what }) => what.includes('guessed'));
  expect(findings).toEqual([
    {
      severity: 'warning',
      path: ['sources', 'hooks', 'secrets', 0],
      what: `${name} is shorter than 8 characters, so it can be guessed`,
      expected: 'expected a long one; `openssl rand -hex 32` makes one',
    },
  ]);
});

it.each(['github', 'bearer', 'basic', 'svix', 'alertmanager'])('refuses white space as a secret for %s', (verify) => {
  expect(
    check({ verify, secrets: [' ', 'user:whsec_ok', '\t \n'] }).filter(({ what }) => what.includes('white')),
  ).toEqual(
    [0, 2].map((index) => ({
      path: ['sources', 'hooks', 'secrets', index],
      what: 'this secret is nothing but white space',
      expected: 'expected it as the sender shows it, or a new one; `openssl rand -hex 32` makes one',
    })),
  );
});
