// statuswire.schema.json is what the zod schema says, and editors that use it find every key explained.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { jsonSchemaText } from '../../../src/config/json-schema.ts';

type Json = { readonly [key: string]: unknown };
const file = readFileSync(new URL('../../../statuswire.schema.json', import.meta.url), 'utf8');

it('the file is the schema; `npx tsx scripts/write-schema.mjs` writes it', () => {
  expect(file).toBe(jsonSchemaText());
});

it('every key has a description', () => {
  const bare: string[] = [];
  visit(JSON.parse(file), '', (node, path) => {
    for (const [key, value] of Object.entries((node.properties ?? {}) as Record<string, Json>)) {
      if (typeof value.description !== 'string') bare.push(`${path}.${key}`);
    }
  });
  expect(bare).toEqual([]);
});

it(`\${NAME} fits wherever a text has to have a form, and nothing else slips through`, () => {
  const patterns: string[] = [];
  visit(JSON.parse(file), '', (node, path) => {
    if (typeof node.pattern === 'string' && !path.endsWith('propertyNames')) patterns.push(node.pattern);
  });
  expect(patterns.length).toBeGreaterThan(10);
  for (const pattern of patterns) {
    const form = new RegExp(pattern, 'u');
    expect([form.test(`\${SOME_NAME}`), form.test('no {form} at all')]).toEqual([true, false]);
  }
});

function visit(node: unknown, path: string, look: (node: Json, path: string) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) look(node as Json, path);
  for (const [key, value] of Object.entries(node)) visit(value, `${path}.${key}`, look);
}
