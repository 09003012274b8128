// The commands that look and tell, as real processes: their words, their exit codes, what a script reads.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { privateFolder, processesIn } from '../support/leftovers.ts';
import { type Running, statuswire, workFolder } from '../support/process.ts';
import { until } from '../support/until.ts';

const example = resolve(import.meta.dirname, '../../examples/github-issue-closed.json');
const secrets = { CLIENT_SECRET: 'a client secret', GITHUB_SECRET: 'a secret of github' };

/** A configuration that needs `secrets`. */
function configWith(rules: string, source = 'github'): string {
  return `accounts:
  main:
    auth: { basic: { clientId: id, clientSecret: "\${CLIENT_SECRET}" } }
sources:
  ${source}: { verify: github, secrets: ["\${GITHUB_SECRET}"] }
rules:
${rules}`;
}

const rightRule = `  - name: right
    on: github
    when: event.type == "issues.closed"
    ticket: body.issue.body.ticketId()
    set: solved
`;

const brokenRules = `  - name: no-expression
    on: github
    when: event.type ==
    ticket: body.ticket
    set: solved
  - name: no-status
    on: github
    when: "true"
    ticket: body.ticket
    set: done
  - name: no-source
    on: gitlab
    when: "true"
    ticket: body.ticket
    set: solved
`;

async function endOf(running: Running): Promise<{ code: number | null; output: string }> {
  const code = await running.ended();
  return { code, output: running.output() };
}

function inFolder(files: Record<string, string>, env: Record<string, string> = {}) {
  const cwd = workFolder(files);
  return (...args: string[]) => endOf(statuswire(args, { cwd, env }));
}

const hasStack = /\n\s+at /;

describe('statuswire check', () => {
  it('says that a right configuration is right', async () => {
    const run = inFolder({ 'statuswire.yaml': configWith(rightRule) }, secrets);
    const { code, output } = await run('check');
    expect(output).toMatch(/^statuswire\.yaml is right: 1 account, 1 source, 1 rule \(version [0-9a-f]{12}\)\n$/);
    expect(code).toBe(0);
    const told = await run('check', '--json');
    expect(JSON.parse(told.output)).toMatchObject({ ok: true, file: 'statuswire.yaml', accounts: 1, rules: 1 });
    expect(told.code).toBe(0);
  });

  it('tells every mistake of the file and of the environment at once, one line each', async () => {
    const env = { CLIENT_SECRET: 'a client secret', PORT: 'x', LOG_LEVEL: 'loud' };
    const run = inFolder({ 'statuswire.yaml': configWith(brokenRules) }, env);
    const { code, output } = await run('check');
    expect(code).toBe(1);
    const lines = output.trimEnd().split('\n');
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(/^PORT is "x", expected /),
      expect.stringMatching(/^LOG_LEVEL is "loud", expected /),
    ]);
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^statuswire\.yaml:5:\d+: .*\$\{GITHUB_SECRET\}.*, expected /),
      expect.stringMatching(/^statuswire\.yaml:9:\d+: rules\[0\]\.when.*, expected /),
      expect.stringMatching(/^statuswire\.yaml:16:\d+: rules\[1\]\.set.*, expected /),
      expect.stringMatching(/^statuswire\.yaml:18:\d+: rules\[2\]\.on.*, expected /),
    ]);

    const told = await run('check', '--json');
    expect(told.code).toBe(1);
    const { ok, faults } = JSON.parse(told.output) as { ok: boolean; faults: unknown[] };
    expect(ok).toBe(false);
    expect(faults).toHaveLength(lines.length);
    const place = { file: 'statuswire.yaml', line: 9, column: expect.any(Number) };
    const words = { what: expect.any(String), expected: expect.any(String) };
    expect(faults).toContainEqual({ ...place, ...words });
    expect(faults).toContainEqual({ key: 'PORT', ...words });
  });

  it('takes a folder without a configuration for a mistake', async () => {
    const { code, output } = await inFolder({})('check');
    expect(code).toBe(1);
    expect(output).toMatch(/^statuswire\.yaml:1:1: there is no such file, expected /);
  });

  it('reads --config before STATUSWIRE_CONFIG before statuswire.yaml, and the environment before .env', async () => {
    const config = configWith(rightRule);
    const files = { 'option.yaml': config, 'own.yaml': config, 'dotenv.yaml': config, 'statuswire.yaml': config };
    const cwd = workFolder(files);
    const fileOf = async (env: Record<string, string>, ...args: string[]) => {
      const { output } = await endOf(statuswire(['check', '--json', ...args], { cwd, env }));
      return (JSON.parse(output) as { file?: string }).file;
    };
    expect(await fileOf(secrets)).toBe('statuswire.yaml');
    writeFileSync(join(cwd, '.env'), 'STATUSWIRE_CONFIG=dotenv.yaml\nCLIENT_SECRET=one\nGITHUB_SECRET=two\n');
    expect(await fileOf({})).toBe('dotenv.yaml');
    expect(await fileOf({ STATUSWIRE_CONFIG: 'own.yaml' })).toBe('own.yaml');
    expect(await fileOf({ STATUSWIRE_CONFIG: '' })).toBe('statuswire.yaml');
    expect(await fileOf({ STATUSWIRE_CONFIG: 'own.yaml' }, '--config', 'option.yaml')).toBe('option.yaml');
  });
});

