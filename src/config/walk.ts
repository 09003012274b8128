// Owns the way from YAML nodes to plain values. Keeps for each value where it stands and what the environment put
// into it, and refuses what a configuration does not need: aliases, anchors, tags, repeated keys, great depth.
import { isAlias, isCollection, isMap, isScalar, isSeq, type Node } from 'yaml';
import { type Finding, type Path, pathText } from './fault.ts';
import { type Environment, substitute } from './substitute.ts';

const MAX_DEPTH = 32;

/** A finding that may stand at the key, or whose offset counts in the text as the file has it, `${NAME}` and all. */
export interface Trouble extends Finding {
  readonly at?: At;
}

export type At = 'key' | 'source';

/** What is known of the value at one path. */
export interface Spot {
  readonly node: Node | null;
  readonly key: Node | null;
  /** The names of the environment whose values are in this text. */
  readonly names: readonly string[];
  /** True when the value is not what the file says, so that offsets into it mean nothing in the file. */
  readonly isChanged: boolean;
}

export interface Walk {
  /** Undefined: texts are taken as they stand. */
  readonly env: Environment | undefined;
  /** By `keyOf(path)`. */
  readonly spots: Map<string, Spot>;
  readonly troubles: Trouble[];
}

/** The plain value of `node`, which stands at `path` under `key`; undefined for what is refused. */
export function walk(into: Walk, node: Node | null, path: Path, key: Node | null): unknown {
  remember(into, path, { node, key });
  const refused = refusal(node, path);
  if (refused !== undefined) {
    into.troubles.push({ path, what: `${pathText(path)} ${refused[0]}`, expected: refused[1] });
    return undefined;
  }
  if (isMap(node)) return walkMap(into, node.items, path);
  if (isSeq(node)) return node.items.map((item, index) => walk(into, toNode(item), [...path, index], null));
  if (!isScalar(node)) return null;
  return typeof node.value === 'string' ? walkText(into, node, node.value, path, key) : node.value;
}

/** One text for one path, to look up by. */
export function keyOf(path: Path): string {
  return JSON.stringify(path);
}

function walkMap(into: Walk, items: readonly { key: unknown; value: unknown }[], path: Path): unknown {
  const map: Record<string, unknown> = {};
  for (const [index, item] of items.entries()) {
    const key = toNode(item.key);
    const name = isScalar(key) ? String(key.value) : '';
    if (name === '' || name === '__proto__') {
      refuseKey(into, [...path, `#${index}`], key, 'a key here is not a plain word', 'expected a name');
    } else if (Object.hasOwn(map, name)) {
      const what = `${pathText([...path, name])} stands here a second time`;
      refuseKey(into, [...path, `#${index}`], key, what, 'expected each key once; merge the two');
    } else {
      map[name] = walk(into, toNode(item.value), [...path, name], key);
    }
  }
  return map;
}

/** A key that is left out of the map has a path of its own, so that it can be pointed at. */
function refuseKey(into: Walk, path: Path, key: Node | null, what: string, expected: string): void {
  remember(into, path, { node: key, key });
  into.troubles.push({ path, at: 'key', what, expected });
}

function walkText(into: Walk, node: Node, value: string, path: Path, key: Node | null): string {
  if (into.env === undefined) {
    remember(into, path, { node, key });
    return value;
  }
  const { text, names, faults } = substitute(value, into.env);
  remember(into, path, { node, key, names, isChanged: text !== value });
  for (const { offset, what, expected } of faults) {
    into.troubles.push({ path, at: 'source', offset, what: `${pathText(path)} ${what}`, expected });
  }
  return text;
}

/** Why this node is not read, and what to do, if so. */
function refusal(node: Node | null, path: Path): readonly [what: string, expected: string] | undefined {
  if (path.length > MAX_DEPTH) return ['is nested too deep', `expected at most ${MAX_DEPTH} levels`];
  if (isAlias(node)) return ['begins with *, a mark of YAML', 'expected quotes around a text that begins with *'];
  if (!isScalar(node) && !isCollection(node)) return undefined;
  if (node.anchor) return ['begins with &, a mark of YAML', 'expected quotes around a text that begins with &'];
  if (node.tag) return ['begins with !, a mark of YAML', 'expected quotes around a text that begins with !'];
  return undefined;
}

function remember(into: Walk, path: Path, spot: Pick<Spot, 'node' | 'key'> & Partial<Spot>): void {
  into.spots.set(keyOf(path), { names: [], isChanged: false, ...spot });
}

function toNode(value: unknown): Node | null {
  return isAlias(value) || isScalar(value) || isCollection(value) ? value : null;
}
