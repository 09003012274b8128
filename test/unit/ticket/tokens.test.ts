// What `prepare` does while somebody else renews; the rest needs a real Redis and stands in integration/ticket.
import { describe, expect, it } from 'vitest';
import { makeBasic } from '../../../src/ticket/credentials.ts';
import type { Look, TokenStore } from '../../../src/ticket/token-store.ts';
import { makeTokens } from '../../../src/ticket/tokens.ts';
import { quiet } from '../../support/redis-places.ts';

const never = () => Promise.reject(new Error('nobody asks for this'));

function waitingFor(look: (attempt: string) => Look) {
  const store: TokenStore = { look: async ({ attempt }) => look(attempt), keep: never, fail: never, giveBack: never };
  let sleptMs = 0;
  const credentials = makeTokens({
    account: 'main',
    oauth: { clientId: 'i', clientSecret: 's', refreshToken: 'r' },
    callTimeoutMs: 1_000,
    exchange: never,
    store,
    seal: { close: () => '', open: () => '{"accessToken":"a","refreshToken":"r"}' },
    tag: '{x}',
    newAttempt: () => 'attempt',
    log: quiet,
    now: () => 0,
    monotonic: () => sleptMs,
    sleep: async (ms) => pass(ms),
  });
  const pass = (ms: number) => {
    sleptMs += ms;
  };
  return { credentials, pass, sleptMs: () => sleptMs };
}

describe('whoever waits for another to renew', () => {
  it('gives signs of life every two seconds, and comes back later after half a minute', async () => {
    const { credentials, sleptMs } = waitingFor(() => ({ kind: 'busy' }));
    let signs = 0;
    const unready = await credentials.prepare(never, async () => {
      signs += 1;
    });
    expect(unready).toMatchObject({ kind: 'busy', asked: false, waitMs: 5_000 });
    expect([signs, sleptMs()]).toEqual([15, 30_000]);
  });

  it('goes on as soon as there is a token', async () => {
    let looks = 0;
    const { credentials, sleptMs } = waitingFor(() => {
      looks += 1;
      return looks < 4 ? { kind: 'busy' } : { kind: 'good', version: 3, sealed: 'x', restMs: 0 };
    });
    expect(await credentials.prepare(never)).toBeUndefined();
    expect(credentials.proof()).toMatchObject({ version: 3, headers: { authorization: 'Bearer a' } });
    expect(sleptMs()).toBe(300);
  });

  it('stops when it may not wait any longer', async () => {
    const { credentials } = waitingFor(() => ({ kind: 'busy' }));
    await expect(credentials.prepare(never, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  });
});

it('a turn that came too late is given up, because the lock may be another’s by then', async () => {
  let looks = 0;
  const { credentials, pass } = waitingFor((attempt) => {
    looks += 1;
    const task = { attempt, version: 0, chain: 'c' };
    return looks < 3
      ? { kind: 'mine', task, sealed: '', serves: false }
      : { kind: 'good', version: 1, sealed: 'x', restMs: 0 };
  });
  // `exchange` rejects here, so a call would be noticed.
  expect(await credentials.prepare(async () => pass(30_001))).toBeUndefined();
  expect(looks).toBe(3);
});

it('Basic is always ready, never stale, and asks for no turn', async () => {
  const basic = makeBasic({ clientId: 'id', clientSecret: 'ü:pw' });
  expect(await basic.prepare(never)).toBeUndefined();
  const proof = basic.proof();
  expect(proof?.headers).toEqual({ authorization: `Basic ${Buffer.from('id:ü:pw').toString('base64')}` });
  if (proof !== undefined) basic.refused(proof);
  expect(basic.isStale()).toBe(false);
});
