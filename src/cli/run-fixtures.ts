// Owns running the tests of one fixture file: each against the rules it is about, each told in a line, with the difference
// where there is one. A test that cannot be read has failed like any other, and does not keep the others from running.
import type { EnvFault } from '../config/env.ts';
import { type Fault, formatFault } from '../config/fault.ts';
import type { Shaped } from '../config/shaped.ts';
import type { Decision } from '../rule/rule.ts';
import { type Candidate, type CandidateOptions, readCandidate } from './candidate.ts';
import { compare, type Difference, tellExpected, tellMade } from './expectation.ts';
import { type Expected, eventOf, type Fixture, readFixtures, rulesBeside } from './fixture.ts';
import { Mistakes } from './setup.ts';
import { tryEvent } from './trial.ts';

/** How one test ended. */
export interface Outcome extends Difference {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly ok: boolean;
  /** Why it could not be run. */
  readonly faults: readonly (Fault | EnvFault)[];
  readonly decisions: readonly Decision[];
}

const nothing: Pick<Outcome, 'missing' | 'unexpected' | 'faults' | 'decisions'> = {
  missing: [],
  unexpected: [],
  faults: [],
  decisions: [],
};

/**
 * Runs the tests in `file` against the rules of the options; without any, against those beside it (`alerts.yaml` for
 * `alerts.test.yaml`), else those of the configuration that applies here. What comes `now` is what does not say when.
 */
export function runFixtures(file: string, options: CandidateOptions, now: number): readonly Outcome[] {
  return orFailed({ file, line: 1, name: 'can be run' }, () => {
    const isNamed = options.rules !== undefined || options.config !== undefined;
    const candidate = readCandidate(isNamed ? options : { rules: rulesBeside(file) });
    const fixtures = readFixtures(file);
    return fixtures.value.flatMap((fixture, index) => {
      const { line } = fixtures.locate([index, 'name']);
      const about = { file, line, name: fixture.name };
      return orFailed(about, () => [{ ...about, ...runOne({ fixtures, fixture, index, file, candidate, now }) }]);
    });
  });
}

function orFailed(about: Pick<Outcome, 'file' | 'line' | 'name'>, run: () => readonly Outcome[]): readonly Outcome[] {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Mistakes)) throw error;
    return [{ ...about, ...nothing, ok: false, faults: error.faults }];
  }
}

function runOne(parts: {
  fixtures: Shaped<readonly Fixture[]>;
  fixture: Fixture;
  index: number;
  file: string;
  candidate: Candidate;
  now: number;
}): Omit<Outcome, 'file' | 'line' | 'name'> {
  const { fixtures, fixture, index, file, candidate, now } = parts;
  const expected = fixture.expect ?? [];
  const unknown = unknownRules(expected, candidate).map((at) => [index, 'expect', ...at]);
  const known = `expected a rule of ${candidate.loaded.file}: ${ruleNames(candidate).join(', ') || 'none yet'}`;
  if (unknown.length > 0) throw new Mistakes(unknown.map((path) => fixtures.fault(path, known)));
  const trial = tryEvent(candidate, eventOf(fixture, file), now);
  if (!trial.ok) {
    const path = fixture.event === undefined ? [index, 'file'] : [index, 'event', ...trial.path];
    throw new Mistakes([fixtures.fault(path, trial.expected)]);
  }
  const difference = compare(trial.decisions, expected);
  const ok = difference.missing.length === 0 && difference.unexpected.length === 0;
  return { ...nothing, ...difference, ok, decisions: trial.decisions };
}

/** A test of a rule that is gone, or was never there, says nothing. */
function unknownRules(expected: readonly Expected[], candidate: Candidate): (string | number)[][] {
  const names = ruleNames(candidate);
  return expected.flatMap((one, index) =>
    (['rule', 'shadowedBy'] as const).flatMap((key) => {
      const name = one[key];
      return name === undefined || names.includes(name) ? [] : [[index, key]];
    }),
  );
}

function ruleNames({ loaded }: Candidate): readonly string[] {
  return loaded.config.rules.map(({ name }) => name);
}

/** A line for a test that holds; for one that does not, also what was expected, what was made, and why. */
export function tellOutcome({ file, line, name, ok, missing, unexpected, faults, decisions }: Outcome): string[] {
  if (ok) return [`ok       ${name}`];
  return [
    `FAILED   ${name}  (${file}:${line})`,
    ...faults.map((fault) => `         ${'key' in fault ? `${fault.key} ${fault.what}` : formatFault(fault)}`),
    ...missing.map((one) => `  - ${tellExpected(one)}`),
    ...unexpected.map((made) => `  + ${tellMade(made)}`),
    ...whyNot(missing, decisions).map((why) => `    ${why}`),
  ];
}

/** The reasons of the rules that could have made what is missing. */
function whyNot(missing: readonly Expected[], decisions: readonly Decision[]): string[] {
  if (missing.length === 0) return [];
  const meant = new Set(missing.map(({ rule }) => rule));
  const silent = decisions.filter(({ rule, kind }) => {
    return (kind === 'unmatched' || kind === 'shadowed') && (meant.has(undefined) || meant.has(rule));
  });
  if (decisions.length === 0) return ['no rule listens to this source'];
  return silent.slice(0, 5).map(({ rule, reason }) => `${rule} did not: ${reason}`);
}
