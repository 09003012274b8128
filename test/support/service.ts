// A whole installation as an operator has it: a configuration of its own, real processes, a Redis, the simulator as vendor.
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { program, type Running, runProgram, statuswire, workFolder } from './process.ts';

export const apiToken = 'test-token-of-an-operator';
export const githubSecret = 'a secret of github';
export const svixSecret = `whsec_${Buffer.from('a secret of the vendor itself').toString('base64')}`;

/** The configuration of the tests; `more` is YAML below `rules:`. */
function configText(simulatorUrl: string, more = ''): string {
  return `
accounts:
  main:
    auth: { basic: { clientId: simulator-id, clientSecret: "\${CLIENT_SECRET}" } }
    baseUrl: ${simulatorUrl}
    callTimeout: 2s
    settle: 1s
sources:
  github: { verify: github, secrets: ["\${GITHUB_SECRET}"] }
  spacebring: { verify: svix, secrets: ["\${SVIX_SECRET}"] }
rules:
  - name: solved-when-closed
    on: github
    when: event.type == "issues.closed" && body.issue.labels.exists(l, l.name == "spacebring")
    ticket: body.issue.body.ticketId()
    set: solved
  - name: take-up
    on: spacebring
    when: event.type == "support.ticket.created"
    ticket: body.ticket.id
    set: inProgress
${more}`;
}

export interface Installation {
  readonly cwd: string;
  readonly env: Record<string, string>;
  run(...args: string[]): Running;
  /** Runs an entry of its own, such as `workers/changes`. */
  runEntry(name: string): Running;
}

/** Files and environment of an installation on the given Redis, under a prefix of its own. */
export function install(parts: { simulator: Simulator; redisUrl: string; rules?: string }): Installation {
  const cwd = workFolder({ 'statuswire.yaml': configText(parts.simulator.url, parts.rules) });
  const env = {
    REDIS_URL: parts.redisUrl,
    STATUSWIRE_PREFIX: `test-${randomBytes(6).toString('hex')}`,
    STATUSWIRE_API_TOKEN: apiToken,
    PORT: '0',
    CLIENT_SECRET: 'simulator-secret',
    GITHUB_SECRET: githubSecret,
    SVIX_SECRET: svixSecret,
  };
  return {
    cwd,
    env,
    run: (...args) => statuswire(args, { cwd, env }),
    runEntry: (name) => runProgram(process.execPath, [join(dirname(program), '..', `${name}.js`)], { cwd, env }),
  };
}

/** Where a receiver listens, from its log. */
export async function addressOf(receiver: Running): Promise<string> {
  return String((await receiver.line('receiver.listening')).url);
}

/** An operator's question; asked again where there were too many at once, which says nothing of what was asked for. */
export async function ask<T>(url: string, path: string): Promise<T> {
  for (;;) {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${apiToken}` } });
    if (response.status !== 429) return (await response.json()) as T;
    await wait(Number(response.headers.get('retry-after')) * 1000);
  }
}
