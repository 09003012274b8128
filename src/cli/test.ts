// Owns the command test: what would each rule do with this event, and why; and fixtures, with an exit code for CI.
import { dirname } from 'node:path';
import { formatFault } from '../config/fault.ts';
import { tellWanted } from '../ledger/tell.ts';
import type { Decision } from '../rule/rule.ts';
import { type Candidate, type CandidateOptions, configFileOf, readCandidate } from './candidate.ts';
import { readSavedEvent } from './event-file.ts';
import { fixturesIn, isFixtureFile, isFolder } from './fixture.ts';
import { count, say, sayJson } from './output.ts';
import { type Outcome, runFixtures, tellOutcome } from './run-fixtures.ts';
import { Mistakes } from './setup.ts';
import { type Trial, tryEvent } from './trial.ts';

export interface TestOptions extends CandidateOptions {
  readonly json?: boolean | undefined;
}

/**
 * Tries saved events, or runs fixtures: those in the files and folders that are named, else those beside the configuration.
 * Exit code 1 when a fixture does not hold. Throws Mistakes when rules, fixtures or events cannot be read.
 */
export function test(paths: readonly string[], options: TestOptions): void {
  const named = paths.length === 0 ? [dirname(configFileOf({ config: options.rules ?? options.config }))] : paths;
  const files = named.flatMap((path) => (isFolder(path) ? fixturesIn(path) : [path]));
  const fixtures = files.filter(isFixtureFile);
  const events = files.filter((file) => !isFixtureFile(file));
  if (events.length > 0) tryEvents(events, options);
  if (fixtures.length > 0) tryFixtures(fixtures, options);
}

function tryEvents(files: readonly string[], options: TestOptions): void {
  const candidate = readCandidate(options);
  const tried = files.map((file) => ({ file, trial: tryFile(file, candidate) }));
  if (options.json) {
    const stories = tried.map(({ file, trial }) => toJson(file, trial, candidate));
    return void sayJson(stories.length === 1 ? stories[0] : stories);
  }
  for (const { file, trial } of tried) say(...tellTrial(file, trial, candidate));
}

function tryFile(file: string, candidate: Candidate): Trial {
  const saved = readSavedEvent(file);
  const trial = tryEvent(candidate, saved.value, Date.now());
  if (!trial.ok) throw new Mistakes([saved.fault(trial.path, trial.expected)]);
  return trial;
}

function tellTrial(file: string, { event, decisions, notes }: Trial, { loaded }: Candidate): string[] {
  const at = event.at === undefined ? '' : `, its own time ${new Date(event.at).toISOString()}`;
  const made = decisions.filter((one) => one.kind === 'matched' && !one.dryRun);
  const tried = decisions.filter((one) => one.kind === 'matched' && one.dryRun);
  return [
    `event    ${event.source} ${event.type || '(no type)'}${at}  (${file})`,
    `rules    ${loaded.file}, version ${loaded.version}`,
    ...notes.map((note) => `note     ${note}`),
    ...(decisions.length === 0 ? [`no       no rule listens to ${event.source}`] : decisions.map(tellAnswer)),
    `That makes ${count(made.length, 'change')}${tried.length === 0 ? '' : `, and ${tried.length} on dry run`}. Nothing was sent.`,
  ];
}

function tellAnswer(decision: Decision): string {
  const { rule, item, reason, kind } = decision;
  const who = `${rule}${item === undefined ? '' : ` (element ${item})`}`;
  if (kind === 'unmatched') return `no       ${who}: ${reason}`;
  if (kind === 'shadowed') return `shadowed ${who}: ${tellWanted(decision)}, but ${reason}`;
  const account = kind === 'matched' ? `, account ${decision.account}` : '';
  const at =
    kind === 'matched' && decision.at !== undefined ? `, ordered at ${new Date(decision.at).toISOString()}` : '';
  return `yes      ${who}: ${tellWanted(decision)}${account}${at}, because ${reason}`;
}

function toJson(file: string, { event, decisions, notes }: Trial, { loaded }: Candidate) {
  const { id, source, type, at, receivedAt } = event;
  const names = [...new Set(decisions.map(({ rule }) => rule))];
  return {
    file,
    rulesFile: loaded.file,
    version: loaded.version,
    event: { id, source, type, ...(at === undefined ? {} : { at: iso(at) }), receivedAt: iso(receivedAt) },
    notes,
    rules: names.map((rule) => {
      const own = decisions.filter((decision) => decision.rule === rule);
      return { rule, matched: own.some(({ kind }) => kind !== 'unmatched'), decisions: own };
    }),
    changes: decisions.filter(({ kind }) => kind === 'matched'),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function tryFixtures(files: readonly string[], options: TestOptions): void {
  const outcomes = files.flatMap((file) => runFixtures(file, options, Date.now()));
  const failed = outcomes.filter(({ ok }) => !ok).length;
  if (failed > 0) process.exitCode = 1;
  const passed = outcomes.length - failed;
  if (options.json) return void sayJson({ passed, failed, tests: outcomes.map(withPlainFaults) });
  say(...outcomes.flatMap(tellOutcome), `${passed} passed, ${failed} failed`);
}

function withPlainFaults({ faults, ...outcome }: Outcome) {
  return {
    ...outcome,
    ...(faults.length === 0
      ? {}
      : { faults: faults.map((fault) => ('key' in fault ? fault.what : formatFault(fault))) }),
  };
}
