// Owns finding conditions that are never true, and telling it at the part that cannot be.
import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../config/closest.ts';
import type { Finding, Path } from '../config/fault.ts';
import type { EventRule } from '../config/rule-schema.ts';
import { canonical, nodesOf } from './canonical.ts';
import { clausesOf } from './clause.ts';
import { eventVariables } from './compiled-rule.ts';
import { type Contradiction, contradiction, type Universe } from './contradiction.ts';
import { parse, type VariableName } from './language.ts';
import { running } from './limits.ts';
import { makeMeter } from './meter.ts';
import { build } from './program.ts';
import { tellable } from './source-text.ts';

/** Every variable: what a text may read was checked before. */
const variables: readonly VariableName[] = [...eventVariables, 'item', 'ticket'];

/** The syntax tree of a text in which nothing is wrong. */
export function treeOf(text: string): ASTNode {
  return parse(text, variables).tree;
}

/** The conditions of a rule about events that no event can meet. */
export function neverMet(rule: EventRule, path: Path): Finding[] {
  const unless = (rule.unless ?? []).flatMap(({ on, when }, index) =>
    neverTrue(when, [...path, 'unless', index, 'when'], eventUniverse(on)),
  );
  return [...neverTrue(rule.when, [...path, 'when'], eventUniverse(rule.on)), ...unless];
}

function eventUniverse(sources: readonly string[]): Universe {
  return new Map([[canonical(treeOf('event.source')), sources]]);
}

/** At most one finding about a condition. */
export function neverTrue(text: string | undefined, path: Path, universe: Universe): Finding[] {
  if (text === undefined) return [];
  const tree = treeOf(text);
  if (isFixed(tree)) return isTrue(tree) ? [] : [offByHand(path)];
  const found = contradiction(clausesOf(tree), universe);
  return found === undefined ? [] : [{ path, offset: found.node.start, ...tell(found) }];
}

function isFixed(tree: ASTNode): boolean {
  return [...nodesOf(tree)].every(({ op }) => op !== 'id');
}

function isTrue(tree: ASTNode): boolean {
  const run = build(tree, { variables: [], elements: [] });
  return run({ given: {}, meter: makeMeter(running.ruleSteps), slots: [] }) === true;
}

/** `when: "false"` is how people switch a rule off. */
function offByHand(path: Path): Finding {
  const expected = 'expected a condition on the event, or no such rule; `dryRun: true` is for trying one';
  return { path, offset: 0, what: 'this is never true, whatever comes', expected, severity: 'warning' };
}

function tell(found: Contradiction): { readonly what: string; readonly expected: string } {
  const told = tellable(found.node);
  switch (found.kind) {
    case 'unknown': {
      const known = found.known.map(String);
      const expected = `expected one of ${known.join(', ')}${didYouMean(String(found.value), known)}`;
      return { what: `${told} is never true: there is no ${JSON.stringify(found.value)} here`, expected };
    }
    case 'pair': {
      const expected = 'expected || between the two, or only one of them';
      return { what: `${told} can never be true together with ${tellable(found.other)}`, expected };
    }
    case 'rest':
      return {
        what: `${told} can never be true beside what else is said here`,
        expected: 'expected a condition that some event meets',
      };
    default:
      return found satisfies never;
  }
}
