import { expect, it } from 'vitest';
import { formatEnvFault, readEnv } from '../../../src/config/env.ts';
import type { TrustProxy } from '../../../src/config/trust-proxy.ts';
import { makeSenderAddress } from '../../../src/receiver/sender-address.ts';

function trust(text: string): TrustProxy | undefined {
  const read = readEnv({ TRUST_PROXY: text });
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.env.TRUST_PROXY;
}

function sender(trusted: string, remoteAddress: string | undefined, forwarded?: string) {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return makeSenderAddress(trust(trusted))({ socket: { remoteAddress } as never, headers });
}

it.each([
  // nobody is believed
  ['', '203.0.113.1', '192.0.2.1', '203.0.113.1'],
  ['', '::ffff:203.0.113.1', undefined, '203.0.113.1'],
  // one proxy: what it wrote, and not what a stranger wrote before it
  ['1', '10.0.0.1', '192.0.2.1', '192.0.2.1'],
  ['1', '10.0.0.1', '198.51.100.66, 192.0.2.1', '192.0.2.1'],
  ['1', '10.0.0.1', undefined, '10.0.0.1'],
  // two
  ['2', '10.0.0.1', '198.51.100.66, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
  ['2', '10.0.0.1', '192.0.2.1', '192.0.2.1'],
  // by network: as far as they vouch for each other
  ['10.0.0.0/8', '10.0.0.1', '198.51.100.66, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
  ['10.0.0.0/8', '203.0.113.1', '192.0.2.1', '203.0.113.1'],
  ['10.0.0.0/8', '10.0.0.1', '10.0.0.9', '10.0.0.9'],
  ['10.0.0.0/8,2001:db8::/32', '2001:db8::1', '192.0.2.1', '192.0.2.1'],
  // as load balancers write it
  ['1', '10.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
  ['1', '10.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
  ['1', '10.0.0.1', ' ::ffff:192.0.2.1 ', '192.0.2.1'],
  // what is no address is nobody's, and hides nothing behind it
  ['1', '10.0.0.1', '192.0.2.1, unknown', undefined],
  ['2', '10.0.0.1', '192.0.2.1, <b>', undefined],
  ['1', undefined, '192.0.2.1', undefined],
])('TRUST_PROXY=%j, from %s with %j: %s', (trusted, remote, forwarded, address) => {
  expect(sender(trusted, remote, forwarded)).toBe(address);
});

it.each(['0', '10', 'true', 'any', '*', 'loopback', '10.0.0.0/33', '10.0.0.0/8,', '2001:db8::/129', '-1'])(
  'TRUST_PROXY=%s is refused',
  (text) => {
    const read = readEnv({ TRUST_PROXY: text });
    expect(read).toMatchObject({ ok: false, faults: [{ key: 'TRUST_PROXY' }] });
  },
);

it.each([
  ...['0.0.0.0/0', '::/0', '0.0.0.0/0,::/0', '10.0.0.0/8, 10.1.2.3/0', '0.0.0.0/00'],
  // the same, written in other ways
  ...['0.0.0.0/1,128.0.0.0/1', '::/1,8000::/1', '::ffff:0.0.0.0/96'],
])('TRUST_PROXY=%s is refused, because it is every address there is', (text) => {
  const read = readEnv({ TRUST_PROXY: text });
  if (read.ok) throw new Error('it was taken');
  expect(read.faults.map(formatEnvFault)).toEqual([
    `TRUST_PROXY is "${text}", expected the networks of your own proxies such as 10.0.0.0/8, or how many stand in front (1 to 9): these are every address there is, so each sender could choose its own`,
  ]);
});
