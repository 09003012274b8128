// Redis away in every way: not there at boot, killed, frozen, out of disk, out of memory. A sender hears 503 within the
// bound and never a lying 2xx, and service comes back by itself.
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { atRest, judge } from '../support/chaos/judge.ts';
import { planEvents, type Told } from '../support/chaos/plan.ts';
import { makeChance, scale } from '../support/chaos/scale.ts';
import { type Acked, type Heard, post, sendAll } from '../support/chaos/sender.ts';
import { spawnSmallRedis } from '../support/chaos/small-disk.ts';
import { setStage } from '../support/chaos/stage.ts';
import type { Running } from '../support/process.ts';

/** What is promised: 800 ms to wait for Redis, and the machine's share. */
const BOUND_MS = 1_200;

async function postAll(url: string, events: readonly Told[]): Promise<Heard[]> {
  const heard: Heard[] = [];
  for (let i = 0; i < events.length; i += 20) {
    heard.push(...(await Promise.all(events.slice(i, i + 20).map((told) => post(url, told)))));
  }
  return heard;
}

function expectRefusals(heard: readonly Heard[]): void {
  expect(new Set(heard.map(({ status }) => status))).toEqual(new Set([503]));
  expect(Math.max(...heard.map(({ tookMs }) => tookMs))).toBeLessThan(BOUND_MS);
}

function expectCalm(...all: readonly Running[]): void {
  for (const one of all) {
    expect(one.output()).not.toMatch(/unhandled|uncaught/i);
    expect(one.lines().filter(({ level }) => Number(level) >= 60)).toEqual([]);
  }
}

describe('Redis', () => {
  it('R5, R15: absent at boot, killed, frozen for five seconds: 503 and nothing else, then service again', async () => {
    const chance = makeChance('R5');
    const stage = await setStage();
    const { site, redis } = stage;
    const plan = (events: number) => planEvents(chance, { events, tickets: 10 });
    await redis.kill();
    const receiver = site.run('receiver');
    const worker = site.run('worker');
    expect((await post(site.url, ...(plan(1) as [Told]))).status).toBe('broken');
    await redis.restart();
    await Promise.all([receiver.line('receiver.listening', 10_000), worker.line('worker.started', 10_000)]);

    await redis.kill();
    const whileDead = plan(scale(100, 200));
    expectRefusals(await postAll(site.url, whileDead));
    await redis.restart();
    const acked: Acked[] = [];
    acked.push(...(await sendAll(site.url, whileDead)));

    redis.stop();
    const frozenAt = performance.now();
    const whileFrozen = plan(scale(60, 200));
    expectRefusals(await postAll(site.url, whileFrozen));
    await wait(Math.max(0, 5_000 - (performance.now() - frozenAt)));
    redis.cont();
    const thawedAt = performance.now();
    acked.push(...(await sendAll(site.url, whileFrozen)));
    expect(performance.now() - thawedAt).toBeLessThan(10_000);

    await atRest(site, 30_000);
    expect((await judge({ ...stage, acked })).faults).toEqual([]);
    expectCalm(receiver, worker);
    expect(worker.lines().filter(({ msg }) => msg === 'visit.broke')).toEqual([]);
  });

  it('R13: with a full disk takes nothing; with space again it has all that was acknowledged', async () => {
    const redis = await spawnSmallRedis(128);
    const stage = await setStage({ redis });
    const { site } = stage;
    const receiver = await site.up('receiver');
    const events = planEvents(makeChance('R13'), { events: 2_000, tickets: 20 });
    const acked: Acked[] = [];
    const refused: Told[] = [];
    for (let i = 0; i < events.length && refused.length < 20; i += 10) {
      const batch = events.slice(i, i + 10);
      const heard = await Promise.all(batch.map(async (told) => ({ told, ...(await post(site.url, told)) })));
      for (const { told, status, body } of heard) {
        if (status === 202 && body.event !== undefined) acked.push({ told, event: body.event, duplicate: false });
        else refused.push(told);
        expect([202, 503]).toContain(status);
      }
    }
    expect(acked.length).toBeGreaterThan(20);
    expect(refused.length).toBeGreaterThanOrEqual(20);
    redis.freeSpace();
    await redis.restart();
    acked.push(...(await sendAll(site.url, refused)));
    const worker = await site.up('worker');
    await atRest(site, 30_000);
    expect((await judge({ ...stage, acked })).faults).toEqual([]);
    expectCalm(receiver, worker);
  });

  it('R14: with its memory full answers 503; raised again, everything goes on by itself', async () => {
    const stage = await setStage();
    const { site } = stage;
    const [receiver, worker] = await Promise.all([site.up('receiver'), site.up('worker')]);
    const chance = makeChance('R14');
    const acked = await sendAll(site.url, planEvents(chance, { events: 20, tickets: 20 }));
    const used = Number(/used_memory:(\d+)/.exec(await site.client.info('memory'))?.[1]);
    await site.client.config('SET', 'maxmemory', String(used + 60_000));
    const events = planEvents(chance, { events: 1_500, tickets: 20 });
    const left: Told[] = [];
    for (const told of events) {
      const { status, body } = await post(site.url, told);
      if (status === 202 && body.event !== undefined) acked.push({ told, event: body.event, duplicate: false });
      else {
        expect(status).toBe(503);
        left.push(told);
        if (left.length === 20) break;
      }
    }
    expect(left).toHaveLength(20);
    await site.client.config('SET', 'maxmemory', '0');
    acked.push(...(await sendAll(site.url, left)));
    await atRest(site, 60_000);
    expect((await judge({ ...stage, acked })).faults).toEqual([]);
    expectCalm(receiver, worker);
  });
});
