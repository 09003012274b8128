// Owns the command audit: accepted = verdicts + open, and nothing that is open is forgotten.
import { asOperator } from './operator.ts';
import { count, say, sayJson } from './output.ts';

/** Audits the changes accepted in the last `since` ms, and says what it found; exit code 1 when anything is wrong. */
export async function audit(options: { since: number; config?: string; json?: boolean }): Promise<void> {
  const result = await asOperator(options.config, (core) => core.audit(Date.now() - options.since));
  const { accepted, verdicts, open, faults } = result;
  if (faults.length > 0) process.exitCode = 1;
  if (options.json) return void sayJson(result);
  const ended = Object.entries(verdicts).filter(([, number]) => number > 0);
  const endings = ended.map(([verdict, number]) => `${number} ${verdict}`).join(', ');
  say(`${count(accepted, 'change')} accepted: ${[endings, `${open} open`].filter(Boolean).join(', ')}`);
  for (const { what, change, ticket } of faults) {
    say(`fault: ${[change && `change ${change}`, ticket && `ticket ${ticket}`].filter(Boolean).join(', ')} ${what}`);
  }
  say(
    faults.length === 0
      ? 'Nothing is lost, nothing is forgotten.'
      : `${count(faults.length, 'fault')}. See: explain ID`,
  );
}
