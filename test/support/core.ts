// The delivery core as it runs in production, for tests: commit point, queue, workers and ledger on a real Redis, calling
// the simulator. Wishes go in as decisions, as the rules would make them.
import { randomBytes } from 'node:crypto';
import { makeAccept } from '../../src/change/core.ts';
import { openQueue } from '../../src/change/queue.ts';
import { makeRecords } from '../../src/change/record.ts';
import { openRecordScripts } from '../../src/change/scripts.ts';
import { type Account, AccountSchema } from '../../src/config/schema.ts';
import { makeNewId } from '../../src/id.ts';
import type { TicketStory } from '../../src/ledger/ledger.ts';
import { makeLedger } from '../../src/ledger/redis-ledger.ts';
import type { RedisClient } from '../../src/redis/connection.ts';
import type { Names } from '../../src/redis/names.ts';
import type { Decision } from '../../src/rule/rule.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { Status } from '../../src/ticket/ticket.ts';
import { type Changes, type ChangesParts, startChanges } from '../../workers/visits.ts';
import { openTestRedis } from './redis.ts';
import { quiet } from './redis-places.ts';
import { until } from './until.ts';

/** An account for the simulator, quick enough for tests. */
export function testAccount(baseUrl: string, settings: Partial<Account> = {}): Account {
  const basic = { clientId: 'simulator-id', clientSecret: 'simulator-secret' };
  return {
    ...AccountSchema.parse({ auth: { basic }, baseUrl, rate: '100/s' }),
    callTimeout: 1_000,
    settle: 300,
    ...settings,
  };
}

/** A decision that wants `status` for `ticket`. */
export function wish(
  ticket: string,
  status: Status,
  more: Partial<Extract<Decision, { kind: 'matched' }>> = {},
): Decision {
  return {
    kind: 'matched',
    rule: 'test',
    ticket,
    status,
    account: 'main',
    dryRun: false,
    reason: 'the test says so',
    ...more,
  };
}

export function makeTestCore(client: RedisClient, names: Names, accounts: readonly string[] = ['main']) {
  const queue = openQueue({ accounts, connection: client, prefix: names.tag, onError: () => {} });
  const newId = makeNewId(Date.now, randomBytes);
  const accept = makeAccept({
    records: makeRecords(openRecordScripts(client, names.tag)),
    wake: (appointment) => void queue.add(appointment).catch(() => {}),
    newId,
    deadlineMs: () => 72 * 3_600_000,
  });
  return {
    queue,
    /** Accepts one event with these decisions. `key` names the delivery, `at` is the event's own time (ms). */
    say(
      decisions: readonly Decision[],
      event: { key?: string; at?: number; digest?: string; class?: 'live' | 'clock' } = {},
    ) {
      const id = newId('ev');
      return accept({
        event: {
          id,
          source: 'test',
          type: 'said',
          receivedAt: Date.now(),
          headers: {},
          body: {},
          ...(event.at === undefined ? {} : { at: event.at }),
        },
        rawBody: Buffer.from('{}'),
        keepMs: 60_000,
        delivery: { key: event.key ?? id, windowMs: 60_000 },
        decisions,
        ...(event.digest === undefined ? {} : { digest: event.digest }),
        ...(event.class === undefined ? {} : { class: event.class }),
      });
    },
  };
}

export interface Road {
  readonly client: RedisClient;
  readonly names: Names;
  readonly url: string;
  readonly simulator: Simulator;
  readonly ledger: ReturnType<typeof makeLedger>;
  readonly say: ReturnType<typeof makeTestCore>['say'];
  /** Starts one more worker; all are closed with the road. */
  work(): Promise<Changes>;
  /** The ticket's story once it is in step. */
  settled(ticket: string, withinMs?: number): Promise<TicketStory>;
  close(): Promise<void>;
}

/** Everything but the door. No worker runs before `work`. */
export async function openRoad(
  options: { simulator?: SimulatorOptions; account?: Partial<Account>; stillHolds?: ChangesParts['stillHolds'] } = {},
): Promise<Road> {
  const redis = await openTestRedis();
  const { client, names, url } = redis;
  const simulator = await startSimulator({ rate: 1_000, ...options.simulator });
  const core = makeTestCore(client, names);
  const ledger = makeLedger(client, names);
  const running: Changes[] = [];
  return {
    client,
    names,
    url,
    simulator,
    ledger,
    say: core.say,
    async work() {
      const changes = await startChanges({
        accounts: { main: testAccount(simulator.url, options.account) },
        redisUrl: url,
        prefix: names.tag.slice(1, -1),
        secret: 'a1'.repeat(32),
        ...(options.stillHolds === undefined ? {} : { stillHolds: options.stillHolds }),
        log: quiet,
      });
      running.push(changes);
      return changes;
    },
    settled: (ticket, withinMs = 10_000) =>
      until(`ticket ${ticket} is in step`, withinMs, async () => {
        const story = await ledger.ticket(ticket);
        return story?.inStep === true && story.changes.every((change) => change.verdict !== undefined)
          ? story
          : undefined;
      }),
    async close() {
      await Promise.all(running.map((changes) => changes.close()));
      await core.queue.close();
      await simulator.close();
      await redis.close();
    },
  };
}
