import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEEPEST, readBody } from '../../../src/source/body.ts';
import { findJsonFault } from '../../../src/source/json-fault.ts';
import { delivery, verified } from './deliveries.ts';

const read = (body: string | Buffer) => readBody(verified(body));

it('only a verified delivery can be read', () => {
  // @ts-expect-error an unproven delivery is not Verified, and only prove() makes one
  const unproven: Parameters<typeof readBody>[0] = delivery('{}');
  expect(unproven).not.toHaveProperty('ok');
});

it('gives back the JSON that was sent', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      fc.pre(!text.includes('__proto__') && depthOf(JSON.parse(text)) <= DEEPEST);
      expect(read(text)).toEqual({ ok: true, value: JSON.parse(text) });
    }),
  );
});

it.each([
  ['', 'the body is empty', undefined],
  ['  \n', 'the body is not JSON: it ends too early', 3],
  ['{"a":1', 'the body is not JSON: it ends too early', 6],
  ['{"a":}', 'the body is not JSON, from character 5 on', 5],
  ['{"name":"Ann",}', 'the body is not JSON, from character 14 on', 14],
  ['nope', 'the body is not JSON, from character 0 on', 0],
  ["{'a':1}", 'the body is not JSON, from character 1 on', 1],
])('refuses %j: %s', (body, why, position) => {
  expect(read(body)).toEqual({ ok: false, why, ...(position !== undefined && { position }) });
});

it.each(['payload=%7B%7D', 'token=a&command=%2Fsolve', '--form-1f\r\nContent-Disposition: form-data; name="data"'])(
  'refuses the form %j as one',
  (form) => {
    const why = 'the body is a form, and only JSON is read; choose the content type application/json at the sender';
    expect(read(form)).toEqual({ ok: false, why, position: 0 });
  },
);

it('a refusal quotes nothing of the body', () => {
  const refusal = read('{"email":"ann@example.test" "phone":1}');
  expect(JSON.stringify(refusal)).not.toContain('ann');
});

it('bytes that are not UTF-8 are refused, never repaired', () => {
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xc0, 0xaf, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
  ]) {
    expect(read(Buffer.from(bytes))).toEqual({ ok: false, why: 'the body is not valid UTF-8' });
  }
  expect(read('\ufeff{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
});

it.each([
  ['[', ']'],
  ['{"a":', '}'],
])('%s may be nested 64 deep and no deeper', (open, close) => {
  const nested = (depth: number) => `${open.repeat(depth)}${open === '[' ? '' : '1'}${close.repeat(depth)}`;
  expect(read(nested(DEEPEST)).ok).toBe(true);
  expect(read(nested(DEEPEST + 1))).toEqual({ ok: false, why: 'the body is nested deeper than 64 levels' });
  expect(read(nested(100_000)).ok).toBe(false);
});

it.each(['{"__proto__":{"admin":true},"a":1}', '{"\\u005f_proto__":{"admin":true},"a":1}'])(
  'a key that could stand in for a prototype is left out of %s',
  (text) => {
    const nested = read(`[{"deep":${text}}]`);
    expect(nested).toEqual({ ok: true, value: [{ deep: { a: 1 } }] });
    const body = read(text);
    const value = body.ok ? body.value : undefined;
    expect(Object.keys(value ?? {})).toEqual(['a']);
    expect(Object.assign({}, value)).not.toHaveProperty('admin');
  },
);

it('constructor, prototype and toString are plain data', () => {
  const text = '{"constructor":"Ferrari","prototype":1,"toString":null}';
  const body = read(text);
  expect(JSON.stringify(body.ok && body.value)).toBe(text);
});

it('whole numbers beyond 2^53 lose digits, as the docs say', () => {
  expect(read('{"id":9007199254740993}')).toEqual({ ok: true, value: { id: 9007199254740992 } });
});

it('the fault finder agrees with JSON.parse on what is JSON', () => {
  const spoiled = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', ',', '}', '[', ':', '0', '-', '\\', 'e', '\u0000'))
    .map(([text, seed, junk]) => {
      const at = seed % (text.length + 1);
      return text.slice(0, at) + junk + text.slice(at + (seed % 2));
    });
  fc.assert(
    fc.property(fc.oneof(spoiled, fc.string()), (text) => {
      expect(findJsonFault(text) === undefined, text).toBe(isJson(text));
    }),
    { numRuns: 2000 },
  );
});

it('the fault finder is done with a megabyte of anything', () => {
  const long = 'x'.repeat(1_000_000);
  expect(findJsonFault(`"${long}`)).toBe(0);
  expect(findJsonFault(`{"${long}":`)).toBe(1_000_004);
  expect(findJsonFault('['.repeat(1_000_000))).toBe(1_000_000);
  expect(findJsonFault(' '.repeat(1_000_000))).toBe(1_000_000);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

it('a number beyond all doubles is null, at any depth: so it would be written down', () => {
  expect(readBody(verified('{"a":1e999,"b":[-1e999,{"c":1e999}],"d":1e308}'))).toEqual({
    ok: true,
    value: { a: null, b: [null, { c: null }], d: 1e308 },
  });
});
