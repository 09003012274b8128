// Owns the life of one visit: take the ticket, wait for the pace, read the newest wish, guard, call, judge, give back.
// Every line between two awaits may be the last one of this process: what Redis holds then is enough for the next visit.
import type { Account } from '../config/schema.ts';
import type { Log } from '../log.ts';
import type { Activity, Answer, Ticket } from '../ticket/answer.ts';
import type { Gate } from '../ticket/gate.ts';
import type { Pacer, Turn } from '../ticket/pacer.ts';
import type { Spacebring } from '../ticket/spacebring.ts';
import type { Status } from '../ticket/ticket.ts';
import type { Appointment } from './change.ts';
import type { Ending, Records } from './record.ts';
import { backoffMs, judgeApplied, nextStep, type Step, type TicketRecord } from './verdict.ts';

/** An account as visits use it: its settings and its calls. */
export interface Desk {
  readonly settings: Account;
  readonly spacebring: Pick<Spacebring, 'setStatus' | 'readTicket'>;
}

export interface VisitParts {
  readonly records: Pick<Records, 'begin' | 'look' | 'finish'>;
  readonly pacer: Pacer;
  readonly gate: Pick<Gate, 'tell'>;
  readonly desks: ReadonlyMap<string, Desk>;
  readonly log: Log;
  readonly newToken: () => string;
  /** The wall clock of this process, ms; only ever used as a difference to Redis' clock. */
  readonly now: () => number;
  /** A clock that never jumps, ms. */
  readonly monotonic: () => number;
  readonly random: () => number;
}

/** The lease while waiting for the pace, renewed at least every five seconds. */
const WAIT_LEASE_MS = 12_000;
/** What a lease outlives a call by, so that the answer can still be written down. */
const LEASE_MARGIN_MS = 5_000;

/** Brings one ticket from what it is to what we want. Gives the next appointment when something is left to do. */
export type Visit = (ticket: string, signal: AbortSignal) => Promise<Appointment | undefined>;

