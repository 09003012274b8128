import { describe, expect, it } from 'vitest';
import { makeClosers } from '../../src/lifecycle.ts';

const MINUTE = 60_000;

/** Something to close that writes down that it was. */
function recorder() {
  const closed: string[] = [];
  return { closed, part: (name: string) => ({ name, close: () => void closed.push(name) }) };
}

describe('closers', () => {
  it('close in the reverse order, once, whoever asks', async () => {
    const { closed, part } = recorder();
    const closers = makeClosers(MINUTE);
    closers.add('redis', part('redis').close);
    await closers.open('workers', async () => part('workers'));
    closers.add('receiver', part('receiver').close);
    const [first, second] = await Promise.all([closers.close(), closers.close()]);
    expect(first).toEqual([]);
    expect(second).toBe(first);
    expect(closed).toEqual(['receiver', 'workers', 'redis']);
  });

  it('give what was opened, and wait for each before the next', async () => {
    const closers = makeClosers(MINUTE);
    const order: string[] = [];
    closers.add('first', () => order.push('first'));
    const opened = await closers.open('second', async () => ({
      url: 'here',
      async close() {
        await new Promise(setImmediate);
        order.push('second');
      },
    }));
    expect(opened.url).toBe('here');
    await closers.close();
    expect(order).toEqual(['second', 'first']);
  });

  it('name what fails, and close the rest', async () => {
    const { closed, part } = recorder();
    const closers = makeClosers(MINUTE);
    closers.add('a', part('a').close);
    closers.add('b', () => Promise.reject(new Error('b is stuck')));
    closers.add('c', () => {
      throw new Error('c is broken');
    });
    closers.add('d', part('d').close);
    expect(await closers.close()).toEqual([
      { name: 'c', why: 'c is broken' },
      { name: 'b', why: 'b is stuck' },
    ]);
    expect(closed).toEqual(['d', 'a']);
  });

  it('wait no longer than their deadline for what hangs, and still close the rest', async () => {
    const { closed, part } = recorder();
    const closers = makeClosers(20);
    closers.add('a', part('a').close);
    closers.add('b', () => new Promise(() => {}));
    const unclosed = await closers.close();
    expect(unclosed).toContainEqual({ name: 'b', why: 'not closed within 0.02 s' });
    expect(closed).toEqual(['a']);
  });

  it('close what is still being opened, as soon as it is open, and open nothing after it', async () => {
    const { closed, part } = recorder();
    const closers = makeClosers(MINUTE);
    let finish = () => {};
    const opening = closers.open('redis', async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return part('redis');
    });
    const closing = closers.close();
    await expect(closers.open('workers', async () => part('workers'))).rejects.toThrow('closing has begun');
    expect(() => closers.add('door', part('door').close)).toThrow('closing has begun');
    finish();
    await expect(opening).rejects.toThrow('redis is not opened: closing has begun');
    expect(await closing).toEqual([]);
    expect(closed).toEqual(['redis']);
  });

  it('have nothing to close of what could not be opened', async () => {
    const closers = makeClosers(MINUTE);
    await expect(closers.open('redis', () => Promise.reject(new Error('no program')))).rejects.toThrow('no program');
    expect(await closers.close()).toEqual([]);
  });
});
