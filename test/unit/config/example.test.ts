// The shipped example: right as it is, with nothing configured, and with stand-ins that reach no real vendor.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { callingOnly, exampleEnv } from '../../../src/config/example.ts';
import { exampleFile } from '../../../src/config/find.ts';
import { configOf } from './files.ts';

const text = readFileSync(exampleFile(), 'utf8');
const standIns = (given = {}) =>
  exampleEnv({ text, clientId: 'sim', clientSecret: 'sim-pw', given, random: (bytes) => Buffer.alloc(bytes, 7) });

describe('the example', () => {
  it('is right with stand-ins for all that it names', () => {
    const config = configOf(text, standIns());
    expect(Object.keys(config.sources)).toEqual(['github', 'scanner', 'spacebring', 'scripts']);
    expect(config.rules.map((rule) => rule.set)).toEqual(['solved', 'solved', { cel: 'body.status' }, 'inProgress']);
  });

  it('begins with the line that shows editors its schema', () => {
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./statuswire.schema.json');
  });

  it('is right with each line that is commented out to show a default', () => {
    const shown = text.replace(/^( +)# (\w+: \S+)/gm, '$1$2');
    expect(shown).not.toBe(text);
    expect(configOf(shown, standIns()).accounts.main).toEqual(configOf(text, standIns()).accounts.main);
  });
});

describe('stand-ins', () => {
  it('never carry real credentials, whatever the environment has', () => {
    const env = standIns({ SPACEBRING_CLIENT_ID: 'real', SPACEBRING_CLIENT_SECRET: 'real' });
    expect(env).toMatchObject({ SPACEBRING_CLIENT_ID: 'sim', SPACEBRING_CLIENT_SECRET: 'sim-pw' });
  });

  it('take a webhook secret that is given, and make up the others', () => {
    const env = standIns({ GITHUB_WEBHOOK_SECRET: 'given', SCRIPTS_TOKEN: '' });
    expect(env.GITHUB_WEBHOOK_SECRET).toBe('given');
    expect(env.SCRIPTS_TOKEN).toBe(`whsec_${Buffer.alloc(24, 7).toString('base64')}`);
  });
});

it('a configuration can be made to call one address only', () => {
  const config = callingOnly(configOf(text, standIns()), 'http://127.0.0.1:4000');
  expect(Object.values(config.accounts).map(({ baseUrl }) => baseUrl)).toEqual(['http://127.0.0.1:4000']);
  expect(Object.isFrozen(config.accounts.main)).toBe(true);
});
