// Owns the command link: remembers a name for a ticket by hand, as a rule with `link` does, or tells what a name stands for.
import { linkKeyExpected, toLinkKey } from '../rule/reference.ts';
import { toTicketId } from '../ticket/ticket.ts';
import { asOperator } from './operator.ts';
import { Refusal, say, sayJson } from './output.ts';

/** Without a ticket it tells the one that the name stands for; exit code 1 when there is none. */
export async function link(
  name: string,
  ticket: string | undefined,
  options: { config?: string; json?: boolean },
): Promise<void> {
  const key = toLinkKey(name);
  if (key === undefined)
    throw new Refusal(`${JSON.stringify(name)} cannot be a name for a ticket, ${linkKeyExpected}.`);
  const id = ticket === undefined ? undefined : toTicketId(ticket);
  if (ticket !== undefined && id === undefined) {
    throw new Refusal(`${JSON.stringify(ticket)} is no ticket id, expected letters, digits, - or _, at most 128.`);
  }
  const known = await asOperator(options.config, async ({ steering }) => {
    if (id !== undefined) await steering.link(key, id);
    return steering.linked(key);
  });
  if (known === undefined)
    throw new Refusal(`No ticket is known by the name ${key}. Give one: statuswire link NAME TICKET.`);
  if (options.json) sayJson({ key, ticket: known });
  else say(`${key} is ticket ${known}`);
}
