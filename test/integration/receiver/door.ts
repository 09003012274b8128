// Owns a receiver on loopback with fakes behind it: a real socket and the real application, one source that checks a
// header, a core in memory. Each part can be replaced by the test; the door closes when the test ends.
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Accepted, Delivery } from '../../../src/change/change.ts';
import type { Rejection } from '../../../src/ledger/rejection.ts';
import { makeLog } from '../../../src/log.ts';
import { type AppParts, makeApp } from '../../../src/receiver/app.ts';
import type { Breach } from '../../../src/receiver/breach.ts';
import { type Listening, listen, type ServerLimits } from '../../../src/receiver/listen.ts';
import type { ReceiverSource } from '../../../src/receiver/receive.ts';
import type { Decision } from '../../../src/rule/rule.ts';
import type { Verified } from '../../../src/source/signature.ts';

export const token = 'token-of-the-operators-4711';
export const signature = 'signature-only-the-sender-can-make-0815';
export const issueClosed = JSON.stringify({ kind: 'issue.closed', id: 'd-1', note: 'words of a member' });

export type Line = Readonly<Record<string, unknown>>;

export class RedisAway extends Error {}

export interface Door extends Listening {
  /** What reached the core, in order. */
  readonly accepted: Delivery[];
  /** What was noted as turned away, in order. */
  readonly turnedAway: Rejection[];
  /** What was refused before it came to the application, in order. */
  readonly breaches: Breach[];
  /** What reached `verify` of the source `signed`. */
  readonly proofs: {
    readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
    readonly body: Buffer;
  }[];
  /** All that was logged, as text and as lines. */
  logText(): string;
  lines(msg?: string): Line[];
  /** Delivers `body` to a source, with its proof unless `headers` say otherwise. */
  deliver(body: string | Uint8Array, headers?: Record<string, string>, source?: string): Promise<Response>;
  /** Asks as an operator. */
  ask(path: string, init?: RequestInit): Promise<Response>;
}

type Over = Partial<Omit<AppParts, 'core'>> & {
  /** Without `ping` it answers one. */
  readonly core?: Pick<AppParts['core'], 'accept'> & Partial<AppParts['core']>;
};

