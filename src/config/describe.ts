// Owns what may be printed of a configuration: names, ways and limits. Secrets are counted, never shown.
import type { Rule } from './rule-schema.ts';
import type { Config, Verify } from './schema.ts';

/** The configuration as plain data for the first log line; durations in milliseconds. */
export function describeConfig(config: Config) {
  return {
    accounts: mapValues(config.accounts, ({ baseUrl, rate, margin, callTimeout, settle, deadline }) => ({
      baseUrl,
      rate: `${rate}/s`,
      margin,
      callTimeoutMs: callTimeout,
      settleMs: settle,
      deadlineMs: deadline,
    })),
    sources: mapValues(config.sources, ({ verify, secrets, keep }) => ({
      verify: wayOf(verify),
      secrets: secrets.length,
      keepMs: keep,
    })),
    rules: config.rules.map(describeRule),
  };
}

function describeRule(rule: Rule) {
  const { name, account, dryRun } = rule;
  if (rule.kind === 'event') return { name, on: rule.on, account, dryRun };
  const { every, cron, locations } = rule;
  const when = every === undefined ? { cron, timezone: rule.timezone ?? 'UTC' } : { everyMs: every };
  return { name, ...when, locations: locations.length, account, dryRun };
}

function wayOf(verify: Verify): string {
  if (typeof verify === 'string') return verify;
  if ('hmac' in verify) return `hmac in ${verify.hmac.header}`;
  if ('header' in verify) return `header ${verify.header.name}`;
  return Object.entries(verify)
    .map(([sender, { header }]) => `${sender} in ${header}`)
    .join();
}

function mapValues<From, To>(map: Readonly<Record<string, From>>, to: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, to(value)]));
}
