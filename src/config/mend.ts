// Owns what can still be said of a rule whose shape is wrong: its CEL texts are looked at with stand-ins for the rest, so that
// one run tells every mistake.
import { type Rule, RuleSchema } from './rule-schema.ts';

/** Keys whose texts are CEL in either kind of rule. */
const texts = ['when', 'each', 'at', 'ticket', 'link'] as const;

/** The rule with its own CEL texts and stand-ins for everything else; undefined when it has none that can be looked at. */
export function mend(raw: unknown): Rule | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const given: Readonly<Record<string, unknown>> = { ...raw };
  const own = Object.fromEntries(texts.flatMap((key) => (typeof given[key] === 'string' ? [[key, given[key]]] : [])));
  if (Object.keys(own).length === 0) return undefined;
  const isClock = ['every', 'cron', 'locations', 'since'].some((key) => key in given);
  const candidate = isClock ? { ...clockStandIns, when: own.when } : { ...eventStandIns(own), ...own };
  const parsed = RuleSchema.safeParse(candidate);
  return parsed.success ? parsed.data : undefined;
}

const name = 'stand-in';

/** A status that nothing is known of, so that nothing is concluded from it. */
function eventStandIns({ link }: Readonly<Record<string, unknown>>) {
  return { name, on: name, ticket: 'body.ticket', ...(link === undefined ? { set: { cel: 'body.status' } } : {}) };
}

const clockStandIns = {
  name,
  every: '1h',
  locations: ['00000000-0000-4000-8000-000000000000'],
  since: 'always',
  set: { cel: 'ticket.type' },
};
