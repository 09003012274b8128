import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleFile, findConfig } from '../../../src/config/find.ts';

describe('the configuration that is used', () => {
  let cwd = '';
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'statuswire-find-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  it('is the one of --config, then of the environment, then of the folder, then the example', () => {
    writeFileSync(join(cwd, 'statuswire.yaml'), '');
    const all = { option: 'a.yaml', environment: '/etc/b.yaml', cwd };
    expect(findConfig(all)).toEqual({ kind: 'option', file: join(cwd, 'a.yaml') });
    expect(findConfig({ ...all, option: undefined })).toEqual({ kind: 'environment', file: '/etc/b.yaml' });
    expect(findConfig({ cwd })).toEqual({ kind: 'folder', file: join(cwd, 'statuswire.yaml') });
    rmSync(join(cwd, 'statuswire.yaml'));
    expect(findConfig({ cwd })).toEqual({ kind: 'example', file: exampleFile() });
  });

  it('is a named one even if it is missing: the example never stands in for it', () => {
    expect(findConfig({ option: 'missing.yaml', cwd }).kind).toBe('option');
    expect(findConfig({ environment: 'missing.yaml', cwd }).kind).toBe('environment');
  });

  it('keeps a short path short', () => {
    expect(findConfig({ option: './a.yaml', cwd: '.' }).file).toBe('a.yaml');
  });
});
