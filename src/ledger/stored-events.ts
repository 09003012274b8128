// Owns going through the events that are still stored, oldest first, with what was decided about each: pages of the
// stream, so that a long history takes no more memory than a short one. Reads only.
import type { Names } from '../redis/names.ts';
import type { Decision } from '../rule/rule.ts';
import { acceptedIn, fieldsOf, type StreamEntry } from './redis-ledger.ts';

/** An event as it was accepted. Times are milliseconds since the epoch. */
export interface StoredEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly at?: number;
  readonly receivedAt: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes as they came; undefined when they are no longer kept. */
  readonly rawBody?: Buffer;
  readonly decisions: readonly Decision[];
  /** The version of the rules that decided. */
  readonly version?: string;
}

/** The commands that it needs, as ioredis has them. */
export interface StoredEventsClient {
  xrange(key: string, start: string, end: string, count: 'COUNT', size: number): Promise<StreamEntry[]>;
  getBuffer(key: string): Promise<Buffer | null>;
}

/** Entries a page. An event has a few, and a decision for each element of a list makes one of them as large as a megabyte. */
const PAGE = 50;
/** Bodies asked for at a time: each may be a megabyte. */
const AT_ONCE = 16;

/** The events accepted at or after `sinceMs`, up to `untilMs`: first those that led to something, then those that did not. */
export async function* storedEvents(
  client: StoredEventsClient,
  names: Names,
  sinceMs: number,
  untilMs: number,
): AsyncGenerator<StoredEvent> {
  yield* storedIn(names.ledger);
  yield* storedIn(names.unmatched);

  async function* storedIn(stream: string): AsyncGenerator<StoredEvent> {
    let start = String(sinceMs);
    for (;;) {
      const page = await client.xrange(stream, start, String(untilMs), 'COUNT', PAGE);
      const events = page.map(([id, flat]) => ({ ...fieldsOf(flat), id })).filter(isEvent);
      for (let from = 0; from < events.length; from += AT_ONCE) {
        yield* await Promise.all(events.slice(from, from + AT_ONCE).map(read));
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      start = `(${last[0]}`;
    }
  }

  async function read({ id, event, data, headers = '{}' }: EventFields): Promise<StoredEvent> {
    const rawBody = await client.getBuffer(names.body(event));
    return {
      ...acceptedIn(JSON.parse(data)),
      id: event,
      receivedAt: Number(id.split('-')[0]),
      headers: JSON.parse(headers) as Record<string, string>,
      ...(rawBody === null ? {} : { rawBody }),
    };
  }
}

/** An entry of kind `event`. */
interface EventFields {
  readonly id: string;
  readonly event: string;
  readonly data: string;
  readonly headers?: string;
}

function isEvent(fields: Readonly<Record<string, string>>): fields is Readonly<Record<string, string>> & EventFields {
  return fields.kind === 'event' && fields.event !== undefined && fields.data !== undefined;
}
