// Bodies that no sender means: what stands where a text, a time, an id or a list is looked for, and bytes that are no
// JSON at all. Every one is repeatable from the chance it is given.
import type { Chance } from '../chaos/scale.ts';

export interface HostileBody {
  readonly name: string;
  readonly bytes: Buffer;
}

export const MIB = 1024 * 1024;

const utf16 = Buffer.from('{"type":"a"}', 'utf16le');

/** Bytes and texts of JSON that are made once; they are thrown as they are. */
const whole: Readonly<Record<string, () => string | Buffer>> = {
  nothing: () => '',
  'white space': () => ' \t\r\n',
  'a bare null': () => 'null',
  'a bare text': () => '"type"',
  'a bare list': () => '[]',
  'bytes that are not UTF-8': () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  'an overlong encoding': () => Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
  'a surrogate in UTF-8': () => Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
  'UTF-16': () => Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
  'a byte order mark': () => '\ufeff{"type":"a"}',
  'two byte order marks': () => '\ufeff\ufeff{}',
  'NUL bytes': () => '\0'.repeat(100),
  'a NUL behind JSON': () => '{}\0',
  'two values': () => '{}{}',
  'a comment': () => '{/* */"a":1}',
  'a form': () => 'payload=%7B%22type%22%3A1%7D',
  XML: () => '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  '64 levels': () => nested(64),
  '65 levels': () => nested(65),
  '100,000 brackets': () => nested(100_000),
  '100,000 brackets that stay open': () => '['.repeat(100_000),
  '50,000 objects in each other': () => `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  'a number of 100,000 digits': () => `{"id":${'9'.repeat(100_000)},"ticket":1}`,
  'numbers beyond doubles': () => '{"id":1e999,"type":-1e999,"createdAt":1E400,"event_time":-0,"ticket":1e-999}',
  'a key twice': () => '{"type":"a","type":{"b":1},"ticket":"t-1","ticket":["t-2"]}',
  'keys of prototypes': () =>
    '{"__proto__":{"type":"a","alerts":[1]},"constructor":{"prototype":{"ticket":1}},"toString":null,"hasOwnProperty":1}',
  'keys of prototypes, deep': () =>
    '{"alerts":[{"__proto__":{"ticket":"t-1"},"labels":{"__proto__":[]}}],"ticket":{"__proto__":1}}',
  'a text without an end': () => `{"text":"${'a'.repeat(200_000)}`,
  'backslashes without an end': () => `{"text":"${'\\\\'.repeat(100_000)}`,
  '20,000 keys': () => `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`,
  '30,000 alerts': () =>
    `{"status":"firing","groupKey":"g","alerts":[${Array(30_000).fill('{"ticket":"t-1"}').join(',')}]}`,
  '200 tickets': () => JSON.stringify({ alerts: Array.from({ length: 200 }, (_, i) => ({ ticket: `many-${i}` })) }),
  'a text for a slow pattern': () =>
    JSON.stringify({ text: `${'a'.repeat(60_000)}!`, ticket: 't-1', status: 'solved' }),
  'ticket ids without end': () => JSON.stringify({ text: '3f6c1d1e-5a58-4b0e-9d7a-2f1f4c9b7a10 '.repeat(1500) }),
  'exactly as much as is taken': () => `{"text":"${'x'.repeat(MIB - 11)}"}`,
};

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

const odd: readonly unknown[] = [
  ...[null, true, false, 0, -1, 0.1, 1e308, 2 ** 53, 2 ** 53 + 2, '', ' ', '\0', 'a\0b', '\n', 'a\r\nX-Injected: 1'],
  ...[
    '\u2028',
    '\u202e',
    '\ud800',
    'a\udc00b',
    '\uffff',
    '\u{1f4a9}',
    '\u001b[2J',
    '%s%n',
    '$' + '{jndi:ldap://x}',
    '{{7*7}}',
  ],
  ...['x'.repeat(257), 'x'.repeat(1025), '\u00e9'.repeat(40_000), [], {}, [[]], [null], [''], { '': '' }, ['a', 'b']],
  ...['__proto__', 'constructor', 'toString', '..', '../../x', 'a:b:c', '*', '{statuswire}', 'link:x', 'number:1@x'],
  ...['2026-13-45T99:99:99Z', '+275760-09-13T00:00:00.001Z', '0000-00-00', '9'.repeat(30), '1e3', 'NaN', 'Infinity'],
  ...[
    'solved',
    'new',
    'SOLVED',
    't-1',
    '3F6C1D1E-5A58-4B0E-9D7A-2F1F4C9B7A10',
    { valueOf: 1 },
    { toJSON: 1 },
    { toString: 1, valueOf: 1 },
    [{ toString: null, valueOf: [] }],
  ],
];

/** A body with a place for everything that a sender of the catalogue, or a rule, looks for; any of them may be odd. */
function shaped(chance: Chance): object {
  const some = (usual: unknown) => (chance.below(3) === 0 ? chance.pick(odd) : usual);
  const alert = () => ({
    ...{ status: some('firing'), fingerprint: some('a'), startsAt: some('2026-01-01T00:00:00Z'), endsAt: some('') },
    ...{ labels: some({ a: 'b' }), ticket: some('t-1') },
  });
  return {
    ...{ type: some('a.b'), id: some('t-2'), action: some('closed'), kind: some('k'), uuid: some('u'), ts: some(1) },
    ...{ status: some('solved'), ticket: some('t-1'), text: some('aaa'), name: some('PARCEL-1'), groupKey: some('g') },
    ...{ created: some(1), timestamp: some('2026-01-01T00:00:00Z'), createdAt: some(Date.now()), occurredAt: some('') },
    ...{ challenge: some('c'), event_id: some('e'), event_time: some(1), created_at: some('2026-01-01T00:00:00Z') },
    ...{ webhookTimestamp: some(Date.now()), webhookEvent: some('w'), object_kind: some('issue') },
    event: some({ type: some('t'), id: some('01'), event_type: some('x.y'), occurred_at: some('') }),
    alerts: some(Array.from({ length: chance.below(4) }, alert)),
    heartbeat: some({ time: some('2026-01-01 00:00:00'), status: some(1) }),
    monitor: some({ id: some(7) }),
    object_attributes: some({ action: some('close') }),
    history_items: some([{ id: some('h'), date: some('1767225600000') }]),
    issue: some({ body: some('text'), labels: some([{ name: some('spacebring') }]) }),
  };
}

/** Any of them; mostly one of the shaped ones, of which there is no end. */
export function hostileBody(chance: Chance): HostileBody {
  if (chance.below(4) > 0) {
    const body = chance.below(40) === 0 ? { type: 'url_verification', challenge: chance.pick(odd) } : shaped(chance);
    return { name: 'odd values', bytes: Buffer.from(JSON.stringify(body)) };
  }
  const [name, make] = chance.pick(Object.entries(whole));
  return { name, bytes: Buffer.from(make()) };
}
