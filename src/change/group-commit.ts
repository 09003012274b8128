// Owns that events which arrive together are stored together: one script for all that have come since the one before it was
// sent, which is waited for. Each has its own answer, so that what is wrong with one is its own. Leaves to the script what
// storing means.
import type { Argument, Script } from '../redis/script.ts';

/** The arguments of one event, and its part of the answer. Rejects with the script's error, or with that of the event. */
export type GroupCommit = (args: readonly Argument[]) => Promise<unknown>;

/** Of one script: a few milliseconds of Redis, which does nothing else meanwhile. One event may be larger than all of them. */
const MOST_EVENTS = 32;
const MOST_ARGUMENTS = 2_000;
const MOST_SIZE = 1024 * 1024;

interface Group {
  readonly args: Argument[];
  readonly waiting: { resolve(reply: unknown): void; reject(error: unknown): void }[];
  size: number;
}

/** `accept` takes the arguments of all events in a row and answers each of them in a list. */
export function makeGroupCommit(accept: Script): GroupCommit {
  let gathering: Group | undefined;
  let underWay = 0;

  function join(args: readonly Argument[], waiting: Group['waiting'][number]): void {
    if (gathering === undefined) {
      const group: Group = { args: [], waiting: [], size: 0 };
      gathering = group;
      if (underWay === 0) leaveSoon(group);
    }
    const { args: all, waiting: everybody } = gathering;
    for (const arg of args) {
      all.push(arg);
      gathering.size += typeof arg === 'number' ? 1 : arg.length;
    }
    everybody.push(waiting);
    if (everybody.length >= MOST_EVENTS || all.length >= MOST_ARGUMENTS || gathering.size >= MOST_SIZE)
      leave(gathering);
  }

  /** When everything that has arrived in this turn of the event loop was looked at. */
  function leaveSoon(group: Group): void {
    setImmediate(() => leave(group));
  }

  function leave(group: Group): void {
    if (gathering !== group) return;
    gathering = undefined;
    underWay += 1;
    accept(...group.args).then(
      (replies) => {
        next();
        tellEach(group, replies);
      },
      (error: unknown) => {
        next();
        for (const { reject } of group.waiting) reject(error);
      },
    );
  }

  function next(): void {
    underWay -= 1;
    if (underWay === 0 && gathering !== undefined) leaveSoon(gathering);
  }

  return (args) => new Promise((resolve, reject) => join(args, { resolve, reject }));
}

function tellEach({ waiting }: Group, replies: unknown): void {
  const told = Array.isArray(replies) ? replies : [];
  for (const [i, { resolve, reject }] of waiting.entries()) {
    const reply: unknown = told[i];
    if (Array.isArray(reply)) resolve(reply);
    else reject(reply instanceof Error ? reply : new Error('the commit point gave no answer for an event'));
  }
}
