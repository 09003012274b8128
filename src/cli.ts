#!/usr/bin/env node
// Entry of the command line: which commands there are and what they take. What they do is in src/cli/.
import { Command, InvalidArgumentError } from 'commander';
import { check, explain, send } from './cli/ask.ts';
import { demo } from './cli/demo.ts';
import { complain, Refusal } from './cli/output.ts';
import { run, runSimulator } from './cli/run.ts';

const CONFIG = ['--config <file>', 'configuration (else STATUSWIRE_CONFIG, else statuswire.yaml)'] as const;
const JSON_OUTPUT = ['--json', 'print JSON'] as const;

const program = new Command('statuswire')
  .description(
    'Signed webhooks in, Spacebring ticket statuses out: in order, at the vendor’s pace, every change explained.',
  )
  .showHelpAfterError('(statuswire --help lists the commands)')
  .helpCommand(false);

program
  .command('start')
  .description('receiver and workers in one process')
  .option(...CONFIG)
  .action((options) => run('start', { receiver: true, worker: true }, options));
program
  .command('receiver')
  .description('the receiver alone')
  .option(...CONFIG)
  .action((options) => run('receiver', { receiver: true, worker: false }, options));
program
  .command('worker')
  .description('workers alone; as many processes as you like')
  .option(...CONFIG)
  .action((options) => run('worker', { receiver: false, worker: true }, options));
program
  .command('check')
  .description('is the configuration right? exit 1 and file:line:column for every fault if not')
  .option(...CONFIG)
  .option(...JSON_OUTPUT)
  .action((options) => check(options));
program
  .command('explain')
  .description('the whole story of an event, a change or a ticket')
  .argument('<id>', 'ev_…, ch_… or a ticket id')
  .option(...JSON_OUTPUT)
  .action((id, options) => explain(id, options));
program
  .command('send')
  .description('sign a saved event as its sender would and send it')
  .argument('<source>', 'a source of the configuration')
  .argument('<file>', 'JSON: {id?, headers?, body}')
  .option(...CONFIG)
  .option('--url <url>', 'receiver (default http://HOST:PORT)')
  .option(...JSON_OUTPUT)
  .action((source, file, options) => send(source, file, options));
program
  .command('simulator')
  .description('a stand-in for Spacebring on loopback (docs/simulator.md)')
  .option('--port <port>', 'port (0: any free one)', wholeNumber, 8090)
  .option('--rate <calls>', 'calls in any second before 429', wholeNumber, 10)
  .option('--latency <ms>', 'every call takes this much longer', wholeNumber, 0)
  .option('--client-id <id>', 'Basic credentials that it accepts')
  .option('--client-secret <secret>', 'Basic credentials that it accepts')
  .action(({ latency, ...options }) => runSimulator({ ...options, latencyMs: latency }));
program
  .command('demo')
  .description('the whole road once: real Redis, simulator, receiver, worker, one signed event')
  .action(() => demo());

program.parseAsync().catch((error: unknown) => {
  complain(...(error instanceof Refusal ? [error.message] : ['statuswire stopped: ' + sentence(error)]));
  process.exitCode = 1;
});

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
