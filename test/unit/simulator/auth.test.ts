import { describe, expect, it } from 'vitest';
import { makeAuth } from '../../../src/simulator/auth.ts';

const tokens = { isGood: (token: string) => token === 'good' };
const network = '77777777-0000-4000-8000-000000000000';
const judge = makeAuth({ clientId: 'id', clientSecret: 'a:secret', networkId: network, scope: 'support' }, tokens);
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
const inNetwork = { 'spacebring-network-id': network };

describe('credentials', () => {
  it.each([
    ['Basic', { authorization: basic('id:a:secret') }, 'basic'],
    ['Basic with the network', { authorization: basic('id:a:secret'), ...inNetwork }, 'basic'],
    ['a scheme in lower case', { authorization: basic('id:a:secret').replace('Basic', 'basic') }, 'basic'],
    ['Bearer with the network', { authorization: 'Bearer good', ...inNetwork }, 'bearer'],
  ])('are right with %s', (_name, headers, kind) => {
    expect(judge(headers, 'write', false)).toEqual({ kind, right: true });
  });

  it.each([
    ['nothing', {}, 'none'],
    ['a wrong secret', { authorization: basic('id:wrong') }, 'basic'],
    ['an unknown token', { authorization: 'Bearer bad', ...inNetwork }, 'bearer'],
    ['an empty token', { authorization: 'Bearer ', ...inNetwork }, 'bearer'],
    ['another scheme', { authorization: 'Digest abc' }, 'other'],
  ])('are refused with %s', (_name, headers, kind) => {
    expect(judge(headers, 'read', false)).toMatchObject({ kind, right: false, answer: { status: 401 } });
  });

  it('are all wrong once revoked', () => {
    const headers = { authorization: basic('id:a:secret') };
    expect(judge(headers, 'read', true)).toMatchObject({ right: false, answer: { status: 401 } });
  });

  it('need the network with Bearer, and the right one wherever it is sent', () => {
    expect(judge({ authorization: 'Bearer good' }, 'read', false)).toMatchObject({
      right: true,
      answer: { status: 400 },
    });
    const elsewhere = { authorization: basic('id:a:secret'), 'spacebring-network-id': 'another' };
    expect(judge(elsewhere, 'read', false)).toMatchObject({ right: true, answer: { status: 400 } });
  });

  it('with support.readonly read and do not write', () => {
    const readOnly = makeAuth(
      { clientId: 'id', clientSecret: 's', networkId: undefined, scope: 'support.readonly' },
      tokens,
    );
    const headers = { authorization: 'Bearer good', ...inNetwork };
    expect(readOnly(headers, 'read', false)).toEqual({ kind: 'bearer', right: true });
    expect(readOnly(headers, 'write', false)).toMatchObject({ right: true, answer: { status: 403 } });
  });
});
