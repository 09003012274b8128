#!/usr/bin/env node
// Entry of the command line: which commands there are and what they take. What they do is in src/cli/, and is read when it is
// asked for: to load all of it takes longer than most commands do.
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import ms, { type StringValue } from 'ms';
import { shippedFile } from './cli/example.ts';
import { complain, complaintOf } from './cli/output.ts';
import { reasons } from './ledger/rejection.ts';

/** What a library may still hold open after a command has closed everything is not waited for any longer than this. */
const LINGER_MS = 2_000;

const CONFIG = ['--config <file>', 'configuration (else STATUSWIRE_CONFIG, else statuswire.yaml)'] as const;
const JSON_OUTPUT = ['--json', 'print JSON'] as const;

const PROCESSES = [
  '--processes <number>',
  'receiver processes behind the one port, each with a core of its own to use',
  crewSize,
  1,
] as const;

const program = new Command('statuswire')
  .description(
    'Signed webhooks in, Spacebring ticket statuses out: in order, at the vendor’s pace, every change explained.',
  )
  .version(version())
  .showHelpAfterError('(--help lists what there is)')
  .helpCommand(false);

program
  .command('start')
  .description('receiver and workers in one process; without a configuration the example, against a simulator')
  .option(...PROCESSES)
  .option(...CONFIG)
  .action(async (options) =>
    (await import('./cli/run.ts')).run('start', { receiver: true, visits: true, clock: true }, options),
  );
program
  .command('receiver')
  .description('the receiver alone')
  .option(...PROCESSES)
  .option(...CONFIG)
  .action(async (options) =>
    (await import('./cli/run.ts')).run('receiver', { receiver: true, visits: false, clock: false }, options),
  );
program
  .command('worker')
  .description('workers alone; as many processes as you like')
  .option(...CONFIG)
  .action(async (options) =>
    (await import('./cli/run.ts')).run('worker', { receiver: false, visits: true, clock: true }, options),
  );
program
  .command('check')
  .description('are environment and configuration right? exit 1 and file:line:column for every fault if not')
  .option(...CONFIG)
  .option(...JSON_OUTPUT)
  .action(async (options) => (await import('./cli/check.ts')).check(options));
program
  .command('test')
  .description('what would each rule do with a saved event, and why; or run *.test.yaml, exit 1 if one does not hold')
  .argument('[files...]', 'EVENT.json, *.test.yaml or folders of them (default: those beside the configuration)')
  .option('--rules <file>', 'rules to try: alone, or a whole configuration (default: the configuration)')
  .option(...CONFIG)
  .option(...JSON_OUTPUT)
  .action(async (files, options) => (await import('./cli/test.ts')).test(files, options));
program
  .command('whatif')
  .description('what would other rules have made of the events that are stored? ticket by ticket, without any effect')
  .requiredOption('--rules <file>', 'rules to try: alone, or a whole configuration')
  .option('--since <duration>', 'how far back', span, span('7d'))
  .option(...CONFIG)
  .option(...JSON_OUTPUT)
  .action(async (options) => (await import('./cli/whatif.ts')).whatif(options));
program
  .command('explain')
  .description('the whole story of an event, a change or a ticket')
  .argument('<id>', 'ev_…, ch_… or a ticket id')
  .option(...CONFIG)
  .option(...JSON_OUTPUT)
  .action(async (id, options) => (await import('./cli/explain.ts')).explain(id, options));
program
  .command('send')
  .description('sign a saved event as its sender would and send it')
  .argument('<source>', 'a source of the configuration')
  .argument('<file>', 'JSON: {id?, headers?, body}')
  .option(...CONFIG)
  .option('--url <url>', 'receiver (default http://HOST:PORT)', webAddress)
  .option(...JSON_OUTPUT)
  .action(async (source, file, options) => (await import('./cli/send.ts')).send(source, file, options));
program
  .command('audit')
  .description('accepted = verdicts + open, and nothing forgotten? exit 1 and the ids if not')
  .option('--since <duration>', 'how far back', span, span('24h'))
  .option(...CONFIG)
  .option(...JSON_OUTPUT)
  .action(async (options) => (await import('./cli/audit.ts')).audit(options));
const failed = program.command('failed').description('changes that ended failed or expired: list, show, retry, drop');
filtered(failed.command('list').description('what has failed and was neither retried nor dropped')).action(
  async (options) => (await import('./cli/failed.ts')).listFailed(options),
);
failed
  .command('show')
  .description('the story of one')
  .argument('<id>', 'ch_…')
  .option(...CONFIG)
  .option(...JSON_OUTPUT)
  .action(async (id, options) => (await import('./cli/failed.ts')).showFailed(id, options));
