// Owns the small files that the tests of the configuration are about, and the shortest way to load one.

import { formatFault } from '../../../src/config/fault.ts';
import { type Check, loadConfig } from '../../../src/config/load.ts';
import type { Environment } from '../../../src/config/substitute.ts';

/** Two lines, so that what a test adds begins in line 3. */
export const account = 'accounts:\n  main: { auth: { basic: { clientId: id, clientSecret: pw } } }\n';

export function load(text: string, env: Environment = {}, check: Check = () => []) {
  return loadConfig({ file: 'f.yaml', text, env, check });
}

/** The faults of a file, one line each as a person sees them, without the name of the file. */
export function faultsOf(text: string, env: Environment = {}, check: Check = () => []): readonly string[] {
  const result = load(text, env, check);
  return result.ok ? [] : result.faults.map((fault) => formatFault(fault).replace(/^f\.yaml:/, ''));
}

/** The configuration in a file that is right; throws its faults if it is not. */
export function configOf(text: string, env: Environment = {}) {
  const result = load(text, env);
  if (!result.ok) throw new Error(result.faults.map(formatFault).join('\n'));
  return result.config;
}
