// Which packages an unpacked Redis server needs, from what apt and dpkg print on Debian 12.
import { describe, expect, it } from 'vitest';
import { missing, readInstalled, readNeeds } from '../../../src/redis/packages.ts';

const shown = `Package: redis-server
Version: 5:7.0.15-1~deb12u5
Pre-Depends: init-system-helpers (>= 1.54~)
Depends: lsb-base (>= 3.2-14), redis-tools (= 5:7.0.15-1~deb12u5)
Description: Persistent key-value database
 Depends: is only a word here

Package: redis-tools
Depends: adduser, libatomic1 (>= 4.8), libc6 (>= 2.34), liblzf1:any (>= 1.5), libsystemd0 | libelogind0, lua-cjson
`;

describe('the packages of a Redis server', () => {
  it('are read with their alternatives and without versions', () => {
    const needs = readNeeds(shown);
    expect(needs.get('redis-server')).toEqual([['init-system-helpers'], ['lsb-base'], ['redis-tools']]);
    expect(needs.get('redis-tools')).toContainEqual(['libsystemd0', 'libelogind0']);
  });

  it('always include its tools, where the program is, even when they are said to be installed', () => {
    const needs = readNeeds(shown).get('redis-server') ?? [];
    expect(missing([needs], new Set(['redis-tools']))).toEqual(['redis-tools']);
  });

  it('include the libraries that are not installed, and nothing else', () => {
    const needs = readNeeds(shown).get('redis-tools') ?? [];
    const installed = readInstalled('ii  libc6\nii  libelogind0\nrc  libatomic1\nhi  lua-cjson\n');
    expect(missing([needs], installed)).toEqual(['libatomic1', 'liblzf1']);
  });
});
