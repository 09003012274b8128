// Owns the watch over what Redis has confirmed to this process: remembers the newest entry, asks after it at start, after every
// reconnect and while newer ones come, and says once, loudly, when it is gone. Leaves the judgement to mark.ts, the mending to senders and people.
import type { Log } from '../log.ts';
import type { Names } from '../redis/names.ts';
import type { RedisClient } from '../redis/script.ts';
import { isUnavailable } from '../redis/unavailable.ts';
import {
  type ConfirmedEntry,
  compare,
  type Findings,
  heal,
  isLater,
  type Loss,
  type Marks,
  merge,
  tell,
  whatOf,
} from './mark.ts';
import { type MarkFile, openMarkFile } from './mark-file.ts';
import { type MarkLook, openMarkLook } from './mark-look.ts';

export interface MarkWatch {
  /** Redis has confirmed this entry. */
  saw(entry: ConfirmedEntry): void;
  /** For /readyz: the last loss, for a day. It keeps nobody from accepting. */
  checks(): { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  /** Writes the marks down; before the connection is closed. */
  close(): Promise<void>;
}

interface WatchParts {
  readonly look: MarkLook;
  /** Tells of reconnects. */
  readonly client: Pick<RedisClient, 'on' | 'off'>;
  /** Without one nothing outlives the process. */
  readonly file?: MarkFile | undefined;
  /** Names of the sources that may have to deliver again. */
  readonly sources: () => readonly string[];
  readonly log: Pick<Log, 'error' | 'warn'>;
  readonly now: () => number;
  /** How often marks are checked and written down, and a question without an answer is asked again. */
  readonly everyMs?: number;
}

const TOLD_FOR_MS = 24 * 60 * 60 * 1000;

/**
 * A new connection, which is told before its first answer comes: the marks are still those of the one before. A cluster
 * tells of a node that is lost, and of another division of the slots.
 */
const RECONNECTS = ['ready', '-node', 'refresh'] as const;

/** The watch over the client's Redis, with its file in the folder `home` if there is one. Never rejects. */
export function openMarkWatch({
  client,
  names,
  redisUrl,
  home,
  ...parts
}: Omit<WatchParts, 'look' | 'client' | 'file'> & {
  readonly client: RedisClient;
  readonly names: Names;
  readonly redisUrl: string;
  readonly home: string | undefined;
}): Promise<MarkWatch> {
  const prefix = names.tag.slice(1, -1);
  const file = home === undefined ? undefined : openMarkFile({ home, redisUrl, prefix });
  return watchMarks({ ...parts, client, look: openMarkLook(client, names.tag), file });
}

/** Starts with the marks in the file. Resolves when they have been asked after, or Redis gave no answer for now. */
export async function watchMarks({
  look,
  client,
  file,
  sources,
  log,
  now,
  everyMs = 1_000,
}: WatchParts): Promise<MarkWatch> {
  let marks: Marks = (await file?.read()) ?? {};
  /** As they stood when it was last known that all are there; and as they were last written down. */
  let known = marks;
  let written = marks;
  let told: { readonly at: number; readonly loss: Loss } | undefined;
  const warned = new Set<string>();
  /** Marks to be asked after, oldest first, each until Redis has answered. */
  const pending: Marks[] = [];
  let working: Promise<void> | undefined;

  function onReconnect(): void {
    doubt(marks);
    void work();
  }

  /** Also without a reconnect: before newer marks take the place of the old ones, these are asked after once more. */
  function onTick(): Promise<void> {
    if (marks !== known) {
      doubt(known);
      doubt(marks);
    }
    return work();
  }

  function doubt(some: Marks): void {
    if (!pending.includes(some)) pending.push(some);
  }

  function work(): Promise<void> {
    working ??= settle().finally(() => {
      working = undefined;
    });
    return working;
  }

  async function settle(): Promise<void> {
    // The newest first: what was confirmed after a loss is there, and what is lost is told once, up to the last of it.
    for (let asked = pending.at(-1); asked !== undefined; asked = pending.at(-1)) {
      const found = await find(asked);
      // Nothing newer is written down meanwhile: it would hide from the next process what this one could not ask.
      if (found === undefined) return;
      const loss = compare(asked, found);
      if (loss === undefined) pending.splice(pending.indexOf(asked), 1);
      else await report(loss, asked, found);
    }
    known = marks;
    if (marks !== written) await keep((kept) => merge(kept, marks));
  }

  /** Undefined where nobody answers now; that is asked again. What cannot be asked at all counts as there. */
  async function find(asked: Marks): Promise<Findings | undefined> {
    try {
      return await look(asked);
    } catch (error) {
      if (isUnavailable(error)) return undefined;
      warnOnce('redis.unwatched', {
        error,
        mend: 'Allow XINFO, XREVRANGE and EXISTS: without them no loss is noticed.',
      });
      const isThere = (upTo: string | undefined) => ({ upTo, isWhole: false });
      return { ledger: isThere(asked.ledger), unmatched: isThere(asked.unmatched) };
    }
  }

  async function report(loss: Loss, asked: Marks, found: Findings): Promise<void> {
    told = { at: now(), loss };
    log.error(tell(loss, sources()), 'redis.rolled-back');
    marks = heal(marks, loss, asked, found);
    known = marks;
    pending.length = 0;
    await keep((kept) => heal(merge(kept, marks), loss, asked, found));
  }

  async function keep(change: (kept: Marks) => Marks): Promise<void> {
    const current = marks;
    try {
      await file?.update(change);
      written = current;
    } catch (error) {
      const mend =
        'Let STATUSWIRE_HOME name a folder that can be written to: else no loss is noticed across a restart.';
      warnOnce('redis.mark-unkept', { file: file?.path, error, mend });
    }
  }

  function warnOnce(message: string, facts: object): void {
    if (!warned.has(message)) log.warn(facts, message);
    warned.add(message);
  }

  for (const event of RECONNECTS) client.on(event, onReconnect);
  const timer = setInterval(() => void onTick(), everyMs).unref();
  doubt(marks);
  await work();

  return {
    saw({ stream, id }) {
      if (isLater(id, marks[stream] ?? '')) marks = { ...marks, [stream]: id };
    },
    checks() {
      if (told === undefined || now() - told.at > TOLD_FOR_MS) return [];
      const detail = `${whatOf(told.loss)} The log says what to do (redis.rolled-back).`;
      return [{ name: 'redis rolled back', ok: false, detail }];
    },
    async close() {
      clearInterval(timer);
      for (const event of RECONNECTS) client.off(event, onReconnect);
      await working;
      await onTick();
    },
  };
}

/** `accept`, with what it confirmed told to `saw`. */
export function seen<Input, Answer extends { readonly entry?: ConfirmedEntry }>(
  accept: (input: Input) => Promise<Answer>,
  saw: MarkWatch['saw'],
): (input: Input) => Promise<Answer> {
  return async (input) => {
    const answer = await accept(input);
    if (answer.entry !== undefined) saw(answer.entry);
    return answer;
  };
}
