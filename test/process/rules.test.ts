// Rules while they are written and while they run, as real processes: tried on saved events, tested by fixtures, compared
// over what is stored, changed under a running service, and explained.
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { EventStory } from '../../src/ledger/ledger.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type Running, statuswire, workFolder } from '../support/process.ts';
import { addressOf, apiToken, ask, type Installation, install } from '../support/service.ts';
import { until } from '../support/until.ts';

const root = resolve(import.meta.dirname, '../..');
const ticket = '3f6c1d1e-5a58-4b0e-9d7a-2f1f4c9b7a10';
const other = '5b8b2a0e-6f3c-4d52-8a55-0e6d3f2f6a02';

function issue(action: string, id = ticket): string {
  const body = {
    action,
    issue: { body: `https://app.spacebring.com/tickets/${id}`, labels: [{ name: 'spacebring' }] },
  };
  return JSON.stringify({ source: 'github', headers: { 'X-GitHub-Event': 'issues' }, body });
}

const twoRules = `rules:
  - name: solved-when-closed
    on: github
    when: event.type == "issues.closed"
    ticket: body.issue.body.ticketId()
    set: solved
    after: 90m
    from: [new]
  - name: taken-up-when-opened
    on: github
    when: event.type == "issues.opened"
    ticket: body.issue.body.ticketId()
    set: inProgress
`;

async function endOf(running: Running): Promise<{ code: number | null; output: string }> {
  return { code: await running.ended(), output: running.output() };
}

/** Runs a command where there is no configuration, so that the example gives accounts and sources. */
function inFolder(files: Record<string, string>) {
  const cwd = workFolder(files);
  return (...args: string[]) => endOf(statuswire(args, { cwd }));
}

describe('statuswire test', () => {
  it('says for each rule yes or no, what decided, and what it would do; with no secret in the environment', async () => {
    const run = inFolder({ 'rules.yaml': twoRules, 'event.json': issue('closed') });
    const { code, output } = await run('test', 'event.json', '--rules', 'rules.yaml');
    expect(output).toContain(
      `yes      solved-when-closed: ticket ${ticket} shall be solved after 90m, if it is new then`,
    );
    expect(output).toContain(
      'no       taken-up-when-opened: event.type == "issues.opened" is false: event.type is "issues.closed"',
    );
    expect(code).toBe(0);

    const told = await run('test', 'event.json', '--rules', 'rules.yaml', '--json');
    const { event, rules, changes } = JSON.parse(told.output) as { event: object; rules: object[]; changes: object[] };
    expect(event).toMatchObject({ source: 'github', type: 'issues.closed' });
    expect(rules).toMatchObject([
      { rule: 'solved-when-closed', matched: true, decisions: [{ ticket, status: 'solved', afterMs: 5_400_000 }] },
      { rule: 'taken-up-when-opened', matched: false, decisions: [{ kind: 'unmatched' }] },
    ]);
    expect(changes).toHaveLength(1);
  });

  it.each([
    ['no JSON', '{"source": "github",\n "body": {,}}', /^event\.json:2:11: this is not JSON/],
    ['cut JSON', '{"source": "github"', /^event\.json:1:20: the JSON ends too early/],
    [
      'a wrong key',
      '{"source": "github", "boddy": {}}',
      /^event\.json:1:22: boddy is not a known key, .*did you mean body\?/m,
    ],
    ['no such source', '{"source": "gitlab", "body": {}}', /^event\.json:1:12: source is "gitlab", .*github, scanner/],
    ['no event', '{"source": "github", "body": {}, "at": "soon"}', /^event\.json:1:40: at is "soon", expected a time/],
  ])('refuses an event file with %s at its place', async (_what, text, sentence) => {
    const { code, output } = await inFolder({ 'event.json': text })('test', 'event.json');
    expect(output).toMatch(sentence);
    expect(code).toBe(1);
  });

  it('refuses rules with a mistake at its place in the file that was named', async () => {
    const rules = twoRules.replace('event.type ==', 'event.typ ==');
    const { code, output } = await inFolder({ 'rules.yaml': rules, 'event.json': issue('closed') })(
      ...['test', 'event.json', '--rules', 'rules.yaml'],
    );
    expect(output).toMatch(/^rules\.yaml:4:\d+: rules\[0\]\.when.*did you mean event\.type\?/);
    expect(code).toBe(1);
  });

  it('runs the tests that ship with the example, and they hold', async () => {
    const { code, output } = await endOf(statuswire(['test'], { cwd: root, env: { STATUSWIRE_CONFIG: '' } }));
    expect(output).toMatch(/\n[1-9]\d* passed, 0 failed\n$/);
    expect(code).toBe(0);
  });

  it('tells what differs of a fixture that does not hold, and why, and goes on', async () => {
    const fixtures = `
- name: a closed issue solves
  file: closed.json
  expect: [{ rule: solved-when-closed, ticket: ${ticket}, status: solved, after: 90m, from: [new] }]
- name: a closed issue is taken up
  file: closed.json
  expect: [{ rule: taken-up-when-opened, ticket: ${ticket}, status: inProgress }]
- name: an edited issue does nothing
  event: { source: github, headers: { x-github-event: issues }, body: { action: edited, note: "\${NOT_A_NAME}" } }
  none: true
- name: a test of a rule that is gone
  file: closed.json
  expect: [{ rule: solved-when-close, ticket: ${ticket}, status: solved }]
`;
    const run = inFolder({ 'mine.yaml': twoRules, 'mine.test.yaml': fixtures, 'closed.json': issue('closed') });
    const { code, output } = await run('test', 'mine.test.yaml');
    const lines = output.trimEnd().split('\n');
    expect(lines).toEqual([
      'ok       a closed issue solves',
      'FAILED   a closed issue is taken up  (mine.test.yaml:5)',
      `  - taken-up-when-opened: ticket ${ticket} shall be inProgress`,
      `  + solved-when-closed: ticket ${ticket} shall be solved after 90m, if it is new then, account main`,
      '    taken-up-when-opened did not: event.type == "issues.opened" is false: event.type is "issues.closed"',
      'ok       an edited issue does nothing',
      'FAILED   a test of a rule that is gone  (mine.test.yaml:11)',
      expect.stringMatching(
        /mine\.test\.yaml:13:\d+: \[3\]\.expect\[0\]\.rule is "solved-when-close", expected a rule of /,
      ),
      '2 passed, 2 failed',
    ]);
    expect(code).toBe(1);
    const told = JSON.parse((await run('test', '.', '--json')).output) as { passed: number; failed: number };
    expect(told).toMatchObject({ passed: 2, failed: 2 });
  });
});

