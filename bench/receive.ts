// Statuswire's receiver beside two made by hand (Express 5 and bare node:http, both HMAC + `Queue.add`), in turns on one
// Redis, under the same load. Prints what each takes an event, and the ratios. `npm run bench:receive -- --rounds 7`
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeClosers, untilSignal } from '../src/lifecycle.ts';
import { makeDeliveries } from './receive/deliveries.ts';
import { printProfiles } from './receive/profile.ts';
import { type Receiver, startByHand, startStatuswire } from './receive/receivers.ts';
import { printTurn, printTurns, summarize } from './receive/report.ts';
import { openStore } from './receive/store.ts';
import { makeTakeTurn, type Turn } from './receive/turn.ts';

const WARM_UP_SECONDS = 5;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '50' },
    tickets: { type: 'string', default: '100000' },
    processes: { type: 'string', default: '1' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [seconds, rounds, connections, tickets, processes] = (
  ['seconds', 'rounds', 'connections', 'tickets', 'processes'] as const
).map(wholeNumber) as [number, number, number, number, number];
const profile = flags.profile === undefined ? undefined : resolve(flags.profile);
if (profile !== undefined) mkdirSync(profile, { recursive: true });

const closers = makeClosers(20_000);
const asked = untilSignal((signal) => {
  console.error(`${signal}: stopping what was started`);
  process.exitCode = 130;
});
try {
  await Promise.race([compare(), asked]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
for (const { name, why } of await closers.close()) console.error(`${name} was left behind: ${why}`);
// Only now: a process writes its profile when it ends.
if (profile !== undefined) printProfiles(profile);
process.exit();

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'statuswire-bench-'));
  closers.add('folder', () => rmSync(folder, { recursive: true, force: true }));
  const store = await closers.open('redis', () => openStore(folder, process.env.REDIS_URL));
  const deliveries = makeDeliveries(tickets);
  const setting = { redisUrl: store.url, secret: deliveries.secret, folder };
  const statuswire = () => startStatuswire({ ...setting, processes, profile });
  const receivers = [
    await closers.open('statuswire', statuswire),
    await closers.open('express', () => startByHand('express', setting)),
    await closers.open('bare', () => startByHand('bare', setting)),
  ];

  const machine = `${cpus().length} cores ${cpus()[0]?.model ?? ''}, Node ${process.version}, Redis ${store.version}`;
  const busy = loadavg().map((load) => load.toFixed(1));
  console.error(`${machine}; ${store.settings}; load average ${busy.join(' ')}`);
  console.error(
    `${connections} connections, ${rounds} rounds of ${seconds} s, ${tickets} tickets, ${deliveries.sizes}`,
  );
  const takeTurn = makeTakeTurn({ store, deliveries, connections });
  for (const receiver of receivers) await takeTurn(receiver, WARM_UP_SECONDS);
  const turns: Turn[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    turns.push([]);
    for (const receiver of order(receivers, round)) {
      const turn = await takeTurn(receiver, seconds);
      turns[round]?.push(turn);
      console.error(printTurn(round, turn));
    }
  }

  const summary = summarize(turns);
  const setup = { machine, redis: store.settings, seconds, rounds, connections, tickets, processes };
  console.log(flags.json ? JSON.stringify({ ...setup, ...summary, turns }, rounded, 2) : printTurns(summary));
  if (turns.flat().some((turn) => turn.others > 0 || turn.errors > 0))
    throw new Error('Not every delivery was answered with a 2xx: these figures mean nothing.');
}

/** Digits that no clock here can tell are left out. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(3)) : value;
}

/** A B C, then C B A: whatever drifts meanwhile (heat, other work) meets the first and the last alike. */
function order(receivers: readonly Receiver[], round: number): readonly Receiver[] {
  return round % 2 === 0 ? receivers : receivers.toReversed();
}

function wholeNumber(name: 'seconds' | 'rounds' | 'connections' | 'tickets' | 'processes'): number {
  if (/^[1-9]\d{0,6}$/.test(flags[name])) return Number(flags[name]);
  console.error(`--${name} is ${flags[name]}, expected a whole number from 1`);
  process.exit(2);
}
