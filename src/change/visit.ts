// Owns the life of one visit: take the ticket, wait for the pace, read the newest wish, guard, call, judge, give back.
// Every line between two awaits may be the last one of this process: what Redis holds then is enough for the next visit.
import type { Account } from '../config/schema.ts';
import type { Log } from '../log.ts';
import type { Activity, Answer, Ticket } from '../ticket/answer.ts';
import type { Credentials, Unready } from '../ticket/credentials.ts';
import type { Gate } from '../ticket/gate.ts';
import type { Pacer, Turn } from '../ticket/pacer.ts';
import type { Spacebring } from '../ticket/spacebring.ts';
import type { Status } from '../ticket/ticket.ts';
import type { Appointment, Class } from './change.ts';
import type { Ending, Records } from './record.ts';
import { backoffMs, judgeApplied, nextStep, type Step, type StillHolds, type TicketRecord } from './verdict.ts';

/** An account as visits use it: its settings, what proves it, and its calls. */
export interface Desk {
  readonly settings: Account;
  readonly credentials: Pick<Credentials, 'prepare' | 'proof' | 'isStale'>;
  readonly spacebring: Pick<Spacebring, 'setStatus' | 'readTicket'>;
}

export interface VisitParts {
  readonly records: Pick<Records, 'begin' | 'look' | 'finish'>;
  readonly pacer: Pacer;
  readonly gate: Pick<Gate, 'tell'>;
  readonly desks: ReadonlyMap<string, Desk>;
  /** Whether a rule on the clock still wants it of the ticket as read just now (Redis' clock, ms). */
  readonly stillHolds: (rule: string, ticket: Ticket, nowMs: number) => ReturnType<StillHolds>;
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

/** Brings one ticket from what it is to what we want. Gives the next appointment, if something is left to do. */
export type Visit = (ticket: string, signal: AbortSignal) => Promise<Appointment[]>;

export function makeVisit(parts: VisitParts, account: string): Visit {
  const { records, pacer, gate, desks, log, newToken, now, monotonic, random } = parts;
  const home = deskOf(account);

  return async function visit(ticket, signal) {
    const token = newToken();
    const begun = await records.begin(ticket, token, WAIT_LEASE_MS, home.settings.settle);
    if (begun.kind === 'later') return [appointment(account, begun.number, begun.delayMs)];
    if (begun.kind !== 'taken') return [];
    log.debug({ ticket, change: begun.record.change }, 'visit.taken');
    const next = await work(begun.record, begun.redisNow - now());
    return next === undefined ? [] : [next];

    /** `aheadAtFirst`: Redis' clock less ours, ms; all times of the record are by Redis' clock. */
    async function work(first: TicketRecord, aheadAtFirst: number): Promise<Appointment | undefined> {
      let redisAhead = aheadAtFirst;
      const attempts: object[] = [];
      let record = first;
      let seen: Ticket | undefined;
      const stillHolds: StillHolds = (rule, seen) => parts.stillHolds(rule, seen, now() + redisAhead);
      // A call that is answered 401 is made once more, with a new proof.
      let isRepeated = false;
      for (;;) {
        const planned = nextStep(record, seen, now() + redisAhead, stillHolds);
        if (planned.kind === 'end' || planned.kind === 'clear') return close(planned);
        const desk = desks.get(record.account);
        if (desk === undefined) {
          const reason = `the configuration has no account ${record.account}`;
          return close({ kind: 'end', verdict: 'failed', reason });
        }
        const unready = await prepare(desk, planned);
        if (unready === 'stop') return finish({ outcome: 'release' });
        if (unready !== undefined) return afterUnready(unready);
        const turn = await takeTurn(desk, planned);
        if (turn === undefined) return finish({ outcome: 'release' });
        log.debug({ ticket, waitedMs: turn.waitedMs, share: turn.share }, 'visit.turn');

        const lookedAt = monotonic();
        const looked = await records.look(ticket, token, callLeaseMs(desk), turn.isProbe);
        if (looked.kind === 'lost') return undefined;
        const before = record;
        if (looked.kind === 'record') {
          record = looked.record;
          // An answer that was long on its way makes Redis' clock look behind, never ahead.
          redisAhead = Math.max(redisAhead, looked.redisNow - now());
        }
        // What was read of the ticket says nothing about a wish that came after it, nor much after a hold.
        if (looked.kind === 'held' || record.version !== before.version) seen = undefined;
        if (looked.kind !== 'record' || record.account !== before.account) continue;
        const step = nextStep(record, seen, now() + redisAhead, stillHolds);
        if (step.kind === 'end' || step.kind === 'clear') return close(step);
        if (step.kind === 'read') {
          if (!(await turn.leave())) continue;
          const read = await readTicket(desk, turn, step);
          if (read === 'again') continue;
          if (read.kind !== 'done') return afterFailedRead(read);
          seen = { ...read.value, clockOffsetMs: read.value.clockOffsetMs - redisAhead };
          continue;
        }
        const noted = await records.look(ticket, token, callLeaseMs(desk), turn.isProbe, record.version);
        if (noted.kind === 'lost') return undefined;
        // A newer wish came in this instant, or a hold, or we were frozen: the call must not leave on what was read.
        if (noted.kind !== 'go' || !(await turn.leave()) || monotonic() - lookedAt > LEASE_MARGIN_MS / 2) continue;
        const ended = await call(desk, turn, step, noted.redisNow);
        if (ended !== 'again') return ended;
      }

      /** Sees to credentials before the visit's own slot; a token call takes one of its own. `stop`: it may not go on. */
      async function prepare(desk: Desk, planned: Step): Promise<Unready | 'stop' | undefined> {
        let spent: Turn | undefined;
        const before = desk.credentials.proof();
        const turnForToken = async () => {
          for (;;) {
            const turn = await takeTurn(desk, planned);
            if (turn === undefined) throw new LostLease();
            // The lease has to outlive the token call.
            const looked = await records.look(ticket, token, callLeaseMs(desk), turn.isProbe);
            if (looked.kind === 'lost') throw new LostLease();
            spent = turn;
            if (looked.kind !== 'held' && (await turn.leave())) return;
          }
        };
        try {
          const unready = await desk.credentials.prepare(turnForToken, async () => {
            signal.throwIfAborted();
            await renew();
          });
          // What others were told already is not told twice; a token that was granted opens an account that was shut.
          if (unready === undefined && spent !== undefined && desk.credentials.proof()?.version !== before?.version) {
            await tellGate({ kind: 'done', httpStatus: 200, value: undefined }, spent);
          } else if (unready !== undefined && unready.kind !== 'busy') {
            await tellUnready(unready, spent);
          }
          return unready;
        } catch (error) {
          if (signal.aborted || error instanceof LostLease) return 'stop';
          throw error;
        }
      }

      async function tellUnready(unready: Exclude<Unready, { kind: 'busy' }>, spent: Turn | undefined): Promise<void> {
        if (!unready.asked && unready.kind !== 'unauthorized') return;
        const answer = unready.kind === 'unauthorized' ? { httpStatus: 401, ...unready } : unready;
        await tellGate(answer, spent ?? { isProbe: false });
      }

      async function afterUnready(unready: Unready): Promise<Appointment | undefined> {
        const { waitMs } = unready;
        log.info({ ticket, account: record.account, change: record.change, ...unready }, 'visit.unready');
        switch (unready.kind) {
          case 'throttled':
            if (!unready.asked) return finish({ outcome: 'release', waitMs });
            return finish({ outcome: 'release', waitMs: await pacer.hold(record.account, unready.retryAfterMs) });
          case 'failed':
            return finish({ outcome: 'retry', waitMs: backoffMs(record.attempts, random), reason: unready.why });
          default:
            return finish({ outcome: 'release', waitMs });
        }
      }

      function isWorthRepeating(desk: Desk, answer: Answer<unknown>): boolean {
        const isStale = answer.kind === 'unauthorized' && answer.httpStatus === 401 && desk.credentials.isStale();
        if (!isStale || isRepeated) return false;
        isRepeated = true;
        return true;
      }

      async function takeTurn(desk: Desk, planned: Step): Promise<Turn | undefined> {
        // Live wishes book far ahead; what may wait takes a slot only when nobody has booked the next ones.
        const isLive = record.class === 'live' && record.isOpen && record.unknown === undefined;
        const aheadMs = isLive ? 30_000 : record.class === 'clock' && planned.kind === 'put' ? 400 : 200;
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

      async function readTicket(desk: Desk, turn: Turn, step: Step): Promise<Answer<Ticket> | 'again'> {
        const startedAt = monotonic();
        const answer = await desk.spacebring.readTicket(ticket);
        const repeats = isWorthRepeating(desk, answer);
        if (!repeats) await tellGate(answer, turn);
        note({ call: 'GET', why: step.reason, ...facts(answer, turn, startedAt) });
        return repeats ? 'again' : answer;
      }

      async function call(
        desk: Desk,
        turn: Turn,
        step: Step,
        sentAt: number,
      ): Promise<Appointment | 'again' | undefined> {
        const startedAt = monotonic();
        const answer = await desk.spacebring.setStatus(ticket, record.want);
        const repeats = isWorthRepeating(desk, answer);
        // A 401 that a new proof may mend says nothing about the account yet.
        if (!repeats) await tellGate(answer, turn);
        const judgement = judgeApplied(answer);
        const activity = judgement.kind === 'applied' ? judgement.activity : undefined;
        note({ call: 'PUT', status: record.want, why: step.reason, ...facts(answer, turn, startedAt), activity });
        if (repeats) return 'again';
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

      async function tellGate(answer: Answer<unknown>, turn: Pick<Turn, 'isProbe'>): Promise<void> {
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

      async function finish(
        ending: Omit<Ending, 'settleMs' | 'seenActivity' | 'attempts'>,
      ): Promise<Appointment | undefined> {
        const settleMs = (desks.get(record.account) ?? home).settings.settle;
        const finished = await records.finish(ticket, token, record, {
          ...ending,
          settleMs,
          seenActivity: seen?.statusActivities[0]?.id,
          attempts,
        });
        log.debug({ ticket, ...ending, ...finished }, 'visit.finished');
        return finished.next && appointment(record.account, finished.next.number, finished.next.delayMs, record.class);
      }

      function note(attempt: AttemptFacts): void {
        const entry = { ...attempt, attempt: record.attempts + 1 };
        attempts.push(entry);
        const line = { change: record.change, ticket, account: record.account, ...entry };
        log.info({ ...line, activity: attempt.activity?.id }, 'change.attempted');
      }
    }

    function appointment(via: string, number: number, delayMs: number, kind: Class = 'live'): Appointment {
      return { ticket, account: via, number, delayMs, class: kind };
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
