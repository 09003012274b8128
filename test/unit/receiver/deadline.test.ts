import { describe, expect, it } from 'vitest';
import { late, within } from '../../../src/receiver/deadline.ts';

describe('waiting with an end', () => {
  it('gives the result that comes in time, and passes a failure on', async () => {
    expect(await within(10_000, Promise.resolve('done'))).toBe('done');
    await expect(within(10_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('gives `late` when nothing comes', async () => {
    expect(await within(5, new Promise(() => {}))).toBe(late);
  });

  it('leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    const before = timers();
    await within(60_000, Promise.resolve());
    expect(timers()).toBe(before);
  });
});
