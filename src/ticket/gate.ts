// Owns whether an account may be used at all, for all processes: shut by an operator, by refused credentials, or while the
// vendor is down; one probe now and then finds out when it is over (gate.lua, and pacer.lua, which lets probes through).
import type { Answer } from './answer.ts';

export type ShutBy = 'operator' | 'unauthorized' | 'outage';

/** What an event at the gate changed; undefined when nothing did. */
export type GateChange =
  | { readonly kind: 'shut'; readonly why: ShutBy }
  | { readonly kind: 'open'; readonly why: ShutBy };

/** How an account stands. Moments are milliseconds by Redis' clock. */
export interface GateState {
  readonly shut?: { readonly why: ShutBy; readonly at: number; readonly probeAt: number };
  readonly holdUntil?: number;
  /** The share of the full pace in force, as last written. */
  readonly share: number;
}

export interface Gate {
  /** Tells every process what a call came to. */
  tell(account: string, answer: Answer<unknown>, isProbe: boolean): Promise<GateChange | undefined>;
  pause(account: string): Promise<GateChange | undefined>;
  resume(account: string): Promise<GateChange | undefined>;
  state(account: string): Promise<GateState>;
}

type Script = (...args: (string | number)[]) => Promise<unknown>;

export function makeGate(parts: {
  readonly gate: Script;
  /** Reads the account's hash (`names.pace`). */
  readonly read: (account: string) => Promise<Record<string, string>>;
}): Gate {
  const { gate, read } = parts;

  async function run(account: string, what: string, isProbe = false, words = ''): Promise<GateChange | undefined> {
    const [kind, why] = (await gate(account, what, isProbe ? '1' : '', words)) as [string, ShutBy];
    return kind === 'shut' || kind === 'open' ? { kind, why } : undefined;
  }

  return {
    tell: (account, answer, isProbe) =>
      run(account, meaningOf(answer), isProbe, 'why' in answer ? answer.why.slice(0, 300) : ''),
    pause: (account) => run(account, 'pause'),
    resume: (account) => run(account, 'resume'),
    async state(account) {
      const { shut, shutAt, probeAt, holdUntil, share } = await read(account);
      return {
        ...(shut === undefined ? {} : { shut: { why: shut as ShutBy, at: Number(shutAt), probeAt: Number(probeAt) } }),
        ...(holdUntil === undefined ? {} : { holdUntil: Number(holdUntil) }),
        share: Number(share ?? 1),
      };
    },
  };
}

/** What an answer says about the account, whatever it says about the wish. */
function meaningOf(answer: Answer<unknown>): 'alive' | 'throttled' | 'down' | 'unauthorized' {
  switch (answer.kind) {
    case 'done':
    case 'refused':
      return 'alive';
    case 'failed':
    case 'unknown':
      return 'down';
    default:
      return answer.kind;
  }
}