describe('what keeps a service from starting is told in a sentence, with exit code 1', () => {
  it('a broken configuration, also one that was named and is not there', async () => {
    const run = inFolder({ 'statuswire.yaml': configWith(brokenRules) }, secrets);
    for (const command of ['start', 'receiver', 'worker']) {
      const { code, output } = await run(command);
      expect(code).toBe(1);
      expect(output).toMatch(/^statuswire\.yaml:9:/);
      expect(output).not.toMatch(hasStack);
    }
    const { code, output } = await run('start', '--config', 'other.yaml');
    expect(code).toBe(1);
    expect(output).toMatch(/^other\.yaml:1:1: there is no such file/);
  });

  it('a port that is taken, after closing what was open', async () => {
    const taken = await listening();
    const cwd = privateFolder({ 'statuswire.yaml': configWith(rightRule) });
    const env = { ...secrets, PORT: String(taken.port) };
    const { code, output } = await endOf(statuswire(['start'], { cwd, env }));
    taken.server.close();
    expect(code).toBe(1);
    expect(output).toContain('the port is taken. Set HOST and PORT to a free address.');
    expect(output).not.toMatch(hasStack);
    expect(processesIn(cwd)).toEqual([]);
  });

  it('a Redis that cannot be reached', async () => {
    const env = { ...secrets, REDIS_URL: 'redis://127.0.0.1:1' };
    const { code, output } = await inFolder({ 'statuswire.yaml': configWith(rightRule) }, env)('start');
    expect(code).toBe(1);
    expect(output).toContain('"msg":"redis.away"');
    expect(output).toMatch(/ECONNREFUSED.*Start it, correct REDIS_URL, or unset REDIS_URL/);
    expect(output).not.toMatch(hasStack);
  });

  it('a folder that cannot be made', async () => {
    const run = inFolder({ '.statuswire': 'a file', 'statuswire.yaml': configWith(rightRule) }, secrets);
    const { code, output } = await run('start');
    expect(code).toBe(1);
    expect(output).toMatch(/The folder \S+\.statuswire cannot be made.*set STATUSWIRE_HOME/);
  });

  it('a Redis program that is none', async () => {
    const env = { ...secrets, REDIS_SERVER_BIN: 'no-such-program' };
    const { code, output } = await inFolder({ 'statuswire.yaml': configWith(rightRule) }, env)('start');
    expect(code).toBe(1);
    expect(output).toMatch(/REDIS_SERVER_BIN is \S+no-such-program.*Correct or unset it/);
  });
});

describe('statuswire send', () => {
  const files = { 'statuswire.yaml': configWith(rightRule), 'text.json': 'text', 'list.json': '[]' };

  it.each([
    ['a source that is not there', ['nobody', example], /^There is no source nobody; statuswire\.yaml has github\.\n$/],
    ['a file that is not there', ['github', 'none.json'], /^none\.json cannot be read \(ENOENT\)\.\n$/],
    ['a file that is not JSON', ['github', 'text.json'], /^text\.json is not JSON: /],
    ['JSON that is no event', ['github', 'list.json'], /^list\.json is not an event.*\{id\?, headers\?, body\}/],
    ['nobody there', ['github', example, '--url', 'http://127.0.0.1:1'], /^No answer from http:\/\/127\.0\.0\.1:1 /],
    ['an address that is none', ['github', example, '--url', 'here'], /Expected an address such as http/],
  ])('refuses %s in a sentence', async (_name, args, sentence) => {
    const { code, output } = await inFolder(files, secrets)('send', ...args);
    expect(output).toMatch(sentence);
    expect(output).not.toMatch(hasStack);
    expect(code).toBe(1);
  });

  it('asks for the address when the receiver chose its own port, and knows who is no receiver', async () => {
    const other = await listening();
    const run = inFolder(files, { ...secrets, PORT: '0' });
    expect((await run('send', 'github', example)).output).toMatch(/^PORT is 0.*--url/);
    const { code, output } = await run('send', 'github', example, '--url', `http://127.0.0.1:${other.port}`);
    other.server.close();
    expect(output).toContain('something else listens there');
    expect(code).toBe(1);
  });
});

