import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { makeMetricsHandlers } from '../../../src/receiver/metrics.ts';

/** Whether a request from this address, with these headers, gets to the figures; `token`: it carries the operators'. */
function passes(address: string | undefined, headers: IncomingMessage['headers'] = {}, token = false): boolean {
  const { gate } = makeMetricsHandlers({
    metrics: { read: () => Promise.reject(new Error('nobody asks')), known: {} },
    hasToken: () => token,
    isUnavailable: () => false,
    deadlineMs: 100,
  });
  const told: unknown[] = [];
  const req = { socket: { remoteAddress: address }, headers } as Request;
  gate(req, {} as Response, (...args: unknown[]) => void told.push(args[0]));
  expect(told).toHaveLength(1);
  return told[0] === undefined;
}

describe('the gate before the figures', () => {
  it.each([
    ...['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255'],
    ...['192.168.178.2', '::ffff:192.168.1.1', '169.254.1.1', 'fe80::1', 'fe80::1%eth0', 'fd00:1::2'],
  ])('lets %s pass, which is of this machine or its network', (address) => {
    expect(passes(address)).toBe(true);
  });

  it.each([
    ...['203.0.113.9', '172.32.0.1', '172.15.255.255', '100.64.0.1', '192.169.0.1', '::ffff:8.8.8.8'],
    ...['2001:db8::1', '::', '0.0.0.0', 'fec0::1', undefined],
  ])('keeps %s out', (address) => {
    expect(passes(address)).toBe(false);
    expect(passes(address, {}, true)).toBe(true);
  });

  it.each([
    ...['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port'],
    ...['x-real-ip', 'cf-connecting-ip', 'true-client-ip'],
  ])('keeps out what a proxy passes on, with %s', (name) => {
    expect(passes('127.0.0.1', { [name]: '127.0.0.1' })).toBe(false);
    expect(passes('127.0.0.1', { [name]: '' })).toBe(false);
    expect(passes('127.0.0.1', { [name]: '127.0.0.1' }, true)).toBe(true);
  });
});
