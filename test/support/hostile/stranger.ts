// What all requests of strangers have in common: a source that they try, a body and headers with the marker in them, and a
// proof that is none. The kinds of mischief stand in the strangers-*.ts files.
import { randomBytes } from 'node:crypto';
import type { Chance } from '../chaos/scale.ts';
import { hostileBody } from './bodies.ts';
import { type Line, linesOf, type Shot } from './shot.ts';
import { type HostileSource, isOpen, proofOf } from './sources.ts';

/** One stranger's materials. */
export interface Given {
  readonly chance: Chance;
  readonly source: HostileSource;
  /** The other sources that must be proven. */
  readonly others: readonly HostileSource[];
  readonly target: string;
  readonly body: Buffer;
  readonly marker: string;
  /** Headers with the marker in them; it must be found nowhere. */
  readonly marked: readonly Line[];
  /** The same, and a proof that proves nothing. */
  readonly forged: readonly Line[];
}

/** One kind of mischief. */
export type Kind = (given: Given) => Shot;

export function meet(parts: { chance: Chance; sources: readonly HostileSource[]; marker: string }): Given {
  const { chance, sources, marker } = parts;
  const closed = sources.filter((source) => !isOpen(source));
  const source = chance.pick(closed);
  const marked: Line[] = [
    ['User-Agent', `agent ${marker}`],
    ['X-Delivery', marker],
    ['Cookie', `c=${marker}`],
  ];
  return {
    ...{ chance, source, marker, marked },
    others: closed.filter(({ secret }) => secret !== undefined && secret !== source.secret),
    target: `/hooks/${source.name}`,
    body: Buffer.concat([Buffer.from(`{"marker":"${marker}","more":`), hostileBody(chance).bytes, Buffer.from('}')]),
    forged: [...marked, ...forgedProof(chance, source, marker)],
  };
}

export function refused(name: string, bytes: Buffer, more: Partial<Shot> = {}): Shot {
  return { name, steps: [bytes], allowed: 'refused', ...more };
}

/** For what the parser may take for the beginning of something longer: it is told soon that nothing more comes. */
export const unfinished = { mayClose: true, listening: { finAfterMs: 300 } } as const;

/** A text for the name of a shot. */
export function brief(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

/** A proof of the right form made with a wrong secret, a part of one, or too many of them. */
function forgedProof(chance: Chance, source: HostileSource, marker: string): Line[] {
  const real = linesOf(proofOf({ ...source, ...withWrongSecret(source) }, Buffer.from(marker), 'd-1'));
  switch (chance.below(6)) {
    case 0:
      return [];
    case 1:
      return real.slice(1);
    case 2:
      return real.map(([name]) => [name, marker]);
    case 3:
      return real.map(([name, value]) => [name, value.slice(0, -1)]);
    case 4:
      return real.map(([name, value]) => [
        name,
        Array(20)
          .fill(value)
          .join(chance.pick([',', ' ', ', ', ';'])),
      ]);
    default:
      return real;
  }
}

/** A secret of the same form that is not the source's own. */
function withWrongSecret({ secret, signWith = secret }: HostileSource): Partial<HostileSource> {
  if (signWith === undefined) return {};
  if (signWith.startsWith('whs')) return { signWith: `whsec_${randomBytes(24).toString('base64')}` };
  const word = randomBytes(16).toString('hex');
  return { signWith: signWith.includes(':') ? `stranger:${word}` : word };
}
