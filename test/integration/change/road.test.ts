// The road from the commit point to the vendor, with a real Redis, real workers and the simulator as the vendor.
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { openRoad, type Road, wish } from '../../support/core.ts';
import { until } from '../../support/until.ts';

let road: Road;
afterEach(() => road.close());

const puts = (ticket: string) => road.simulator.requests({ ticket }).filter((call) => call.method === 'PUT');

describe('a wish', () => {
  it('becomes exactly one call, and the vendor’s activity is in the ledger', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    const accepted = await road.say([wish(ticket, 'solved')]);
    await road.work();
    const story = await road.settled(ticket);
    expect(puts(ticket).map(({ body, auth }) => ({ body, auth }))).toEqual([
      { body: { ticket: { status: 'solved' } }, auth: { kind: 'basic', right: true } },
    ]);
    const [change] = story.changes;
    const activity = road.simulator.ticket(ticket)?.activities.find((one) => one.type === 'statusUpdated');
    expect(change).toMatchObject({
      id: accepted.changes[0],
      verdict: 'applied',
      activity: { id: activity?.id, previousStatus: 'new', status: 'solved' },
      attempts: [{ call: 'PUT', answer: 'done', httpStatus: 200, attempt: 1 }],
    });
  });

  it('that was overtaken while it waited is superseded, and only the newest is sent', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    await road.say([wish(ticket, 'inProgress')]);
    await road.say([wish(ticket, 'solved')]);
    const last = await road.say([wish(ticket, 'closed')]);
    await road.work();
    const story = await road.settled(ticket);
    expect(story.changes.map(({ verdict, by }) => [verdict, by])).toEqual([
      ['applied', undefined],
      ['superseded', last.changes[0]],
      ['superseded', story.changes[1]?.id],
    ]);
    expect(puts(ticket)).toHaveLength(1);
    expect(road.simulator.ticket(ticket)?.ticket.status).toBe('closed');
  });

  it('that is older by its event’s own time ends superseded at once', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    const newest = await road.say([wish(ticket, 'solved')], { at: 2_000 });
    await road.say([wish(ticket, 'new')], { at: 1_000 });
    const before = await road.ledger.ticket(ticket);
    expect(before?.changes[0]).toMatchObject({ status: 'new', verdict: 'superseded', by: newest.changes[0] });
    await road.work();
    await road.settled(ticket);
    expect(road.simulator.ticket(ticket)?.ticket.status).toBe('solved');
  });

  it('equal to what was applied last is checked by reading, and costs no second notification', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    await road.work();
    await road.say([wish(ticket, 'solved')]);
    await road.settled(ticket);
    await road.say([wish(ticket, 'solved')]);
    const story = await road.settled(ticket);
    expect(story.changes[0]).toMatchObject({ verdict: 'unchanged', attempts: [{ call: 'GET', answer: 'done' }] });
    expect(puts(ticket)).toHaveLength(1);
    road.simulator.setByHand(ticket, 'inProgress');
    await road.say([wish(ticket, 'solved')]);
    expect((await road.settled(ticket)).changes[0]).toMatchObject({ verdict: 'applied' });
    expect(puts(ticket)).toHaveLength(2);
  });

  it('of a rule on dry run is recorded and never sent', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    await road.work();
    await road.say([wish(ticket, 'solved', { dryRun: true })]);
    const story = await road.ledger.ticket(ticket);
    expect(story).toMatchObject({ wanted: 'solved', inStep: true, changes: [{ verdict: 'dry-run', attempts: [] }] });
    expect(puts(ticket)).toEqual([]);
  });

  it('that the vendor refuses ends failed with the vendor’s words, and a newer wish starts afresh', async () => {
    road = await openRoad({ simulator: { autoCreate: false } });
    const ticket = randomUUID();
    await road.work();
    await road.say([wish(ticket, 'solved')]);
    const story = await road.settled(ticket);
    expect(story.changes[0]).toMatchObject({ verdict: 'failed', reason: expect.stringMatching(/^HTTP 404: ./) });
    road.simulator.seed([{ id: ticket }]);
    await road.say([wish(ticket, 'solved')]);
    expect((await road.settled(ticket)).changes[0]).toMatchObject({ verdict: 'applied' });
  });
});

describe('one delivery', () => {
  it('said fifty times at once is one event and one call', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    await road.work();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => road.say([wish(ticket, 'solved')], { key: 'delivery-1' })),
    );
    expect(new Set(answers.map(({ eventId }) => eventId)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(answers.map(({ changes }) => changes.join())).size).toBe(1);
    const story = await road.settled(ticket);
    expect(story.changes).toHaveLength(1);
    expect(puts(ticket)).toHaveLength(1);
    expect(await road.ledger.event(answers[0]?.eventId ?? '')).toMatchObject({ duplicates: 49 });
  });

  it('whose name was used with other content is a conflict and stores nothing', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    await road.say([wish(ticket, 'solved')], { key: 'k', digest: 'a' });
    const again = await road.say([wish(ticket, 'closed')], { key: 'k', digest: 'b' });
    expect(again).toMatchObject({ conflict: true });
    expect((await road.ledger.ticket(ticket))?.changes).toHaveLength(1);
  });
});

