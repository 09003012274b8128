// That every stream which is held is let go, in the same turn and with its bytes in order, whatever becomes of the client's
// connection meanwhile. The streams are Node's; what they write is counted. With a real Redis: test/integration.
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { Command, type Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { gatherWrites } from '../../../src/redis/gather.ts';

/** A connection that counts its writes. */
class Line extends Writable {
  readonly writes: string[] = [];
  constructor() {
    super({ decodeStrings: false });
  }
  override _write(piece: string, _: string, done: () => void): void {
    this.writes.push(piece);
    done();
  }
  override _writev(pieces: { chunk: string }[], done: () => void): void {
    this.writes.push(pieces.map(({ chunk }) => chunk).join(''));
    done();
  }
}

/** As much of a client as is watched: what it is told to send goes to the connection that it has. */
function makeClient() {
  const client = {
    stream: undefined as Line | undefined,
    sendCommand(command: Command): Promise<unknown> {
      if (this.stream?.writable) this.stream.write(command.name);
      return Promise.resolve();
    },
  };
  gatherWrites(client as unknown as Redis);
  return {
    say: (name: string) => void client.sendCommand(new Command(name)),
    connect(): Line {
      client.stream = new Line();
      return client.stream;
    },
  };
}

describe('commands of one turn', () => {
  it('leave in one write, in order, and the next turn has its own', async () => {
    const client = makeClient();
    const line = client.connect();
    for (const name of ['a', 'b']) client.say(name);
    await Promise.resolve().then(() => client.say('c'));
    expect(line.writes).toEqual([]);
    await nextTurn();
    client.say('d');
    await nextTurn();
    expect(line.writes).toEqual(['abc', 'd']);
  });

  it('leave also when they arise where the turn ends', async () => {
    const client = makeClient();
    const line = client.connect();
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        client.say('a');
        setImmediate(() => resolve());
      });
    });
    await nextTurn();
    expect(line.writes).toEqual(['a']);
  });

  it('are sent on by a client that has no connection yet', async () => {
    const client = makeClient();
    client.say('a');
    const line = client.connect();
    client.say('b');
    await nextTurn();
    expect(line.writes).toEqual(['b']);
  });
});

describe('a connection that is held', () => {
  it('is let go when another takes its place in the same turn, and so is the other', async () => {
    const client = makeClient();
    const first = client.connect();
    client.say('a');
    const second = client.connect();
    client.say('b');
    expect(first.writes).toEqual(['a']);
    await nextTurn();
    expect(second.writes).toEqual(['b']);
  });

  it('may end, and what it holds leaves before the end', async () => {
    const client = makeClient();
    const line = client.connect();
    client.say('a');
    line.end();
    expect(line.writes).toEqual(['a']);
    await nextTurn();
    expect(line.writableFinished).toBe(true);
  });

  it('is let go in the same turn, whatever is sent, replaced, ended and destroyed', async () => {
    const step = fc.constantFrom('say', 'say', 'say', 'connect', 'destroy', 'end', 'turn', 'microtask');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const client = makeClient();
        const lines: { line: Line; said: string; isWhole: boolean }[] = [];
        for (const [i, what] of steps.entries()) {
          const last = lines.at(-1);
          if (what === 'say') {
            if (last?.line.writable) last.said += `${i}.`;
            client.say(`${i}.`);
          } else if (what === 'connect') lines.push({ line: client.connect(), said: '', isWhole: true });
          else if (what === 'turn') await nextTurn();
          else if (what === 'microtask') await Promise.resolve();
          else if (what === 'end') last?.line.end();
          else if (last !== undefined && !last.line.destroyed) {
            // What is held then is lost with the connection; the client has it in its list of what was not answered.
            last.isWhole = last.line.writableLength === 0 && last.isWhole;
            last.line.destroy();
          }
        }
        await nextTurn();
        for (const { line, said, isWhole } of lines) {
          expect(line.writableCorked).toBe(0);
          const written = line.writes.join('');
          expect(isWhole ? written : said.startsWith(written)).toBe(isWhole ? said : true);
        }
      }),
    );
  });
});
