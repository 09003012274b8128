// The demo as somebody runs it who has just come: it shows the whole road, needs nothing, and leaves nothing.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { privateFolder, processesIn } from '../support/leftovers.ts';
import { program, type Running, runProgram } from '../support/process.ts';
import { until } from '../support/until.ts';

const road = ['redis', 'vendor', 'receiver', 'send', 'accepted', 'rules', 'visit', 'pace', 'call'];
const nobody = 65_534;
const asNobody = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];

/** Root is no ordinary user: then somebody else runs it, where the program can be read by others at all. */
const isOrdinary =
  process.getuid?.() !== 0 ||
  spawnSync('setpriv', [...asNobody, process.execPath, program, '--version'], { cwd: '/' }).status !== 0;

interface Visitor {
  readonly cwd: string;
  /** Where temporary folders are made; nobody else's. */
  readonly temporary: string;
  run(env?: Record<string, string>): Running;
}

function visitor(): Visitor {
  const cwd = privateFolder();
  const temporary = join(cwd, 't');
  mkdirSync(temporary);
  if (!isOrdinary) {
    chmodSync(cwd, 0o755);
    for (const folder of [cwd, temporary]) chownSync(folder, nobody, nobody);
    for (const name of readdirSync(cwd)) chownSync(join(cwd, name), nobody, nobody);
  }
  return {
    cwd,
    temporary,
    run(env = {}) {
      const own = { HOME: cwd, TMPDIR: temporary, ...env };
      if (isOrdinary) return runProgram(process.execPath, [program, 'demo'], { cwd, env: own });
      return runProgram('setpriv', [...asNobody, process.execPath, program, 'demo'], { cwd, env: own });
    },
  };
}

/** It went well: the whole road in its order, and nothing left. */
async function expectRoad({ cwd, temporary }: Visitor, runs: readonly Running[]): Promise<void> {
  for (const demo of runs) {
    expect(await demo.ended(60_000), demo.output()).toBe(0);
    const told = demo.output();
    const steps = told.split('\n').flatMap((line) => /^(\w+) /.exec(line)?.[1] ?? []);
    // Where no Redis is installed, fetching one is told too, before the first step.
    expect([...new Set(steps.filter((name) => road.includes(name)))]).toEqual(road);
    const event = /^accepted +202 (ev_\w+), 1 change:/m.exec(told)?.[1];
    expect(told).toMatch(/^rules +solved-when-issue-closed matched: ticket \S+ shall be solved, because /m);
    const activity = /^call +PUT status solved → 200 in \d+ ms, activity (\S+)$/m.exec(told)?.[1];
    expect(told).toContain(`\`statuswire explain ${event}\``);
    expect(told).toMatch(new RegExp(`^  event +${event} `, 'm'));
    expect(told).toMatch(/^ {2}verdict +applied$/m);
    expect(told).toMatch(new RegExp(`^  activity ${activity} +new → solved`, 'm'));
    expect(told).toContain('To keep it running: npm start');
  }
  expect(processesIn(cwd)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
}

describe('statuswire demo', () => {
  it('shows the whole road and leaves nothing, twice in a row', async () => {
    const guest = visitor();
    for (const turn of [1, 2]) {
      const demo = guest.run();
      await expectRoad(guest, [demo]);
      const seconds = Number(/^Done in ([\d.]+) s\./m.exec(demo.output())?.[1]);
      expect(seconds, `turn ${turn}`).toBeLessThan(30);
    }
  });

  it('runs twice at once', async () => {
    const guest = visitor();
    await expectRoad(guest, [guest.run(), guest.run()]);
  });

  it('shows itself and not the settings of its surroundings', async () => {
    const guest = visitor();
    const env = {
      REDIS_URL: 'redis://127.0.0.1:1',
      PORT: 'not a port',
      STATUSWIRE_CONFIG: 'none.yaml',
      SPACEBRING_WEBHOOK_SECRET: 'not in the form of a webhook secret',
      LOG_LEVEL: 'silent',
    };
    await expectRoad(guest, [guest.run(env)]);
  });

  it('interrupted, stops what it has started', async () => {
    const guest = visitor();
    const demo = guest.run();
    await until('its Redis', 20_000, () => /^redis +a private server/m.test(demo.output()));
    expect(await demo.end('SIGINT')).toBe(1);
    expect(demo.output()).toContain('Interrupted.');
    expect(processesIn(guest.cwd)).toEqual([]);
    expect(readdirSync(guest.temporary)).toEqual([]);
  });
});
