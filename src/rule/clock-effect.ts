// Owns what a clock rule's own change does to conditions: whether it ends the rule's own, and whether two rules push a
// ticket back and forth. A condition is evaluated with one status and everything else unknown, by the very evaluator that
// decides: what is unknown is a failure, and logic lets a failure pass only where it makes no difference.
import type { ASTNode } from '@marcbachmann/cel-js';
import type { Finding } from '../config/fault.ts';
import type { ClockRule } from '../config/rule-schema.ts';
import { type Status, statuses } from '../ticket/ticket.ts';
import { canonical, conjunctsOf, nodesOf } from './canonical.ts';
import { clockVariables } from './clock-rule.ts';
import { knownFields } from './language.ts';
import { running } from './limits.ts';
import { makeMeter } from './meter.ts';
import { treeOf } from './never.ts';
import { build } from './program.ts';
import type { Placed } from './shadow.ts';
import { fieldNameOf } from './source-text.ts';
import { Failure } from './value.ts';

/** A clock rule that sets one status and whose condition can be evaluated by parts. */
interface Effect extends Placed<ClockRule> {
  readonly set: Status;
  readonly when: ASTNode;
}

/** Clock rules whose own change does not end their condition, that have nothing to do, or that undo each other's. */
export function clockEffects(rules: readonly Placed<ClockRule>[]): Finding[] {
  const effects = rules.flatMap(toEffect);
  const own = effects.flatMap((effect) => idle(effect) ?? unending(effect) ?? []);
  const pairs = effects.flatMap((later, index) => {
    const first = effects.slice(0, index).find((one) => pushBack(one, later));
    return first === undefined ? [] : [tellLoop(first, later)];
  });
  return [...own, ...pairs];
}

function toEffect({ rule, path }: Placed<ClockRule>): Effect[] {
  const when = treeOf(rule.when);
  return typeof rule.set === 'string' && isJudgeable(when) ? [{ rule, path, set: rule.set, when }] : [];
}

/** `has()`, optionals and the ticket as a whole tell a field that is unknown from one that is there. */
function isJudgeable(tree: ASTNode): boolean {
  const nodes = [...nodesOf(tree)];
  const whole = nodes.filter((node) => node.op === 'id' && node.args === 'ticket').length;
  const fields = nodes.filter((node) => fieldOfTicket(node) !== undefined).length;
  const isOptional = nodes.some(({ op, args }) => op === '.?' || op === '[?]' || (op === 'call' && args[0] === 'has'));
  return whole === fields && !isOptional;
}

function fieldOfTicket(node: ASTNode): string | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [of] = node.args;
  return of.op === 'id' && of.args === 'ticket' ? fieldNameOf(node) : undefined;
}

const unknown = new Failure('not known');

/** With this status: true or false whatever else there is, or undefined where that makes the difference. */
function withStatus(node: ASTNode, status: Status): boolean | undefined {
  const ticket = Object.fromEntries(Object.keys(knownFields.ticket).map((name) => [name, unknown]));
  const run = build(node, { variables: clockVariables, elements: [] });
  const given = { ticket: { ...ticket, status }, now: unknown };
  const value = run({ given, meter: makeMeter(running.ruleSteps), slots: [] });
  return typeof value === 'boolean' ? value : undefined;
}

/** The condition takes only tickets that have the status already. */
function idle({ rule, path, set, when }: Effect): Finding | undefined {
  const others = statuses.filter((status) => status !== set);
  if (others.some((status) => withStatus(when, status) !== false)) return undefined;
  const only = withStatus(when, set) === false ? 'never true' : `true only for tickets that are ${set} already`;
  const what = `this is ${only}, so ${rule.name} never does anything`;
  return { path: [...path, 'when'], offset: 0, what, expected: 'expected a condition on tickets with another status' };
}

function unending({ rule, path, set, when }: Effect): Finding | undefined {
  if (withStatus(when, set) === false) return undefined;
  const isAsked = [...nodesOf(when)].some((node) => fieldOfTicket(node) === 'status');
  const what = isAsked
    ? `this may still be true of a ticket that ${rule.name} has made ${set}`
    : `this does not ask for the status, so it stays true of a ticket that ${rule.name} has made ${set}`;
  const expected = `expected the statuses that it is for, such as ticket.status == "${startOf(set)}" && …`;
  return { path: [...path, 'when'], offset: 0, what, expected, severity: 'warning' };
}

function startOf(set: Status): Status {
  return set === 'closed' ? 'solved' : set === 'new' ? 'inProgress' : 'new';
}

/** Certain: a ticket that one of them takes is taken by the other afterwards, and then by the first again. */
function pushBack(a: Effect, b: Effect): boolean {
  if (a.set === b.set || !a.rule.locations.some((location) => b.rule.locations.includes(location))) return false;
  const [left, right] = [lastingParts(a, b.set), lastingParts(b, a.set)];
  if (left === undefined || right === undefined) return false;
  return isWithin(left, right) || isWithin(right, left);
}

/**
 * What a rule asks of a ticket besides its status, once that is `status`: parts that no time and no change of status
 * makes false. Undefined where the status does not do, or where something else may end the matter.
 */
function lastingParts({ when }: Effect, status: Status): ReadonlySet<string> | undefined {
  const lasting = new Set<string>();
  for (const part of conjunctsOf(when)) {
    const value = withStatus(part, status);
    if (value === false) return undefined;
    if (value === true || isOldEnough(part)) continue;
    if (!isSteady(part)) return undefined;
    lasting.add(canonical(part));
  }
  return lasting;
}

function isWithin(inner: ReadonlySet<string>, outer: ReadonlySet<string>): boolean {
  return [...inner].every((part) => outer.has(part));
}

/** Reads nothing that changes with time or with the status. */
function isSteady(node: ASTNode): boolean {
  return [...nodesOf(node)].every((one) => {
    const field = fieldOfTicket(one);
    const isMoving = field === 'status' || field === 'updateDate' || field === 'statusUpdateDate';
    return !isMoving && !(one.op === 'id' && one.args === 'now');
  });
}

/** `now - timestamp(ticket.…Date) > duration("…")`: comes true by waiting, again after each change. */
function isOldEnough(node: ASTNode): boolean {
  if (node.op !== '>' && node.op !== '>=') return false;
  const [age, least] = node.args;
  if (age.op !== '-' || age.args[0].op !== 'id' || age.args[0].args !== 'now') return false;
  const [, date] = age.args;
  const isDate =
    date.op === 'call' && date.args[0] === 'timestamp' && /Date$/.test(fieldOfTicket(date.args[1][0] ?? date) ?? '');
  return isDate && least.op === 'call' && least.args[0] === 'duration' && least.args[1][0]?.op === 'value';
}

function tellLoop(first: Effect, later: Effect): Finding {
  const isTried = first.rule.dryRun || later.rule.dryRun;
  return {
    path: [...later.path, 'set'],
    what: `${later.rule.name} and ${first.rule.name} push the same tickets back and forth: this one makes them ${later.set}, the other ${first.set}, again and again`,
    expected: `expected a condition in one of them that is false of a ticket which the other made ${later.set} or ${first.set}`,
    ...(isTried ? { severity: 'warning' as const } : {}),
  };
}
