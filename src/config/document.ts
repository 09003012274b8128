// Owns YAML: one document becomes plain values, and each value keeps its place in the file. Knows nothing of what the
// keys mean.
import { isScalar, LineCounter, parseDocument } from 'yaml';
import type { Path } from './fault.ts';
import { positionInScalar } from './place.ts';
import type { Environment } from './substitute.ts';
import { explainSyntax, type SyntaxFault } from './syntax.ts';
import { type At, keyOf, type Spot, type Trouble, walk } from './walk.ts';

/** Line and column count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Document {
  /** The plain value of the whole file, `${NAME}` replaced. */
  readonly data: unknown;
  /** Mistakes that leave the rest of the file readable. */
  readonly troubles: readonly Trouble[];
  /** The names of the environment whose values are in the value at `path` or in values inside it; empty for most. */
  namesAt(path: Path): readonly string[];
  /** Where the value at `path` stands, or the nearest that stands in the file; inside a text with `offset`. */
  locate(path: Path, offset?: number, at?: At): Place;
}

type Read = { ok: true; document: Document } | { ok: false; faults: readonly (Place & SyntaxFault)[] };

/**
 * Reads one YAML 1.2 document; syntax faults are placed already, because there is no value to point at. Without `env` a
 * `${NAME}` stands for itself.
 */
export function readDocument(text: string, env: Environment | undefined): Read {
  const lines = new LineCounter();
  const place = (position: number): Place => {
    const { line, col } = lines.linePos(position);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const parsed = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    // Repeated keys are told by the walk, which knows the path and can go on.
    uniqueKeys: false,
    logLevel: 'error',
  });
  if (parsed.errors.length > 0) return { ok: false, faults: explainSyntax(text, parsed.errors, place) };
  const spots = new Map<string, Spot>();
  const troubles: Trouble[] = [];
  const { explicit, version } = parsed.directives?.yaml ?? {};
  if (explicit && version !== '1.2') {
    troubles.push({ path: [], what: 'the file asks for an old YAML', expected: 'expected YAML 1.2, or no %YAML line' });
  }
  const data = walk({ env, spots, troubles }, parsed.contents, [], null);
  return {
    ok: true,
    document: {
      data,
      troubles,
      namesAt: (path) => namesAt(spots, path),
      locate: (path, offset, at) => place(positionOf(text, spots, path, offset, at)),
    },
  };
}

function positionOf(text: string, spots: ReadonlyMap<string, Spot>, path: Path, offset?: number, at?: At): number {
  const spot = spots.get(keyOf(path));
  if (spot === undefined) return path.length === 0 ? 0 : positionOf(text, spots, path.slice(0, -1));
  const { node, key } = spot;
  const isEmpty = !node?.range || node.range[0] === node.range[1];
  if (key?.range && (at === 'key' || isEmpty)) return key.range[0];
  if (offset !== undefined && isScalar(node) && (at === 'source' || !spot.isChanged)) {
    const inside = positionInScalar(text, node, offset);
    if (inside !== undefined) return inside;
  }
  return node?.range?.[0] ?? 0;
}

function namesAt(spots: ReadonlyMap<string, Spot>, path: Path): readonly string[] {
  const own = keyOf(path);
  const spot = spots.get(own);
  if (spot === undefined || isScalar(spot.node)) return spot?.names ?? [];
  const inside = path.length === 0 ? '[' : `${own.slice(0, -1)},`;
  return [...spots].flatMap(([key, { names }]) => (key.startsWith(inside) ? names : []));
}