export function makeVisit(parts: VisitParts, account: string): Visit {
  const { records, pacer, gate, desks, log, newToken, now, monotonic, random } = parts;
  const home = deskOf(account);

  return async function visit(ticket, signal) {
    const token = newToken();
    const begun = await records.begin(ticket, token, WAIT_LEASE_MS, home.settings.settle);
    if (begun.kind === 'later') return appointment(account, begun.number, begun.delayMs);
    if (begun.kind !== 'taken') return undefined;
    log.debug({ ticket, change: begun.record.change }, 'visit.taken');
    return work(begun.record, begun.redisNow - now());

    /** `redisAhead`: Redis' clock less ours, ms; all times of the record are by Redis' clock. */
    async function work(first: TicketRecord, redisAhead: number): Promise<Appointment | undefined> {
      const attempts: object[] = [];
      let record = first;
      let seen: Ticket | undefined;
      for (;;) {
        const planned = nextStep(record, seen, now() + redisAhead);
        if (planned.kind === 'end' || planned.kind === 'clear') return close(planned);
        const desk = desks.get(record.account);
        if (desk === undefined) {
          const reason = `the configuration has no account ${record.account}`;
          return close({ kind: 'end', verdict: 'failed', reason });
        }
        const turn = await takeTurn(desk, planned);
        if (turn === undefined) return finish({ outcome: 'release' });
        log.debug({ ticket, ...turn }, 'visit.turn');

        const lookedAt = monotonic();
        const looked = await records.look(ticket, token, callLeaseMs(desk), turn.isProbe);
        if (looked.kind === 'lost') return undefined;
        if (looked.kind !== 'record' || looked.record.account !== record.account) continue;
        record = looked.record;
        const step = nextStep(record, seen, now() + redisAhead);
        if (step.kind === 'end' || step.kind === 'clear') return close(step);
        if (step.kind === 'read') {
          const read = await readTicket(desk, turn, step);
          if (read.kind !== 'done') return afterFailedRead(read);
          seen = { ...read.value, clockOffsetMs: read.value.clockOffsetMs - redisAhead };
          continue;
        }
        const noted = await records.look(ticket, token, callLeaseMs(desk), turn.isProbe, record.version);
        if (noted.kind === 'lost') return undefined;
        // A newer wish came in this instant, or a hold, or we were frozen: the call must not leave on what was read.
        if (noted.kind !== 'go' || monotonic() - lookedAt > LEASE_MARGIN_MS / 2) continue;
        return call(desk, turn, step, noted.redisNow);
      }

      async function takeTurn(desk: Desk, planned: Step): Promise<Turn | undefined> {
        // Live wishes book far ahead; what may wait takes a slot only when nobody has booked the next ones.
        const aheadMs = planned.kind === 'put' || record.last === record.want ? 30_000 : 200;
        try {
          return await pacer.turn(record.account, desk.settings, { signal, onWait: renew, aheadMs });
        } catch (error) {
          if (signal.aborted || error instanceof LostLease) return undefined;
          throw error;
        }
      }

      async function renew(): Promise<void> {
        const looked = await records.look(ticket, token, WAIT_LEASE_MS, false);
        if (looked.kind === 'lost') throw new LostLease();
      }

      async function readTicket(desk: Desk, turn: Turn, step: Step): Promise<Answer<Ticket>> {
        const startedAt = monotonic();
        const answer = await desk.spacebring.readTicket(ticket);
        await tellGate(answer, turn);
        note({ call: 'GET', why: step.reason, ...facts(answer, turn, startedAt) });
        return answer;
      }

      async function call(desk: Desk, turn: Turn, step: Step, sentAt: number): Promise<Appointment | undefined> {
        const startedAt = monotonic();
        const answer = await desk.spacebring.setStatus(ticket, record.want);
        await tellGate(answer, turn);
        const judgement = judgeApplied(answer);
        const activity = judgement.kind === 'applied' ? judgement.activity : undefined;
        note({ call: 'PUT', status: record.want, why: step.reason, ...facts(answer, turn, startedAt), activity });
        const sent = { status: record.want, at: sentAt };
        switch (judgement.kind) {
          case 'applied':
            return finish({ outcome: 'applied', sent, ...(activity === undefined ? {} : { activity }) });
          case 'end':
            return finish({ outcome: 'ended', verdict: judgement.verdict, reason: judgement.reason });
          case 'hold':
            return finish({ outcome: 'release', waitMs: await pacer.hold(record.account, judgement.retryAfterMs) });
          case 'shut':
            return finish({ outcome: 'release' });
          case 'retry': {
            const waitMs = backoffMs(record.attempts, random);
            const ending = { outcome: 'retry', waitMs, reason: judgement.reason } as const;
            return finish(judgement.isUnknown ? { ...ending, isUnknown: true, sent } : ending);
          }
        }
      }

      async function afterFailedRead(answer: Answer<Ticket>): Promise<Appointment | undefined> {
        switch (answer.kind) {
          case 'throttled':
            return finish({ outcome: 'release', waitMs: await pacer.hold(record.account, answer.retryAfterMs) });
          case 'refused':
            return finish({ outcome: 'ended', verdict: 'failed', reason: `the ticket cannot be read: ${answer.why}` });
          case 'unauthorized':
            return finish({ outcome: 'release' });
          default:
            return finish({ outcome: 'retry', waitMs: backoffMs(record.attempts, random) });
        }
      }

      async function tellGate(answer: Answer<unknown>, turn: Turn): Promise<void> {
        const change = await gate.tell(record.account, answer, turn.isProbe);
        if (change?.kind === 'shut') {
          const said = 'why' in answer ? answer.why : undefined;
          log.error({ account: record.account, why: change.why, said }, 'account.shut');
        }
        if (change?.kind === 'open') log.info({ account: record.account, why: change.why }, 'account.opened');
      }

      function close(step: Step & { kind: 'end' | 'clear' }): Promise<Appointment | undefined> {
        if (step.kind === 'clear') return finish({ outcome: 'ended', reason: step.reason });
        const { verdict, reason, activity } = step;
        const found = activity === undefined ? {} : { activity };
        if (verdict === 'applied') return finish({ outcome: 'applied', reason, ...found });
        return finish({ outcome: 'ended', verdict, reason, ...found });
      }

      async function finish(ending: Omit<Ending, 'settleMs' | 'attempts'>): Promise<Appointment | undefined> {
        const settleMs = (desks.get(record.account) ?? home).settings.settle;
        const finished = await records.finish(ticket, token, record, { ...ending, settleMs, attempts });
        log.debug({ ticket, ...ending, ...finished }, 'visit.finished');
        return finished.next && appointment(record.account, finished.next.number, finished.next.delayMs);
      }

      function note(attempt: AttemptFacts): void {
        const entry = { ...attempt, attempt: record.attempts + 1 };
        attempts.push(entry);
        const line = { change: record.change, ticket, account: record.account, ...entry };
        log.info({ ...line, activity: attempt.activity?.id }, 'change.attempted');
      }
    }

    function appointment(via: string, number: number, delayMs: number): Appointment {
      return { ticket, account: via, number, delayMs, class: 'live' };
    }
  };

  function deskOf(name: string): Desk {
    const desk = desks.get(name);
    if (desk === undefined) throw new Error(`there is no account ${name}`);
    return desk;
  }

  function facts(answer: Answer<unknown>, turn: Turn, startedAt: number) {
    return {
      answer: answer.kind,
      ...('httpStatus' in answer ? { httpStatus: answer.httpStatus } : {}),
      ...('why' in answer ? { said: answer.why } : {}),
      ...('retryAfterMs' in answer ? { retryAfterMs: answer.retryAfterMs } : {}),
      durationMs: Math.round(monotonic() - startedAt),
      waitedMs: turn.waitedMs,
      share: turn.share,
    };
  }
}

/** What is written down of one call. */
interface AttemptFacts {
  readonly call: 'GET' | 'PUT';
  readonly status?: Status;
  readonly activity?: Activity | undefined;
  readonly [fact: string]: unknown;
}

class LostLease extends Error {}

function callLeaseMs(desk: Desk): number {
  return desk.settings.callTimeout + LEASE_MARGIN_MS;
}
