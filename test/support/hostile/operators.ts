// Hostile questions to the operators' routes: odd ids, queries, bodies and methods under the right token, and tokens
// that are none.
import type { Chance } from '../chaos/scale.ts';
import { hostileBody } from './bodies.ts';
import { type Line, request, type Shot } from './shot.ts';

const words = (text: string) => text.split(' ');

const ids = [
  ...words('ev_1 __proto__ constructor %00 a%00b %F0%9F%92%A9 %0a .. %2e%2e%2f %zz %ff * %7Bstatuswire%7D a:b main'),
  ...words('%20 %E2%80%A8 link:x %27%3B-- %5B%5D'),
  ...['x'.repeat(129), 'x'.repeat(10_000), '9'.repeat(30)],
];
const paths = [
  ...words('/api/events/ID /api/changes/ID /api/tickets/ID /api/links/ID /api/changes/ID/cancel /api/changes/ID/retry'),
  ...words('/api/accounts/ID/pause /api/accounts/ID/resume /api/changes /api/links /api/rejections /api/ID /metrics'),
  ...words('/readyz /healthz /openapi.json /api /'),
  ...Array<string>(8).fill('/api/ledger'),
];
const keys = [...words('cursor limit kind rule ticket verdict since source __proto__ constructor x'), ''];
const values = [
  ...words('0 -1 1 200 201 1e2 abc 1-1 1- - + (1 5-5-5 18446744073709551616 0-0 . = A= [] % %00 %ff __proto__'),
  ...words('999999w 1s 0s 0001-01-01 9999-12-31 2026-02-30 2026-01-01T24:00Z 1970-01-01 1969-12-31T23:59:59Z'),
  ...words('event unmatched verdict failed'),
  ...['', '9'.repeat(25), 'x'.repeat(300)],
];
const methods = words('GET GET GET POST POST HEAD PUT DELETE OPTIONS TRACE PATCH');
const texts: readonly unknown[] = [
  ...words('x __proto__ solved SOLVED t-1 main constructor ../x \u{1f4a9}'),
  ...['', 'x'.repeat(501), '\0', '\ud800', null, true, 0, -1, 1e308, 2 ** 53, [], {}, ['t-1'], { toString: 1 }],
];
const idempotencyKeys = ['a', '', ' ', '\xff', 'x'.repeat(257), '__proto__'];

export interface Operators {
  readonly chance: Chance;
  readonly token: string;
  readonly marker: string;
}

/** One question of somebody who has the token. */
export function operatorsShot({ chance, token }: Operators): Shot {
  const path = chance.pick(paths).replace('ID', () => chance.pick(ids));
  // One right key with an odd value goes deeper than four odd ones.
  const length = chance.pick([0, 1, 1, 1, 2, 4]);
  const query = Array.from({ length }, () => `${chance.pick(keys)}=${chance.pick(values)}`);
  const target = length === 0 ? path : `${path}?${query.join('&')}`;
  const method = chance.pick(methods);
  const lines: Line[] = [['Authorization', `Bearer ${token}`]];
  if (chance.below(3) === 0) lines.push(['Idempotency-Key', chance.pick(idempotencyKeys)]);
  if (chance.below(5) === 0) lines.push([chance.pick(['__proto__', 'constructor', 'Content-Encoding']), 'gzip']);
  const body = method === 'GET' || method === 'HEAD' ? Buffer.alloc(0) : bodyOf(chance);
  return {
    name: `${method} ${target.slice(0, 70)}`,
    steps: [request({ method, target, lines, body })],
    allowed: 'any',
    listening: { isHead: method === 'HEAD' },
  };
}

/** One question of somebody who has another token, or half of it. */
export function thiefsShot({ chance, token, marker }: Operators): Shot {
  const values = [
    ...[
      'Bearer',
      `Bearer ${marker}`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token}x`,
      `Bearer \xff\xfe${marker}`,
      token,
    ],
    ...[
      `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
      `Bearer ${token} ${marker}`,
      `Bearer ${marker.repeat(100)}`,
    ],
  ];
  const given = chance.pick<readonly Line[]>([
    ...values.map((value) => [['Authorization', value]] as const),
    ['', ` ${marker}`].map((more) => ['Authorization', `Bearer ${token}${more}`] as const),
    [['X-Api-Key', token]],
    [],
  ]);
  const asks = [
    ...[
      'GET /api/ledger',
      'GET /api/events/ev_1',
      'POST /api/changes',
      'POST /api/links',
      'POST /api/changes/ch_1/retry',
    ],
    ...['POST /api/accounts/main/pause', 'GET /api/links/x', 'GET /api/tickets/t-1'],
  ];
  const ask = chance.pick(asks);
  const [method = '', target = ''] = ask.split(' ');
  const body = Buffer.from(JSON.stringify({ ticket: 't-1', status: 'solved', reason: marker }));
  const bytes = request({ method, target, lines: [...given, ['User-Agent', marker]], body });
  return { name: `${ask} without the token`, steps: [bytes], allowed: 'refused' };
}

function bodyOf(chance: Chance): Buffer {
  if (chance.below(3) === 0) return hostileBody(chance).bytes;
  const some = (usual: unknown) => (chance.below(2) === 0 ? usual : chance.pick(texts));
  const fields: Record<string, unknown> = { ticket: some('t-1'), status: some('solved'), key: some('PARCEL-2') };
  for (const key of ['reason', 'account', 'dryRun', 'after', '__proto__', 'constructor'])
    if (chance.below(4) === 0) Object.defineProperty(fields, key, { value: chance.pick(texts), enumerable: true });
  const wanted = chance.pick([['ticket', 'status'], ['key', 'ticket'], Object.keys(fields)]);
  return Buffer.from(JSON.stringify(fields, chance.below(3) === 0 ? undefined : wanted));
}
