// Owns what happens when the configuration has changed while the service runs: it is checked whole, refused whole with its
// faults, or put in force whole. Accounts stay those of the start, since workers hold their connections; that is told.
import { type Fault, formatFault, isError } from '../config/fault.ts';
import type { Loaded, LoadResult } from '../config/load.ts';
import type { Log } from '../log.ts';
import type { Readiness } from '../receiver/health.ts';

export interface Reload {
  /**
   * Reads the file again. A file that says what is in force already, or that was refused in the same words before, is
   * passed over, unless an operator `asks`: variables of the environment may be others. Never rejects.
   */
  look(asks: boolean): Promise<void>;
  /** For /readyz: what of the file is not in force, and why. */
  checks(): Readiness['checks'];
}

/** `swap` puts a configuration in force; where it rejects, it is tried again at the next look. */
export function makeReload(parts: {
  readonly loaded: Loaded;
  readonly read: () => LoadResult;
  readonly swap: (loaded: Loaded) => Promise<void>;
  readonly log: Log;
}): Reload {
  const { loaded: started, read, swap, log } = parts;
  let current = started;
  let refused: readonly Fault[] = [];
  let isHalfDone = false;
  let last = Promise.resolve();

  async function lookOnce(asks: boolean): Promise<void> {
    const found = withoutNewAccounts(read(), started);
    if (!found.ok) return refuse(found.faults, asks);
    if (!asks && found.version === current.version && refused.length === 0 && !isHalfDone) return;
    const from = current.version;
    current = found;
    refused = [];
    isHalfDone = true;
    await swap(found);
    isHalfDone = false;
    const { file, version, config, warnings } = found;
    const facts = { file, from, to: version, sources: Object.keys(config.sources), rules: config.rules.length };
    log.info({ ...facts, ...warningsOf(warnings) }, 'config.reloaded');
    const accounts = changedAccounts();
    if (accounts.length > 0) log.warn({ file, accounts }, 'config.restart-needed');
  }

  function refuse(found: readonly Fault[], asks: boolean): void {
    const faults = found.filter(isError);
    const lines = faults.map(formatFault);
    if (!asks && lines.join('\n') === refused.map(formatFault).join('\n')) return;
    refused = faults;
    const facts = { file: started.file, running: current.version, faults: lines };
    log.error({ ...facts, ...warningsOf(found) }, 'config.refused');
  }

  function changedAccounts(): string[] {
    const [old, fresh] = [started.config.accounts, current.config.accounts];
    const names = [...new Set([...Object.keys(old), ...Object.keys(fresh)])];
    return names.filter((name) => JSON.stringify(old[name]) !== JSON.stringify(fresh[name]));
  }

  function checks(): Readiness['checks'] {
    const [first] = refused;
    const accounts = changedAccounts();
    if (first === undefined && accounts.length === 0) return [];
    const faulty =
      first === undefined ? [] : [`${placeOf(first, refused.length)}; version ${current.version} keeps running`];
    const restart = accounts.length === 0 ? [] : [`restart needed for accounts: ${accounts.join(', ')}`];
    return [{ name: 'config', ok: false, detail: [...faulty, ...restart].join('. ') }];
  }

  return {
    checks,
    look(asks) {
      last = last
        .then(() => lookOnce(asks))
        .catch((error: unknown) => log.error({ error, file: started.file }, 'config.swap-failed'));
      return last;
    },
  };
}

/** What strangers may know of the first of `count` faults: its words may quote the file, secrets in a wrong place included. */
function placeOf({ file, line, column }: Fault, count: number): string {
  const more = count > 1 ? ` (and ${count - 1} more)` : '';
  return `${file}:${line}:${column}: a fault${more}; the log or \`statuswire check\` says more`;
}

/** The field of a line with the warnings among `found`, where there are some. */
function warningsOf(found: readonly Fault[]): { readonly warnings?: readonly string[] } {
  const warnings = found.filter((fault) => !isError(fault));
  return warnings.length === 0 ? {} : { warnings: warnings.map(formatFault) };
}

/** A rule may use only an account that workers were started with: for another one nobody would ever make a call. */
function withoutNewAccounts(found: LoadResult, started: Loaded): LoadResult {
  if (!found.ok) return found;
  const known = Object.keys(started.config.accounts);
  const faults = found.config.rules.flatMap(({ account = '' }, index): Fault[] => {
    if (account === '' || known.includes(account)) return [];
    const path = ['rules', index, 'account'];
    const what = `rules[${index}] uses account ${account}, which is new`;
    const expected = `expected one of those in use (${known.join(', ')}), or a restart`;
    return [{ file: found.file, ...found.locate(path), what, expected }];
  });
  return faults.length === 0 ? found : { ok: false, faults };
}
