// Owns what a source would make of a request that has not come: headers and body of a saved event, as in a test of rules.
// Nothing is proven here, so what it gives is for tools that tell and never act; the receiver has no use for it.
import type { Source as SourceConfig } from '../config/schema.ts';
import { stampBody, toPreset } from './schemes.ts';
import { prove } from './signature.ts';
import type { Reading, Source } from './source.ts';

/** A request as it is written down: the parsed body, and one text for each header, in whatever case. */
export interface Saved {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * The event that the source would read from the request, had it come at `receivedAt` (ms) with a proof. A time of sending
 * in the body that is not one of now is taken for now, because the request was saved some time ago.
 */
export function rehearse(
  source: Pick<Source, 'toEvent'>,
  config: Pick<SourceConfig, 'verify'>,
  { headers, body }: Saved,
  receivedAt: number,
): Reading {
  const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]] as const);
  const read = (content: unknown): Reading => {
    const delivery = { headers: Object.fromEntries(lines), body: Buffer.from(JSON.stringify(content)) };
    const proof = prove({ kind: 'none' }, [], delivery, receivedAt);
    return proof.ok ? source.toEvent(proof.verified, receivedAt) : proof;
  };
  const reading = read(body);
  return reading.ok || !reading.isStale ? reading : read(stampBody(toPreset(config.verify), body, receivedAt));
}
