// Raw sockets: bytes as they are, in whatever steps, and what comes back as HTTP answers in their order. No client of HTTP
// would send any of this, so none is used.
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** Bytes to write, a pause, the end of what we send, or a connection that breaks. */
export type Step = Buffer | { readonly pauseMs: number } | 'fin' | 'reset';

export interface Answer {
  readonly status: number;
  /** By lower-case name; of repeated ones the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Heard {
  /** Final answers, in their order; those with 1xx are left out. */
  readonly answers: readonly Answer[];
  /** All that came, as latin1. */
  readonly text: string;
  /** Every answer came; the other side closed before; or nothing more came within the patience. */
  readonly end: 'answered' | 'closed' | 'silent';
  readonly tookMs: number;
}

export interface Listening {
  /** How many answers to wait for; then we hang up. */
  readonly answers?: number;
  readonly patienceMs?: number;
  /** Bytes that may not be a whole request: what is still unanswered after this long is told that nothing more comes. */
  readonly finAfterMs?: number;
  /** An answer to HEAD announces a body that it does not have. */
  readonly isHead?: boolean;
}

/** Opens a connection, takes the steps, listens. Never rejects: whatever becomes of the connection is a finding. */
export function say(port: number, steps: readonly Step[], listening: Listening = {}): Promise<Heard> {
  const { answers: wanted = 1, patienceMs = 10_000, finAfterMs, isHead = false } = listening;
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const parts: Buffer[] = [];
    const timers = [setTimeout(() => finish('silent'), patienceMs)];
    if (finAfterMs !== undefined) timers.push(setTimeout(() => socket.end(), finAfterMs));

    function finish(end: Heard['end']): void {
      for (const timer of timers) clearTimeout(timer);
      const all = Buffer.concat(parts);
      // A reset leaves no connection waiting in the kernel: thousands of them would use up the ports.
      socket.resetAndDestroy();
      const tookMs = performance.now() - startedAt;
      resolve({ answers: readAnswers(all, isHead), text: all.toString('latin1'), end, tookMs });
    }
    socket.on('data', (part) => {
      parts.push(part);
      if (readAnswers(Buffer.concat(parts), isHead).length >= wanted) finish('answered');
    });
    socket.on('error', () => {});
    socket.on('close', () => finish('closed'));
    socket.on('connect', () => void take(steps));

    async function take(left: readonly Step[]): Promise<void> {
      for (const step of left) {
        if (socket.destroyed) return;
        if (step === 'fin') socket.end();
        else if (step === 'reset') socket.resetAndDestroy();
        else if (Buffer.isBuffer(step)) socket.write(step);
        else await wait(step.pauseMs);
      }
    }
  });
}

/** The whole answers in `bytes`, as far as they go. */
function readAnswers(bytes: Buffer, isHead: boolean): Answer[] {
  const answers: Answer[] = [];
  let rest = bytes;
  for (;;) {
    const one = readAnswer(rest, isHead);
    if (one === undefined) return answers;
    if (one.answer.status >= 200) answers.push(one.answer);
    rest = rest.subarray(one.length);
  }
}

function readAnswer(bytes: Buffer, isHead: boolean): { answer: Answer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? Number.NaN);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const start = headEnd + 4;
  if (isHead || status < 200) return { answer: { status, headers, body: '' }, length: start };
  const end = headers.has('transfer-encoding')
    ? endOfChunks(bytes, start)
    : start + Number(headers.get('content-length') ?? 0);
  if (end === undefined || end > bytes.length) return undefined;
  return { answer: { status, headers, body: bytes.subarray(start, end).toString('utf8') }, length: end };
}

/** Where a body in chunks ends. None of ours is one, so only Node's own empty answers come here. */
function endOfChunks(bytes: Buffer, start: number): number | undefined {
  const last = bytes.indexOf('0\r\n\r\n', start);
  return last === -1 ? undefined : last + 5;
}
