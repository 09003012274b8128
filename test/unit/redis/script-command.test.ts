// What goes over the wire, beside the plainest way to write it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Argument, encode, scriptCommand } from '../../../src/redis/script-command.ts';

function plainly(args: readonly Argument[]): Buffer {
  const bulks = args.map((arg) => (typeof arg === 'object' ? arg : Buffer.from(String(arg))));
  const framed = bulks.flatMap((bytes) => [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...framed]);
}

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary-ascii', minLength: 60, maxLength: 70 }),
  fc.constantFrom('', '\r\n', '\ud800', 'ü'.repeat(64), 'ü'.repeat(65), '…', 'x'.repeat(5_000)),
);
const args = fc.array(
  fc.oneof(
    texts,
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  ),
  { maxLength: 20 },
);

describe('a command with any arguments', () => {
  it('is written as RESP has it', () => {
    fc.assert(
      fc.property(args, args, (head, rest) => {
        expect(encode(head, rest).equals(plainly([...head, ...rest]))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is written again as it was, for a connection that was cut', () => {
    const command = scriptCommand('evalsha', 'digest', ['{tag}'], ['ü', 7, Buffer.from([0xff])]);
    const first = command.toWritable({});
    expect(first).toEqual(plainly(['evalsha', 'digest', 1, '{tag}', 'ü', 7, Buffer.from([0xff])]));
    expect(command.toWritable({})).toEqual(first);
  });

  it('tells the client its keys, and nothing of a delivery', () => {
    const command = scriptCommand('evalsha', 'digest', ['{tag}'], ['the body of somebody']);
    expect(command.getKeys()).toEqual(['{tag}']);
    expect(JSON.stringify(command.args)).not.toContain('somebody');
  });
});
