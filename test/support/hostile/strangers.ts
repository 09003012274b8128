// One request of a stranger, of any kind.
import type { Chance } from '../chaos/scale.ts';
import type { Shot } from './shot.ts';
import type { HostileSource } from './sources.ts';
import { meet } from './stranger.ts';
import { bodyKinds } from './strangers-bodies.ts';
import { headerKinds } from './strangers-headers.ts';
import { lineKinds } from './strangers-lines.ts';

const kinds = [...lineKinds, ...headerKinds, ...bodyKinds];

export function strangersShot(parts: { chance: Chance; sources: readonly HostileSource[]; marker: string }): Shot {
  return parts.chance.pick(kinds)(meet(parts));
}
