// The door under attack: thousands of malformed, oversized, slow and hostile requests over raw sockets to a real receiver,
// with proof and without, while somebody honest goes on sending. CHAOS=long asks for more, CHAOS_SEED repeats a run.
import { afterEach, describe, expect, it } from 'vitest';
import { isLong, makeChance, scale } from '../support/chaos/scale.ts';
import { type Crowd, gather, type Manner } from '../support/hostile/crowd.ts';
import { type HostileDoor, openHostileDoor } from '../support/hostile/door.ts';
import { operatorsShot, thiefsShot } from '../support/hostile/operators.ts';
import { type Line, linesOf, request } from '../support/hostile/shot.ts';
import { signedShot } from '../support/hostile/signed.ts';
import { slowSenders } from '../support/hostile/slow.ts';
import { proofOf } from '../support/hostile/sources.ts';
import { strangersShot } from '../support/hostile/strangers.ts';
import { type Heard, say } from '../support/hostile/wire.ts';
import { until } from '../support/until.ts';

const patience = isLong ? 900_000 : 90_000;

/** Twice as long as a request may take: nobody who is slow, silent or deaf holds on to the door longer. */
const HOLD_MS = 20_000;

const crowds: Crowd[] = [];
afterEach(() => {
  for (const crowd of crowds.splice(0)) crowd.leave();
});

function surround(door: HostileDoor, manners: readonly Manner[]): Crowd {
  const crowd = gather(door.port, manners);
  crowds.push(crowd);
  return crowd;
}

/** A delivery with the right proof of its sender. */
function proven(door: HostileDoor, name: string, text: string, more: readonly Line[] = []): Buffer {
  const source = door.sources.find((one) => one.name === name);
  if (source === undefined) throw new Error(`there is no source ${name}`);
  const body = Buffer.from(text);
  return request({ target: `/hooks/${name}`, lines: [...linesOf(proofOf(source, body, 'd-1')), ...more], body });
}

/** A question with the token of the operators. */
function asked(door: HostileDoor, method: string, target: string, body = Buffer.alloc(0)): Buffer {
  return request({ method, target, lines: [['Authorization', `Bearer ${door.token}`]], body });
}

function statuses({ answers }: Heard): number[] {
  return answers.map(({ status }) => status);
}

it(
  'hostile requests of every kind meet nothing but 4xx, slow ones an end, and honest ones beside them their 202',
  async () => {
    const chance = makeChance('hostile');
    const door = await openHostileDoor();
    const crowd = surround(door, slowSenders(scale(1, 3)));
    const parts = { ...door, chance };
    await door.throwMany(scale(2_500, 25_000), () => strangersShot(parts));
    await door.throwMany(scale(1_000, 6_000), () => signedShot(parts));
    await door.throwMany(scale(900, 6_000), () => operatorsShot(parts));
    await door.throwMany(scale(200, 1_000), () => thiefsShot(parts));
    await crowd.gone(HOLD_MS).catch((error: Error) => door.note(error.message));
    crowd.leave();
    expect(await door.faults()).toEqual([]);
  },
  patience,
);

it('requests in one breath are answered in their order', async () => {
  const door = await openHostileDoor();
  const all = [
    request({ method: 'GET', target: '/healthz' }),
    request({ target: '/hooks/github', body: Buffer.from('{}') }),
    proven(door, 'shop', '{"id":"first"}'),
    request({ method: 'GET', target: '/openapi.json' }),
    request({ target: '/hooks/nobody', body: Buffer.from('GET / HTTP/1.1\r\n\r\n') }),
    proven(door, 'svix', '['),
    asked(door, 'GET', '/api/ledger'),
    request({ method: 'PUT', target: '/hooks/github', body: Buffer.from('x'.repeat(5000)) }),
    proven(door, 'stripe', '{"id":"second"}'),
  ];
  const heard = await say(door.port, [Buffer.concat(all)], { answers: all.length });
  expect(statuses(heard)).toEqual([200, 401, 202, 200, 404, 400, 200, 405, 202]);
  expect(await door.faults()).toEqual([]);
});

// What these tests found on the day they were written, each the smallest case of one cause; what needs no process to show it
// stands with the parts (test/integration/receiver).
describe('found by these tests', () => {
  it('a question to the ledger that means nothing is the mistake of who asks', async () => {
    const door = await openHostileDoor();
    const cursors = ['abc', '5-5-5', '0-0', '18446744073709551616'].map((cursor) => `cursor=${cursor}`);
    const wrong = [...cursors, 'since=999999w', 'since=0001-01-01'];
    for (const query of wrong) {
      const name = `/api/ledger?${query}`;
      await door.throwOne({ name, steps: [asked(door, 'GET', name)], allowed: 'any' });
    }
    expect(await door.faults()).toEqual([]);
  });

  it('keys in a proven body that are named like methods are data', async () => {
    const door = await openHostileDoor();
    const deliveries = [
      ['stripe', '{"created":{"valueOf":1}}'],
      ['svix', '{"timestamp":{"valueOf":1}}'],
      ['scanner', '{"createdAt":{"valueOf":null}}'],
      ['scanner', '{"kind":{"valueOf":[]}}'],
      ['linear', '{"webhookTimestamp":{"toString":1,"valueOf":1}}'],
      ['kuma', '{"heartbeat":{"status":{"toString":1,"valueOf":1}}}'],
    ] as const;
    for (const [source, text] of deliveries) {
      await door.throwOne({ name: `${source} ${text}`, steps: [proven(door, source, text)], allowed: 'any' });
    }
    expect(await door.faults()).toEqual([]);
  });

  it('2,300 connections that wait do not keep an honest sender out', async () => {
    const door = await openHostileDoor();
    for (const first of ['', 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n']) {
      const crowd = surround(door, [{ count: 2300, first }]);
      await crowd.arrived();
      const what = first === '' ? 'say nothing' : 'have had their answer';
      await until(`a 202 beside those that ${what}`, 3_000, async () => (await door.deliverHonest()) === 202);
      crowd.leave();
    }
  });
});
