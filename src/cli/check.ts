// Owns the command check: is everything right that the operator wrote?
import { formatFault } from '../config/fault.ts';
import { count, say, sayJson } from './output.ts';
import { Mistakes, readSetup } from './setup.ts';

/** Says that configuration and environment are right, with what is doubtful in them; or every mistake, and exits with 1. */
export function check(options: { config?: string | undefined; json?: boolean | undefined }): void {
  try {
    const { loaded } = readSetup(options.config, true);
    const { file, version, config, warnings } = loaded;
    const accounts = Object.keys(config.accounts).length;
    const sources = Object.keys(config.sources).length;
    const rules = config.rules.length;
    const counts = `${count(accounts, 'account')}, ${count(sources, 'source')}, ${count(rules, 'rule')}`;
    if (options.json) return void sayJson({ ok: true, file, version, accounts, sources, rules, warnings });
    say(...warnings.map(formatFault), `${file} is right: ${counts} (version ${version})`);
  } catch (error) {
    if (!options.json || !(error instanceof Mistakes)) throw error;
    sayJson({ ok: false, faults: error.faults });
    process.exitCode = 1;
  }
}
