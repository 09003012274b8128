// .env.example is complete, and harmless when it is copied as it is.
import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { expect, it } from 'vitest';
import { envKeys, readEnv } from '../../src/config/env.ts';
import { exampleFile } from '../../src/config/find.ts';
import { namesIn } from '../../src/config/substitute.ts';

const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const yaml = readFileSync(exampleFile(), 'utf8').replace(/^\s*#.*$/gm, '');

it('its keys are exactly those that Statuswire reads and those that the example configuration names', () => {
  expect(Object.keys(parse(text)).toSorted()).toEqual([...envKeys, ...namesIn(yaml)].toSorted());
});

it('as it stands, it changes no default', () => {
  expect(readEnv(parse(text))).toEqual(readEnv({}));
});

it('each key has a comment above it, which names the default where there is one', () => {
  const blocks = text.split('\n\n').filter((block) => /^\w+=/m.test(block));
  for (const block of blocks) {
    expect(block).toMatch(/^#/);
    const value = /=(.+)$/m.exec(block)?.[1];
    if (value !== undefined) expect(block.replaceAll('\n# ', ' ')).toContain(`Default ${value}`);
  }
  expect(blocks.length).toBeGreaterThan(10);
});

it('holds no secret', () => {
  const values = Object.entries(parse(text)).filter(([key]) => /SECRET|TOKEN|CLIENT|REDIS_URL/.test(key));
  expect(values.every(([, value]) => value === '')).toBe(true);
});
