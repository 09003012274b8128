// A configuration with rules, as the loader makes it, for the tests of the rulebook and of decisions.
import { type Config, ConfigSchema } from '../../../src/config/schema.ts';
import type { Event } from '../../../src/event.ts';
import { decide } from '../../../src/rule/decide.ts';
import type { Decision } from '../../../src/rule/rule.ts';
import { makeRulebook } from '../../../src/rule/rulebook.ts';
import { now } from './given.ts';

export type RawRule = Readonly<Record<string, unknown>>;

const auth = { basic: { clientId: 'id', clientSecret: 'not-a-real-secret' } };

export const location = '0b6f1d3e-8f4c-4f8e-9d57-1a2b3c4d5e6f';

/** What a rule may leave out here: `name`, `on` and `set`, and on the clock `every`, `locations`, `set` and `since`. */
function completed(rule: RawRule, index: number): RawRule {
  const name = `rule-${index + 1}`;
  if ('every' in rule || 'cron' in rule)
    return { name, locations: [location], set: 'closed', since: 'always', ...rule };
  return { name, on: 'github', ...('link' in rule ? {} : { set: 'solved' }), ...rule };
}

/** `rules` may leave out what `completed` knows. */
export function configOf(rules: readonly RawRule[], sources: Readonly<Record<string, unknown>> = {}): Config {
  return ConfigSchema.parse({
    accounts: { main: { auth }, other: { auth } },
    sources: { github: { verify: 'none' }, gitlab: { verify: 'none' }, ...sources },
    rules: rules.map(completed),
  });
}

export function eventOf(body: unknown, more: Partial<Event> = {}): Event {
  return { id: 'ev_1', source: 'github', type: 'issues.closed', receivedAt: now, headers: {}, body, ...more };
}

/** What rules say about an event with this body. */
export function decided(rules: readonly RawRule[], body: unknown, more: Partial<Event> = {}): Decision[] {
  return decide(makeRulebook(configOf(rules), 'v1'), eventOf(body, more), now);
}
