// Owns the command rejections: what was turned away lately, how often, and what to do about it.
import { advice, unknownSource } from '../ledger/rejection.ts';
import type { RejectionQuery, ToldRejection, TurnedAway } from '../ledger/rejections.ts';
import { asOperator } from './operator.ts';
import { count, say, sayJson } from './output.ts';

export interface RejectionsOptions extends RejectionQuery {
  readonly config?: string;
  readonly json?: boolean;
}

/** Tells what Redis holds; a process that serves brings it what it has turned away once a second. */
export async function rejections({ config, json, ...query }: RejectionsOptions): Promise<void> {
  const found = await asOperator(config, (core) => core.rejections.read(query, Date.now()));
  if (json) sayJson(found);
  else say(...tellTurnedAway(found));
}

/** Newest last, because that is where a terminal stops; then the counts, then what can be done. */
export function tellTurnedAway({ rejections, counts }: TurnedAway): string[] {
  const counted = Object.entries(counts).flatMap(([source, reasons]) =>
    Object.entries(reasons).map(([reason, { today, week, total }]) => {
      return [source, reason, `${today} today`, `${week} in 7 days`, `${total} in all`];
    }),
  );
  if (counted.length === 0) return nothing;
  const seen = [...new Set(counted.map(([, reason = '']) => reason))];
  return [
    ...(rejections.length === 0 ? [] : [...aligned(rejections.toReversed().map(cellsOf)), '']),
    ...aligned(counted),
    '',
    ...aligned(seen.map((reason) => [`${reason}:`, adviceFor(reason)])),
  ];
}

const nothing = [
  'Nothing was turned away.',
  'If a sender says that it has sent something: it did not arrive here, or it was accepted. See the address it sends to, the proxy, and `explain`.',
];

function cellsOf(one: ToldRejection): string[] {
  const source = one.source === unknownSource && one.asked !== undefined ? `${one.source} ${one.asked}` : one.source;
  return [one.at, source, one.reason, String(one.status), `${one.why} (${aboutIt(one).join(', ')})`];
}

function aboutIt({ from, bodyBytes, announcedBytes, type, requestId }: ToldRejection): string[] {
  const body = bodyBytes === undefined ? [] : [count(bodyBytes, 'byte')];
  const announced = announcedBytes === undefined ? [] : [`${count(announcedBytes, 'byte')} announced`];
  return [...(from === undefined ? [] : [`from ${from}`]), ...body, ...announced, ...(type ? [type] : []), requestId];
}

/** Another version of us may know reasons that this one does not. */
function adviceFor(reason: string): string {
  return Object.hasOwn(advice, reason) ? advice[reason as keyof typeof advice] : 'See docs/sources.md.';
}

/** Columns as wide as their widest cell; the last one as long as it is. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(width(i)))).join('  '));
}
