import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/simulator/options.ts';

describe('the options', () => {
  it("default to the vendor's documented limit, on loopback", () => {
    expect(settle({})).toMatchObject({ rate: 10, host: '127.0.0.1', accessTokenTtlMs: 3_600_000, retryAfter: 'none' });
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.evil.example'])('refuse to listen on %s', (host) => {
    expect(() => settle({ host })).toThrow(`not on ${host}`);
    expect(settle({ host, exposed: true }).host).toBe(host);
  });

  it.each(['127.0.0.1', '127.0.0.53', 'localhost', '::1'])('take %s as loopback', (host) => {
    expect(settle({ host }).host).toBe(host);
  });

  it.each([0, -1, 2.5, Number.NaN])('refuse a rate of %s', (rate) => {
    expect(() => settle({ rate })).toThrow('rate is');
  });

  it('count elapsed time from the start', () => {
    const clock = { ms: 5000 };
    const { elapsed } = settle({ elapsed: () => clock.ms });
    clock.ms = 5250;
    expect(elapsed()).toBe(250);
  });
});
