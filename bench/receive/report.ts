// Owns what is told of the turns: the median of each figure over the rounds with its spread, and the ratios round by round.
import type { Turn } from './turn.ts';

/** Median, least and greatest. */
type Spread = readonly [median: number, least: number, greatest: number];

const figures = ['perSecond', 'p50Ms', 'p99Ms', 'cpuMicros', 'redisMicros', 'scripts', 'senderBusy'] as const;
type Figure = (typeof figures)[number];
const names = ['statuswire', 'express', 'bare'] as const;

export interface Summary {
  readonly figures: Readonly<Record<Turn['receiver'], Readonly<Record<Figure, Spread>> & { readonly others: number }>>;
  /** Statuswire's figure divided by the other's of the same round. */
  readonly ratios: Readonly<Record<'express' | 'bare', { readonly perSecond: Spread; readonly cpuMicros: Spread }>>;
}

export function summarize(rounds: readonly (readonly Turn[])[]): Summary {
  const of = (name: Turn['receiver']) => rounds.flat().filter((turn) => turn.receiver === name);
  const figuresOf = (name: Turn['receiver']) => ({
    ...(Object.fromEntries(figures.map((figure) => [figure, spread(of(name).map((turn) => turn[figure]))])) as Record<
      Figure,
      Spread
    >),
    others: of(name).reduce((sum, turn) => sum + turn.others + turn.errors, 0),
  });
  const ratio = (to: 'express' | 'bare', figure: Figure) => {
    const [ours, theirs] = [of('statuswire'), of(to)];
    return spread(ours.map((turn, round) => turn[figure] / (theirs[round]?.[figure] ?? Number.NaN)));
  };
  const ratios = (to: 'express' | 'bare') => ({ perSecond: ratio(to, 'perSecond'), cpuMicros: ratio(to, 'cpuMicros') });
  return {
    figures: { statuswire: figuresOf('statuswire'), express: figuresOf('express'), bare: figuresOf('bare') },
    ratios: { express: ratios('express'), bare: ratios('bare') },
  };
}

/** One line, while it runs. */
export function printTurn(round: number, turn: Turn): string {
  const { receiver, perSecond, p50Ms, p99Ms, cpuMicros, redisMicros, senderBusy } = turn;
  const speed = `${perSecond.toFixed(0).padStart(6)}/s  p50 ${p50Ms.toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms`;
  const cost = `CPU ${cpuMicros.toFixed(0)} µs + Redis ${redisMicros.toFixed(0)} µs an event`;
  return `round ${round + 1}  ${receiver.padEnd(10)} ${speed}  ${cost}  (sender ${(100 * senderBusy).toFixed(0)} % busy)`;
}

/** The table for bench/README.md. */
export function printTurns({ figures: all, ratios }: Summary): string {
  const row = (title: string, figure: Figure, digits: number) =>
    `| ${title} | ${names.map((name) => show(all[name][figure], digits)).join(' | ')} |`;
  const against = (title: string, figure: 'perSecond' | 'cpuMicros') =>
    `| ${title} | | ${show(ratios.express[figure], 2)} | ${show(ratios.bare[figure], 2)} |`;
  return [
    '| median (least to greatest round) | Statuswire | Express | bare node:http |',
    '| --- | --- | --- | --- |',
    row('requests a second', 'perSecond', 0),
    row('p50, ms', 'p50Ms', 1),
    row('p99, ms', 'p99Ms', 1),
    row('CPU of the receiver, µs an event', 'cpuMicros', 0),
    row('CPU of Redis, µs an event', 'redisMicros', 0),
    row('scripts in Redis an event', 'scripts', 2),
    row('sender, part of a core', 'senderBusy', 2),
    `| answers other than 2xx | ${names.map((name) => all[name].others).join(' | ')} |`,
    against('Statuswire / this: requests a second', 'perSecond'),
    against('Statuswire / this: CPU an event', 'cpuMicros'),
  ].join('\n');
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return [(below + above) / 2, sorted[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN];
}

function show([median, least, greatest]: Spread, digits: number): string {
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text(median)} (${text(least)} to ${text(greatest)})`;
}
