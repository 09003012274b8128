// Owns the command check: is everything right that the operator wrote?
import { count, say, sayJson } from './output.ts';
import { Mistakes, readSetup } from './setup.ts';

/** Reads configuration and environment and says that they are right, or every mistake; then exits with 1. */
export function check(options: { config?: string | undefined; json?: boolean | undefined }): void {
  try {
    const { loaded } = readSetup(options.config, true);
    const { file, version, config } = loaded;
    const accounts = Object.keys(config.accounts).length;
    const sources = Object.keys(config.sources).length;
    const rules = config.rules.length;
    const counts = `${count(accounts, 'account')}, ${count(sources, 'source')}, ${count(rules, 'rule')}`;
    if (options.json) sayJson({ ok: true, file, version, accounts, sources, rules });
    else say(`${file} is right: ${counts} (version ${version})`);
  } catch (error) {
    if (!options.json || !(error instanceof Mistakes)) throw error;
    sayJson({ ok: false, faults: error.faults });
    process.exitCode = 1;
  }
}
