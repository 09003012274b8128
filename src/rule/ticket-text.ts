// Owns how ticket ids are found in free text: issue bodies, commit messages, alert descriptions. Linear in the text.
import { toTicketId } from '../ticket/ticket.ts';

// A fixed length and no choice between two ways to match, so this takes one pass whatever the text.
const uuid = /(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/gi;

/**
 * All ticket ids in the text, each once, in lower case: first those in a link (`…/tickets/<uuid>`), then bare UUIDs, in
 * the order of the text.
 */
export function ticketIdsIn(text: string): string[] {
  const linked = new Set<string>();
  const bare = new Set<string>();
  for (const found of text.matchAll(uuid)) {
    const id = toTicketId(found[0]);
    if (id === undefined) continue;
    const before = text.slice(Math.max(0, found.index - '/tickets/'.length), found.index);
    (before.toLowerCase() === '/tickets/' ? linked : bare).add(id);
  }
  return [...new Set([...linked, ...bare])];
}