describe('while the service runs', () => {
  let simulator: Simulator;
  let site: Installation;
  let file: string;
  beforeEach(async () => {
    simulator = await startSimulator({});
    site = install({ simulator, redisUrl: inject('redisUrl') });
    file = join(site.cwd, 'statuswire.yaml');
    copyFileSync(file, join(site.cwd, 'sender.yaml'));
  });
  afterEach(() => simulator.close());

  function rewrite(change: (text: string) => string): void {
    writeFileSync(`${file}.new`, change(readFileSync(file, 'utf8')));
    renameSync(`${file}.new`, file);
  }

  async function send(url: string, text: string): Promise<EventStory> {
    writeFileSync(join(site.cwd, 'event.json'), text);
    const { output } = await endOf(
      site.run('send', 'github', 'event.json', '--config', 'sender.yaml', '--url', url, '--json'),
    );
    const { event } = JSON.parse(output) as { event: string };
    return until(`the changes of ${event} have ended`, 20_000, async () => {
      const story = await ask<EventStory>(url, `/api/events/${event}`);
      return story.changes.every(({ verdict }) => verdict !== undefined) && story;
    });
  }

  interface Ready {
    readonly status: number;
    readonly config: { readonly ok: boolean; readonly detail: string } | undefined;
  }

  async function readiness(url: string): Promise<Ready> {
    const response = await fetch(`${url}/readyz`);
    const { checks } = (await response.json()) as { checks: ({ name: string } & NonNullable<Ready['config']>)[] };
    return { status: response.status, config: checks.find(({ name }) => name === 'config') };
  }

  it('a changed file is in force without a restart, each event tells which version decided it, and what became of it', async () => {
    const running = site.run('start');
    const url = await addressOf(running);
    const first = await send(url, issue('closed'));
    expect(first.decisions).toMatchObject([
      { kind: 'matched', rule: 'solved-when-closed', change: first.changes[0]?.id, verdict: 'applied' },
    ]);
    rewrite((text) => text.replace('set: solved', 'set: closed'));
    const reloaded = await running.line('config.reloaded');
    expect(reloaded).toMatchObject({ file: 'statuswire.yaml', from: first.version });
    const second = await send(url, issue('closed', other));
    expect([second.version, second.changes[0]?.status]).toEqual([reloaded.to, 'closed']);
    expect(simulator.ticket(other)?.ticket.status).toBe('closed');

    const { output } = await endOf(site.run('explain', second.id));
    expect(output).toContain(`rules    version ${second.version}\n`);
    expect(output).toMatch(/rule {5}solved-when-closed matched: .* shall be closed, because .* → applied\n/);
    const third = await send(url, issue('opened'));
    expect((await endOf(site.run('explain', third.id))).output).toContain(
      'solved-when-closed did not match, because event.type == "issues.closed" is false: event.type is "issues.opened"',
    );
  });

  it('a faulty file is refused whole: the old rules go on, /readyz names the place and stays 200, and a right file mends it', async () => {
    const running = site.run('start');
    const url = await addressOf(running);
    rewrite((text) => text.replace('set: solved', 'set: sovled').replace('set: inProgress', 'set: closed'));
    const refused = await running.line('config.refused');
    expect(refused.faults).toEqual([expect.stringMatching(/^statuswire\.yaml:\d+:\d+: rules\[0\]\.set is "sovled"/)]);
    expect(await readiness(url)).toMatchObject({
      status: 200,
      config: { ok: false, detail: expect.stringMatching(/^statuswire\.yaml:\d+:\d+: .*keeps running$/) },
    });
    expect((await send(url, issue('closed'))).changes).toMatchObject([{ status: 'solved', verdict: 'applied' }]);
    rewrite((text) => text.replace('set: sovled', 'set: solved'));
    await running.line('config.reloaded');
    expect((await readiness(url)).config).toBeUndefined();
  });

  it('SIGHUP reads the file again, also as it was; other accounts wait for a restart and are named', async () => {
    const running = site.run('receiver');
    const url = await addressOf(running);
    process.kill(running.pid, 'SIGHUP');
    await running.line('config.reloaded');
    rewrite((text) => text.replace('settle: 1s', 'settle: 2s'));
    expect((await running.line('config.restart-needed')).accounts).toEqual(['main']);
    expect(await readiness(url)).toMatchObject({
      status: 200,
      config: { ok: false, detail: 'restart needed for accounts: main' },
    });
    rewrite((text) =>
      text
        .replace('accounts:', 'accounts:\n  second: { auth: { basic: { clientId: a, clientSecret: b } } }')
        .replace('- name: take-up', '- account: second\n    name: take-up'),
    );
    const { faults } = await running.line('config.refused');
    expect(faults).toEqual([expect.stringContaining('rules[1] uses account second, which is new')]);
    expect(await running.end('SIGTERM')).toBe(0);
  });

  it('whatif tells ticket by ticket what other rules would have done with the stored events, and changes nothing', async () => {
    const url = await addressOf(site.run('start'));
    const [changed, same] = [await send(url, issue('closed')), await send(url, issue('edited', other))];
    const candidate = readFileSync(file, 'utf8').replace('set: solved', 'set: closed');
    writeFileSync(join(site.cwd, 'new.yaml'), candidate.slice(candidate.indexOf('rules:')));
    const before = simulator.stats();

    const { code, output } = await endOf(site.run('whatif', '--rules', 'new.yaml', '--since', '7d'));
    expect(output).toContain(`ticket   ${ticket}\n`);
    expect(output).toContain(`- was  solved-when-closed: ticket ${ticket} shall be solved`);
    expect(output).toContain(`+ now  solved-when-closed: ticket ${ticket} shall be closed`);
    expect(output).toContain('2 events of 2 compared: 1 would have been decided otherwise, for 1 ticket.');
    expect(output).not.toContain(same.id);
    expect(code).toBe(0);

    const told = await endOf(site.run('whatif', '--rules', 'new.yaml', '--json'));
    expect(JSON.parse(told.output)).toMatchObject({
      events: 2,
      compared: 2,
      different: 1,
      withoutBody: 0,
      tickets: [{ ticket, events: [{ event: changed.id, type: 'issues.closed' }], more: 0 }],
    });
    expect(simulator.stats()).toEqual(before);
    expect((await ask<EventStory>(url, `/api/events/${changed.id}`)).changes).toHaveLength(1);
  });

  it('whatif says how many events it could not compare, because their bodies are not kept', async () => {
    rewrite((text) => text.replace('verify: github,', 'verify: github, keep: 0,'));
    const url = await addressOf(site.run('start'));
    await send(url, issue('closed'));
    const asked = await fetch(`${url}/api/changes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiToken}` },
      body: JSON.stringify({ ticket: other, status: 'solved' }),
    });
    expect(asked.status).toBe(202);
    const { output } = await endOf(site.run('whatif', '--rules', 'statuswire.yaml'));
    expect(output).toContain('0 events of 1 compared: 0 would have been decided otherwise');
    expect(output).toContain('1 event left out: the body is no longer kept');
  });
});
