// Owns one event before some rules: the saved event in normal form, as its source would make it, and what each rule says.
// Nothing is stored, nothing is sent.
import type { Path } from '../config/fault.ts';
import type { Event } from '../event.ts';
import type { Decision } from '../rule/rule.ts';
import { rehearse } from '../source/rehearse.ts';
import type { Candidate } from './candidate.ts';
import type { SavedEvent } from './event-file.ts';

export interface Trial {
  readonly ok: true;
  readonly event: Event;
  readonly decisions: readonly Decision[];
  /** What the source could not use, as the log would tell it. */
  readonly notes: readonly string[];
}

/** Why there is no event to try, and at which key of the saved event. */
export interface NoTrial {
  readonly ok: false;
  readonly path: Path;
  readonly expected: string;
}

/** What the candidate says about the saved event; what came `now` where it does not say when. */
export function tryEvent({ loaded, sources, decide }: Candidate, saved: SavedEvent, now: number): Trial | NoTrial {
  const { receivedAt = now, id = 'ev_saved' } = saved;
  const { config, file } = loaded;
  const source = sources.get(saved.source);
  const settings = Object.hasOwn(config.sources, saved.source) ? config.sources[saved.source] : undefined;
  if (source === undefined || settings === undefined) {
    const known = [...sources.keys()].join(', ') || 'none yet';
    return { ok: false, path: ['source'], expected: `expected a source of ${file}: ${known}` };
  }
  const reading = rehearse(source, settings, saved, receivedAt);
  if (!reading.ok)
    return { ok: false, path: ['body'], expected: `expected an event of ${saved.source}: ${reading.why}` };
  const at = saved.at ?? reading.draft.at;
  const { at: _, ...draft } = reading.draft;
  const event = { ...draft, id, type: saved.type ?? draft.type, ...(at === undefined ? {} : { at }), receivedAt };
  return { ok: true, event, decisions: decide(event), notes: reading.notes };
}
