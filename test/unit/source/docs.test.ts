import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { SourceSchema } from '../../../src/config/schema.ts';
import { presets } from '../../../src/source/catalogue.ts';
import { checkSources } from '../../../src/source/check.ts';

const page = readFileSync(new URL('../../../docs/sources.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '');
const Example = z.strictObject({ sources: z.record(z.string(), SourceSchema) });

it.each(examples)('an example of docs/sources.md is a configuration without faults:\n%s', (text) => {
  // Secrets of the right form for every scheme: user:password, or base64 after its mark.
  const filled = text
    .replaceAll(/\$\{\w*PASSWORD\}/g, 'user:password')
    .replaceAll(/\$\{\w+\}/g, 'whsec_c3RhbmQtaW4gc2VjcmV0');
  expect(checkSources(Example.parse(parse(filled)).sources, 0)).toEqual([]);
});

it('docs/sources.md has an example of every verifier', () => {
  const named = examples.flatMap((text) => Object.values(Example.parse(parse(text)).sources));
  const words = named.map(({ verify }) => (typeof verify === 'string' ? verify : Object.keys(verify)[0]));
  const all = [...Object.keys(presets), 'hmac', 'header'];
  expect(all.filter((word) => !words.includes(word))).toEqual([]);
});

it('docs/sources.md names every sender in its table', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(
    Object.keys(presets).filter((word) => !rows.some((row) => row.split('|')[1]?.includes(`\`${word}\``))),
  ).toEqual([]);
});
