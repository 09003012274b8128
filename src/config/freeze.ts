// Owns making a configuration safe to hand around: nobody changes it, and no inherited name passes for an entry.
import type { Config } from './schema.ts';

/** Frozen to the leaves; the maps by name lose their prototype, so that `sources['constructor']` is nothing. */
export function freezeConfig(config: Config): Config {
  Object.setPrototypeOf(config.accounts, null);
  Object.setPrototypeOf(config.sources, null);
  return deepFreeze(config);
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