for (const deed of ['retry', 'drop'] as const) {
  const what = { retry: 'try again, unless a newer wish has overtaken it', drop: 'put away; its story stays' }[deed];
  filtered(failed.command(deed).description(`${what}: one by id, or all that a filter means (shown first)`))
    .argument('[id]', 'ch_…')
    .option('--yes', 'do it to all that the filter means')
    .action(async (id, options) => (await import('./cli/failed.ts')).steerFailed(deed, id, options));
}
const held = program.command('held').description('changes over the cap of their rule: list, release, drop');
filtered(held.command('list').description('what is held')).action(async (options) =>
  (await import('./cli/failed.ts')).listFailed({ ...options, list: 'held' }),
);
for (const [name, deed, what] of [
  ['release', 'retry', 'send it after all, unless a newer wish has overtaken it'],
  ['drop', 'drop', 'put away; its story stays'],
] as const) {
  filtered(held.command(name).description(`${what}: one by id, or all (shown first)`))
    .argument('[id]', 'ch_…')
    .option('--yes', 'do it to all that the filter means')
    .action(async (id, options) =>
      (await import('./cli/failed.ts')).steerFailed(deed, id, { ...options, list: 'held' }),
    );
}
program
  .command('rejections')
  .description('why does nothing happen? what was turned away lately, how often, and what to do about it')
  .option('--source <name>', 'only of this source; "(unknown)" for those that are not configured')
  .addOption(new Option('--reason <reason>', 'only for this reason').choices(reasons))
  .option('--limit <number>', 'how many, from 1 to 500', shortList, 100)
  .option(...CONFIG)
  .option(...JSON_OUTPUT)
  .action(async (options) => (await import('./cli/rejections.ts')).rejections(options));
program
  .command('link')
  .description('remember a name for a ticket, as a rule with `link` does; without a ticket, tell which it is')
  .argument('<name>', 'another system’s id, for instance JIRA-7')
  .argument('[ticket]', 'ticket id')
  .option(...CONFIG)
  .option(...JSON_OUTPUT)
  .action(async (name, ticket, options) => (await import('./cli/link.ts')).link(name, ticket, options));
program
  .command('simulator')
  .description('a stand-in for Spacebring on loopback (docs/simulator.md)')
  .option('--port <port>', 'port (0 picks a free one)', port, 8090)
  .option('--rate <calls>', 'calls in any second before 429', wholeNumber, 10)
  .option('--latency <ms>', 'every call takes this much longer', wholeNumber, 0)
  .option('--client-id <id>', 'Basic credentials that it accepts')
  .option('--client-secret <secret>', 'Basic credentials that it accepts')
  .action(async ({ latency, ...options }) =>
    (await import('./cli/run.ts')).runSimulator({ ...options, latencyMs: latency }),
  );
program
  .command('demo')
  .description('the whole road once: real Redis, simulator, receiver, worker, one signed event')
  .action(async () => (await import('./cli/demo.ts')).demo());

// What `--processes` starts; not for people, so it is not listed.
program.command('member', { hidden: true }).action(async () => (await import('./cli/crew-member.ts')).runMember());

// Who reads only the first lines (`| head`) closes the pipe. That is no error, and no reason to leave anything running.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

program
  .parseAsync()
  .catch((error: unknown) => {
    complain(complaintOf(error));
    process.exitCode = 1;
  })
  .finally(() => setTimeout(() => process.exit(), LINGER_MS).unref());

function version(): string {
  return (JSON.parse(readFileSync(shippedFile('package.json'), 'utf8')) as { version: string }).version;
}

/** Which of the failed ones. */
function filtered(command: Command): Command {
  return command
    .option('--rule <name>', 'only of this rule')
    .option('--ticket <id>', 'only of this ticket')
    .option('--class <class>', 'failed, expired, or the HTTP status of the last answer')
    .option('--since <duration>', 'only that ended within it, e.g. 24h', span)
    .option(...CONFIG)
    .option(...JSON_OUTPUT);
}

/** A duration such as `24h` in milliseconds. */
function span(text: string): number {
  if (!/^\d{1,6}(s|m|h|d|w)$/.test(text)) throw new InvalidArgumentError('Expected a duration such as 30m, 24h or 7d.');
  return ms(text as StringValue);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

function crewSize(text: string): number {
  const number = wholeNumber(text);
  if (number < 1 || number > 64) throw new InvalidArgumentError('Expected a number from 1 to 64.');
  return number;
}

function shortList(text: string): number {
  const number = wholeNumber(text);
  if (number < 1 || number > 500) throw new InvalidArgumentError('Expected a number from 1 to 500.');
  return number;
}

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('Expected 0 to 65535.');
  return Number(text);
}

function webAddress(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('Expected an address such as http://127.0.0.1:8080.');
  }
  return text.replace(/\/+$/, '');
}
