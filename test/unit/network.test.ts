import { expect, it } from 'vitest';
import { isNetwork, makeNetworks } from '../../src/network.ts';

const accepts = makeNetworks(['192.0.2.0/24', '2001:db8::/32', '198.51.100.7', '203.0.113.77/28']);

it.each([
  '192.0.2.0',
  '192.0.2.255',
  '::ffff:192.0.2.9',
  '2001:db8:ffff::1',
  '2001:DB8::1%eth0',
  '198.51.100.7',
  '203.0.113.64',
])('%s may send', (address) => {
  expect(accepts(address)).toBe(true);
});

it.each([
  '192.0.3.0',
  '2001:db9::1',
  '198.51.100.8',
  '203.0.113.80',
  '::ffff:192.0.3.1',
  '',
  'localhost',
  '192.0.2',
  undefined,
])('%s may not', (address) => {
  expect(accepts(address)).toBe(false);
});

it('without a list anybody may, known or not; an empty list admits nobody', () => {
  expect([makeNetworks(undefined)('1.2.3.4'), makeNetworks(undefined)(undefined)]).toEqual([true, true]);
  expect(makeNetworks([])('1.2.3.4')).toBe(false);
});

it.each([
  '192.0.2.0/33',
  '192.0.2/24',
  '2001:db8::/129',
  'example.org',
  '',
  '192.0.2.0/',
  '192.0.2.0/-1',
  'fe80::1%eth0',
  ' 192.0.2.0',
])('%j is no network', (text) => {
  expect(isNetwork(text)).toBe(false);
  expect(() => makeNetworks([text])).toThrow('is not a network');
});
