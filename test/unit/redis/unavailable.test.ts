// Which errors mean "Redis cannot confirm now" and which are defects of ours.
import { describe, expect, it } from 'vitest';
import { isUnavailable } from '../../../src/redis/unavailable.ts';

const passing: readonly string[] = [
  'Connection is closed.',
  'Command timed out',
  'Command aborted due to connection close',
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
  'Reached the max retries per request limit (which is 1). Refer to "maxRetriesPerRequest" option for details.',
  'Failed to refresh slots cache.',
  'All sentinels are unreachable. Retrying from scratch after 50ms.',
  "READONLY You can't write against a read only replica.",
  'LOADING Redis is loading the dataset in memory',
  'MISCONF Errors writing to the AOF file: No space left on device',
  "OOM command not allowed when used memory > 'maxmemory'. script: 4f1a, on @user_script:1.",
  "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
  'BUSY Redis is busy running a script.',
  'CLUSTERDOWN The cluster is down',
  'TRYAGAIN Multiple keys request during rehashing of slot',
  'MASTERDOWN Link with MASTER is down',
  'NOREPLICAS Not enough good replicas to write.',
  'NOAUTH Authentication required.',
  'WRONGPASS invalid username-password pair or user is disabled.',
  'ERR max number of clients reached',
];

const defects: readonly string[] = [
  'WRONGTYPE Operation against a key holding the wrong kind of value',
  "ERR wrong number of arguments for 'get' command",
  'ERR user_script:3: Script attempted to access nonexistent global variable',
  'NOSCRIPT No matching script.',
  'NOPERM this user has no permissions to run the command',
  "CROSSSLOT Keys in request don't hash to the same slot",
  'Cannot read properties of undefined',
  'the answer was LOADING',
];

describe('Redis cannot confirm now', () => {
  it.each(passing)('when it says: %s', (message) => {
    expect(isUnavailable(new Error(message))).toBe(true);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'])('on %s', (code) => {
    expect(isUnavailable(Object.assign(new Error('connect'), { code }))).toBe(true);
  });

  it('when its socket is not there, but not when any other file is missing', () => {
    expect(isUnavailable(Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'connect' }))).toBe(true);
    expect(isUnavailable(Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'open' }))).toBe(false);
  });

  it('when such an error stands behind the one thrown', () => {
    const oom = new Error('OOM command not allowed');
    expect(isUnavailable(new Error('storing the event', { cause: oom }))).toBe(true);
    expect(isUnavailable(Object.assign(new Error('EXECABORT'), { previousErrors: [oom] }))).toBe(true);
    expect(isUnavailable(new AggregateError([Object.assign(new Error(), { code: 'ECONNREFUSED' })]))).toBe(true);
  });

  it.each(defects)('is not what a defect means: %s', (message) => {
    expect(isUnavailable(new Error(message))).toBe(false);
  });

  it('is not said of what is no error, nor of errors that cause each other', () => {
    const circle = new Error('round');
    circle.cause = circle;
    expect([undefined, 'Connection is closed.', { message: 'OOM' }, circle].map(isUnavailable)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