export async function openDoor({ core, ...over }: Over = {}, limits?: Partial<ServerLimits>): Promise<Door> {
  const accepted: Delivery[] = [];
  const turnedAway: Rejection[] = [];
  const breaches: Breach[] = [];
  const proofs: Door['proofs'] = [];
  const logged: string[] = [];
  let made = 0;
  const newId = (prefix: string) => {
    made += 1;
    return `${prefix}_${made}`;
  };

  const parts: AppParts = {
    sources: new Map([['signed', fakeSource(proofs)]]),
    rules: { decide: () => [matched, unmatched] },
    core: { ping: async () => 'PONG', ...(core ?? fakeCore(accepted, newId)) },
    stories: {
      event: async () => undefined,
      change: async () => undefined,
      ticket: async () => undefined,
      page: async () => ({ entries: [] }),
    },
    operations: {
      cancel: async () => ({ kind: 'unknown' }),
      retry: async () => ({ kind: 'unknown' }),
      link: async () => undefined,
      linked: async () => undefined,
      pause: async () => undefined,
      resume: async () => undefined,
    },
    health: { ready: async () => ({ ready: true, checks: [{ name: 'redis', ok: true }] }) },
    metrics: { read: async () => ({ gauges: [], sums: new Map() }), known: {} },
    tally: { count: () => {}, observe: () => {} },
    turnedAway: { note: (rejection) => void turnedAway.push(rejection), flush: async () => {} },
    rejections: { read: async () => ({ rejections: [], counts: {} }) },
    isUnavailable: (error) => error instanceof RedisAway,
    accounts: ['main', 'second'],
    apiToken: token,
    newId,
    now: Date.now,
    log: makeLog({ level: 'debug', name: 'receiver' }, { write: (line: string) => void logged.push(line) }),
    ...over,
  };
  const handler = makeApp(parts);
  const onBreach = (breach: Breach) => void breaches.push(breach);
  const listening = await listen({ handler, host: '127.0.0.1', port: 0, newId, onBreach, ...(limits && { limits }) });
  onTestFinished(() => listening.close(0));

  return {
    ...listening,
    accepted,
    turnedAway,
    breaches,
    proofs,
    logText: () => logged.join(''),
    lines: (msg) =>
      logged.map((line): Line => JSON.parse(line)).filter((line) => msg === undefined || line.msg === msg),
    deliver: (body, headers = {}, source = 'signed') =>
      fetch(`${listening.url}/hooks/${source}`, {
        method: 'POST',
        headers: { 'x-signature': signature, ...headers },
        body: body as NonNullable<RequestInit['body']>,
      }),
    ask: (path, init = {}) =>
      fetch(`${listening.url}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } }),
  };
}

/** Proven by one header that is there exactly once; the body is JSON with `kind` and `id`. */
export function fakeSource(proofs: Door['proofs'] = [], name = 'signed'): ReceiverSource {
  return {
    keepMs: 60_000,
    accepts: () => true,
    verify(request) {
      proofs.push(request);
      const given = request.headers['x-signature'];
      if (given?.length !== 1 || given[0] !== signature)
        return { ok: false, why: 'the x-signature header fits nothing' };
      return { ok: true, verified: request as unknown as Verified };
    },
    toEvent({ body }) {
      try {
        const { kind, id } = JSON.parse(body.toString('utf8'));
        const draft = { source: name, type: String(kind), headers: {}, body: { kind, id } };
        return { ok: true, draft, key: { key: String(id), kind: 'id', windowMs: 5000 }, notes: [] };
      } catch {
        return { ok: false, why: 'the body is not JSON' };
      }
    },
  };
}

/** The commit point in memory: one event for one name of a source, and a conflict for another digest. */
function fakeCore(accepted: Delivery[], newId: (prefix: string) => string): Pick<AppParts['core'], 'accept'> {
  const seen = new Map<string, Accepted & { readonly digest: string | undefined }>();
  return {
    async accept(delivery) {
      accepted.push(delivery);
      await new Promise((resolve) => setImmediate(resolve));
      const name = `${delivery.event.source} ${delivery.delivery.key}`;
      const before = seen.get(name);
      if (before !== undefined) return { ...before, duplicate: true, conflict: before.digest !== delivery.digest };
      const changes = delivery.decisions.filter((one) => one.kind !== 'unmatched').map(() => newId('ch'));
      const first = { eventId: delivery.event.id, duplicate: false, conflict: false, changes };
      seen.set(name, { ...first, digest: delivery.digest });
      return first;
    },
  };
}

export const matched: Decision = {
  kind: 'matched',
  rule: 'solved-when-closed',
  ticket: 'ticket-1',
  status: 'solved',
  account: 'main',
  dryRun: false,
  reason: 'kind is issue.closed',
};

export const unmatched: Decision = { kind: 'unmatched', rule: 'reopened', reason: 'kind is not issue.reopened' };

/** Sends bytes as they are and gives all that comes back until the other side ends; for what `fetch` refuses to send. */
export function exchange(door: Listening, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(door.port, '127.0.0.1', () => socket.write(bytes));
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(parts).toString('utf8')));
    onTestFinished(() => void socket.destroy());
  });
}

/** A connection that has sent `bytes` and stays: what it has heard so far. Errors of it are not told. */
export function converse({ port }: Listening, bytes: string, options: { isHalfOpen?: boolean } = {}) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: options.isHalfOpen ?? false });
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.on('error', () => {});
  socket.write(bytes);
  onTestFinished(() => void socket.destroy());
  return { socket, heard: () => Buffer.concat(parts).toString('utf8') };
}

/** The statuses in what came, in their order. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** The end of a connection, also by an error, which `once` would take for a failure. */
export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** The JSON object of an answer. */
export async function told(response: Response): Promise<Line> {
  return (await response.json()) as Line;
}

/** A promise and the hand that settles it. */
export function parcel<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