describe('statuswire explain', () => {
  it('of what nobody knows says so, and starts nothing where there is nothing', async () => {
    const cwd = privateFolder();
    const { code, output } = await endOf(statuswire(['explain', 'ev_unknown'], { cwd }));
    expect(output).toMatch(/^Nothing is known of ev_unknown: there is no \.statuswire here\./);
    expect(code).toBe(1);
  });
});

describe('statuswire simulator', () => {
  it('answers on loopback until it is asked to end', async () => {
    const running = statuswire(['simulator', '--port', '0', '--rate', '5'], { cwd: workFolder() });
    const url = await until('the address of the simulator', 20_000, () => /http:\S+?(?=,)/.exec(running.output())?.[0]);
    // Its lines may come in several pieces.
    const credentials = await until(
      'its credentials',
      5_000,
      () => /Basic (\S+) \/ (\S+)\n/.exec(running.output()) ?? undefined,
    );
    expect(running.output()).toContain('5 calls in any second');
    const basic = Buffer.from(`${credentials[1]}:${credentials[2]}`).toString('base64');
    const ticket = `${url}/support/tickets/v1/3f6c1d1e-5a58-4b0e-9d7a-2f1f4c9b7a10`;
    expect((await fetch(ticket)).status).toBe(401);
    expect((await fetch(ticket, { headers: { authorization: `Basic ${basic}` } })).status).toBe(200);
    expect(await running.end('SIGINT')).toBe(0);
  });

  it('tells a port that is taken, and a choice that is none', async () => {
    const taken = await listening();
    const run = inFolder({});
    const { code, output } = await run('simulator', '--port', String(taken.port));
    taken.server.close();
    expect(output).toMatch(/something else listens there; choose another port, or 0/);
    expect(code).toBe(1);
    expect((await run('simulator', '--port', '65536')).output).toMatch(/Expected 0 to 65535/);
    expect((await run('simulator', '--rate', 'many')).output).toMatch(/Expected a whole number/);
  });
});

describe('the command line', () => {
  const commands = ['start', 'receiver', 'worker', 'check', 'explain', 'send', 'simulator', 'demo'];

  it('tells what each command is for', async () => {
    const run = inFolder({});
    const all = await run('--help');
    expect(all.code).toBe(0);
    const listed = [...all.output.matchAll(/^ {2}(\w+)(?= )/gm)].map(([, command = '']) => command);
    expect(listed).toEqual(expect.arrayContaining(commands));
    const told = await Promise.all(listed.map((command) => run(command, '--help')));
    for (const [i, { code, output }] of told.entries()) {
      expect(output).toMatch(new RegExp(`^Usage: statuswire ${listed[i]}\\b`));
      expect(code).toBe(0);
    }
  });

  it('answers an unknown command or option, and none at all, with a hint and exit code 1', async () => {
    const run = inFolder({});
    for (const [args, hint] of [
      [['strat'], 'Did you mean start?'],
      [['start', '--confg', 'x'], 'Did you mean --config?'],
      [['explain'], "missing required argument 'id'"],
      [[], 'Usage: statuswire'],
    ] as const) {
      const { code, output } = await run(...args);
      expect(output).toContain(hint);
      expect(code).toBe(1);
    }
  });

  it('knows its version', async () => {
    const file = resolve(import.meta.dirname, '../../package.json');
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect((await inFolder({})('--version')).output).toBe(`${version}\n`);
  });
});

/** Somebody else's server on a port of its own. */
async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer((_req, res) => res.end('hello'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, port: (server.address() as AddressInfo).port };
}
