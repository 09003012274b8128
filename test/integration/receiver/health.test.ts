import { describe, expect, it } from 'vitest';
import type { Readiness } from '../../../src/receiver/health.ts';
import { openDoor, parcel } from './door.ts';

const frozen = { ready: () => parcel<Readiness>().promise };

describe('/healthz', () => {
  it('says ok without a token and without asking anyone, even while nothing answers', async () => {
    const door = await openDoor({ health: frozen });
    const response = await fetch(`${door.url}/healthz`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });
});

describe('/readyz', () => {
  it('is 200 with the checks when all hold', async () => {
    const door = await openDoor();
    const response = await fetch(`${door.url}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ready: true, checks: [{ name: 'redis', ok: true }] });
  });

  it('is 503 with the reason when one does not, and shows nothing that is not meant to be shown', async () => {
    const check = { name: 'redis', ok: false, detail: 'loading', url: 'redis://user:secret@host' };
    const door = await openDoor({ health: { ready: async () => ({ ready: false, checks: [check] }) } });
    const response = await fetch(`${door.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, checks: [{ name: 'redis', ok: false, detail: 'loading' }] });
  });

  it.each<[string, () => Promise<Readiness>]>([
    ['hangs', frozen.ready],
    ['fails', () => Promise.reject(new Error('redis://user:secret@host'))],
    [
      'fails at once',
      () => {
        throw new Error('redis://user:secret@host');
      },
    ],
  ])('is 503 when the check %s, and asks anew the next time', async (_how, broken) => {
    const answers = [broken, async () => ({ ready: true, checks: [] })];
    const ready = () => (answers.shift() ?? frozen.ready)();
    const door = await openDoor({ health: { ready }, limits: { answerMs: 50 } });
    const first = await fetch(`${door.url}/readyz`);
    expect(first.status).toBe(503);
    expect(await first.text()).not.toContain('secret');
    expect((await fetch(`${door.url}/readyz`)).status).toBe(200);
  });

  it('makes one check for all who ask at the same time', async () => {
    let asked = 0;
    const answer = parcel<Readiness>();
    const arrived = parcel<void>();
    const ready = () => {
      asked += 1;
      arrived.resolve();
      return answer.promise;
    };
    const door = await openDoor({ health: { ready } });
    const responses = Array.from({ length: 5 }, () => fetch(`${door.url}/readyz`));
    await arrived.promise;
    await fetch(`${door.url}/healthz`);
    answer.resolve({ ready: true, checks: [] });
    expect((await Promise.all(responses)).map((response) => response.status)).toEqual([200, 200, 200, 200, 200]);
    expect(asked).toBeLessThan(5);
  });
});
