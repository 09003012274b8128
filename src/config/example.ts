// Owns running the shipped example with nothing configured: stand-ins for the names it takes from the environment,
// and calls that go to the simulator and nowhere else.
import { freezeConfig } from './freeze.ts';
import type { Config } from './schema.ts';
import { type Environment, namesIn } from './substitute.ts';

/**
 * A value for each name in the text of the example: the simulator's credentials (never real ones, which have no
 * business there); for webhook secrets what `given` has, else a new one from `random`, in the form that fits every
 * way to verify.
 */
export function exampleEnv(parts: {
  text: string;
  clientId: string;
  clientSecret: string;
  given: Environment;
  random: (bytes: number) => Buffer;
}): Environment {
  const { text, clientId, clientSecret, given, random } = parts;
  const credentials: Environment = { SPACEBRING_CLIENT_ID: clientId, SPACEBRING_CLIENT_SECRET: clientSecret };
  const standIn = (name: string) => given[name] || `whsec_${random(24).toString('base64')}`;
  return Object.fromEntries(namesIn(text).map((name) => [name, credentials[name] ?? standIn(name)]));
}

/** The same configuration with every account calling `baseUrl`. */
export function callingOnly(config: Config, baseUrl: string): Config {
  const accounts = Object.entries(config.accounts).map(([name, account]) => [name, { ...account, baseUrl }]);
  return freezeConfig({ ...config, accounts: Object.fromEntries(accounts) });
}
