// Owns the proof that nothing was lost: accepted = verdicts + open for a period, and nothing that is open is forgotten.
// Reads what the scripts keep, one change at a time in one step each, so that it may run beside a busy service.
import type { Names } from '../redis/names.ts';
import type { Script } from '../redis/script.ts';
import { type Verdict, verdicts } from '../verdict.ts';

/** Something that must not be, with the ids it is about. */
export interface AuditFault {
  readonly what: string;
  readonly change?: string;
  readonly ticket?: string;
}

export interface Audit {
  /** Changes accepted in the period. */
  readonly accepted: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly open: number;
  readonly faults: readonly AuditFault[];
}

type StreamEntry = [id: string, fields: string[]];

/** The commands that auditing needs, as ioredis has them. */
export interface AuditClient {
  xrange(key: string, start: string, end: string, count: 'COUNT', size: number): Promise<StreamEntry[]>;
  xrevrange(key: string, end: string, start: string, count: 'COUNT', size: number): Promise<StreamEntry[]>;
  zrange(key: string, start: number, stop: number): Promise<string[]>;
}

export interface AuditParts {
  readonly client: AuditClient;
  readonly names: Names;
  /** `audit-change.lua` and `audit-ticket.lua`, bound. */
  readonly look: { readonly change: Script; readonly ticket: Script };
  /** Whether a job for this appointment is waiting, delayed or running. */
  readonly hasJob: (account: string, ticket: string, number: number) => Promise<boolean>;
  /** Whether so many jobs of an account wait that others are queued in their turn only. */
  readonly hasBacklog: (account: string) => Promise<boolean>;
}

const CHUNK = 500;
/** A visit that is due is queued by the sweep in its next walk, which takes some 5 ms a ticket; much later, it was forgotten. */
const OVERDUE_MS = 60_000;
const OVERDUE_MS_A_TICKET = 10;

/** Audits the changes accepted since `sinceMs`, and every ticket that is not in step. */
export async function audit({ client, names, look, hasJob, hasBacklog }: AuditParts, sinceMs: number): Promise<Audit> {
  const counts = Object.fromEntries(verdicts.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  const faults: AuditFault[] = [];
  let accepted = 0;
  let open = 0;
  const told = await readHistory();

  for (const [change, told_] of told) {
    if (!told_.isAccepted) continue;
    accepted += 1;
    const [verdict, isOpen, ticket, isDirty, isWanted] = (await look.change(change)) as string[];
    if (ticket === '') faults.push({ what: 'was accepted, and its record is gone', change });
    else if (verdict !== '' && isOpen === '1') faults.push({ what: `has verdict ${verdict} and is open`, change });
    else if (verdict === '' && isOpen !== '1') faults.push({ what: 'has no verdict and is not open', change });
    else if (verdict === '') {
      open += 1;
      if (isDirty !== '1')
        faults.push({ what: 'is open, and its ticket is due for no visit', change, ticket: ticket ?? '' });
      if (isWanted !== '1')
        faults.push({ what: 'is open, and its ticket does not know of it', change, ticket: ticket ?? '' });
    } else {
      counts[verdict as Verdict] += 1;
      if (told_.verdicts > 1) faults.push({ what: `has ${told_.verdicts} verdicts`, change });
    }
  }
  const dirty = await client.zrange(names.dirty, 0, -1);
  const patienceMs = OVERDUE_MS + dirty.length * OVERDUE_MS_A_TICKET;
  for (const ticket of dirty) await auditTicket(ticket, patienceMs);
  return { accepted, verdicts: counts, open, faults };

  /** What the ledger says of each change in the period, up to the moment the audit began. */
  async function readHistory(): Promise<Map<string, { isAccepted: boolean; verdicts: number }>> {
    const history = new Map<string, { isAccepted: boolean; verdicts: number }>();
    const [newest] = await client.xrevrange(names.ledger, '+', '-', 'COUNT', 1);
    let start = String(sinceMs);
    while (newest !== undefined) {
      const chunk = await client.xrange(names.ledger, start, newest[0], 'COUNT', CHUNK);
      for (const [, flat] of chunk) {
        const change = fieldIn(flat, 'change');
        if (change === undefined) continue;
        const seen = history.get(change) ?? { isAccepted: false, verdicts: 0 };
        const kind = fieldIn(flat, 'kind');
        history.set(change, {
          isAccepted: seen.isAccepted || kind === 'change',
          verdicts: seen.verdicts + (kind === 'verdict' ? 1 : 0),
        });
      }
      const last = chunk.at(-1);
      if (last === undefined || chunk.length < CHUNK) break;
      start = `(${last[0]}`;
    }
    return history;
  }

  async function auditTicket(ticket: string, patienceMs: number): Promise<void> {
    const [state, account = '', number, overdueMs] = (await look.ticket(ticket)) as string[];
    if (state === 'clean' || state === 'leased') return;
    if (state === 'lease-without-owner') faults.push({ what: 'has a lease that no visit owns', ticket });
    else if (Number(overdueMs) > patienceMs && !(await hasJob(account, ticket, Number(number)))) {
      if (await hasBacklog(account)) return;
      faults.push({ what: `is overdue by ${Math.round(Number(overdueMs) / 1000)} s and has no job`, ticket });
    }
  }
}

function fieldIn(flat: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < flat.length; i += 2) if (flat[i] === name) return flat[i + 1];
  return undefined;
}