describe('trouble at the vendor', () => {
  it('a 429 holds everybody back and costs no attempt', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    road.simulator.addFault({
      match: { method: 'PUT' },
      times: 1,
      effect: { kind: 'status', status: 429, retryAfter: '1' },
    });
    const before = performance.now();
    await road.say([wish(ticket, 'solved')]);
    await road.work();
    const story = await road.settled(ticket);
    expect(performance.now() - before).toBeGreaterThanOrEqual(1_000);
    expect(story.changes[0]).toMatchObject({
      verdict: 'applied',
      attempts: [
        { answer: 'throttled', attempt: 1 },
        { answer: 'done', attempt: 1 },
      ],
    });
  });

  it('an answer that was lost after the change was made is found by reading: one call, no repetition', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    road.simulator.addFault({ match: { method: 'PUT' }, times: 1, effect: { kind: 'cut', apply: true } });
    await road.say([wish(ticket, 'solved')]);
    await road.work();
    const story = await road.settled(ticket);
    const activity = road.simulator.ticket(ticket)?.activities.find((one) => one.type === 'statusUpdated');
    expect(story.changes[0]).toMatchObject({ verdict: 'applied', activity: { id: activity?.id } });
    expect(story.changes[0]?.attempts.map(({ call, answer }) => [call, answer])).toEqual([
      ['PUT', 'unknown'],
      ['GET', 'done'],
    ]);
    expect(puts(ticket)).toHaveLength(1);
  });

  it('a call that was cut before it took effect is made again, after reading', async () => {
    road = await openRoad();
    const ticket = randomUUID();
    road.simulator.addFault({ match: { method: 'PUT' }, times: 1, effect: { kind: 'cut' } });
    await road.say([wish(ticket, 'solved')]);
    await road.work();
    const story = await road.settled(ticket);
    expect(story.changes[0]?.attempts.map(({ call, answer }) => [call, answer])).toEqual([
      ['PUT', 'unknown'],
      ['GET', 'done'],
      ['PUT', 'done'],
    ]);
    expect(road.simulator.ticket(ticket)?.ticket.status).toBe('solved');
  });

  it('a person who decides after a lost answer is respected', async () => {
    road = await openRoad({ account: { settle: 2_500 } });
    const ticket = randomUUID();
    road.simulator.addFault({ match: { method: 'PUT' }, times: 1, effect: { kind: 'cut' } });
    await road.say([wish(ticket, 'solved')]);
    await road.work();
    await until('the call was cut', 5_000, () => puts(ticket).length === 1);
    // Clocks are compared to a second and a half: a decision within that of the call itself could be either's.
    await until('a person comes two seconds later', 5_000, () => {
      const [call] = puts(ticket);
      return call !== undefined && Date.now() - call.at > 2_000;
    });
    road.simulator.setByHand(ticket, 'inProgress');
    const story = await road.settled(ticket);
    expect(story.changes[0]).toMatchObject({ verdict: 'guarded' });
    expect(road.simulator.ticket(ticket)?.ticket.status).toBe('inProgress');
  });

  it('a slow call that lands after a newer wish was made does not win', async () => {
    road = await openRoad({ account: { callTimeout: 300, settle: 1_500 } });
    const ticket = randomUUID();
    road.simulator.addFault({ match: { method: 'PUT' }, times: 1, effect: { kind: 'late', ms: 900 } });
    await road.say([wish(ticket, 'inProgress')]);
    await road.work();
    await until('the first call is under way', 5_000, () => puts(ticket).length === 1);
    await road.say([wish(ticket, 'solved')]);
    const story = await road.settled(ticket, 15_000);
    expect(road.simulator.ticket(ticket)?.ticket.status).toBe('solved');
    expect(story.changes.map(({ status, verdict }) => [status, verdict])).toEqual([
      ['solved', 'applied'],
      ['inProgress', 'superseded'],
    ]);
  });
});

it('two workers never have two calls of one ticket under way', async () => {
  road = await openRoad({ simulator: { latencyMs: 15 } });
  const tickets = Array.from({ length: 5 }, () => randomUUID());
  await Promise.all([road.work(), road.work()]);
  const order = ['new', 'inProgress', 'solved', 'closed'] as const;
  for (let i = 0; i < 40; i++) {
    await Promise.all(tickets.map((ticket) => road.say([wish(ticket, order[i % 4] ?? 'new')])));
  }
  for (const ticket of tickets) {
    await road.settled(ticket);
    expect(road.simulator.ticket(ticket)?.ticket.status).toBe('closed');
  }
  expect(road.simulator.stats().maxInFlightPerTicket).toBe(1);
});
