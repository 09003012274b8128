// Owns the faults on request: what can go wrong, for which calls and how often. misbehave.ts does them.
import { z } from 'zod';
import { toTicketId } from '../ticket/ticket.ts';

/** What a call is about. `other` is any path that the simulator does not stand in for. */
export const callKinds = ['read', 'list', 'write', 'token', 'other'] as const;
export type CallKind = (typeof callKinds)[number];

const ms = z.number().int().min(0).max(3_600_000);
const headerText = z
  .string()
  .max(2000)
  .regex(/^[\x20-\x7e]*$/, { error: 'expected printable ASCII' });

const failure = z.number().int().min(400).max(599);

/** One way to go wrong. `apply` says whether the call takes effect all the same. */
const Effect = z.discriminatedUnion('kind', [
  /** Everything as usual, `ms` later. */
  z.strictObject({ kind: z.literal('delay'), ms }),
  /** An error; a 429 may carry `retryAfter` word for word. */
  z.strictObject({
    kind: z.literal('status'),
    status: failure,
    apply: z.boolean().default(false),
    retryAfter: headerText.optional(),
    body: z.string().optional(),
  }),
  /** A 200 whose body is not what the contract says. */
  z.strictObject({
    kind: z.literal('garbage'),
    apply: z.boolean().default(true),
    body: z.string().default('{"activity":{"id":'),
  }),
  /** The connection closes without an answer. */
  z.strictObject({ kind: z.literal('cut'), apply: z.boolean().default(false) }),
  /** No answer ever; the connection stays open until the caller gives up. */
  z.strictObject({ kind: z.literal('hang'), apply: z.boolean().default(false) }),
  /** The right answer, `bytes` at a time, `ms` apart. */
  z.strictObject({ kind: z.literal('drip'), ms, bytes: z.number().int().min(1).default(1) }),
  /** Takes effect `ms` later or, without `ms`, on `release`; meanwhile no answer, or `status` at once. */
  z.strictObject({
    kind: z.literal('late'),
    ms: ms.optional(),
    status: failure.optional(),
  }),
  z.strictObject({
    kind: z.literal('redirect'),
    location: headerText,
    status: z.union([301, 302, 303, 307, 308].map((status) => z.literal(status))).default(307),
  }),
]);
export type Effect = z.output<typeof Effect>;

/** One fault: its effect, the calls it is for (all, if not said), and either the next `times` of them or a `share`. */
export const Fault = z
  .strictObject({
    match: z
      .strictObject({
        method: z
          .string()
          .transform((text) => text.toUpperCase())
          .optional(),
        ticket: z
          .string()
          .transform((text) => toTicketId(text) ?? text)
          .optional(),
        kind: z.enum(callKinds).optional(),
      })
      .default({}),
    times: z.number().int().min(1).optional(),
    share: z.number().min(0).max(1).optional(),
    effect: Effect,
  })
  .refine((fault) => fault.times === undefined || fault.share === undefined, {
    error: 'expected `times` or `share`, not both; without either it is the next call',
  });
export type Fault = z.input<typeof Fault>;

/** A fault with its life so far: how many calls it met and, with `times`, how many more it waits for. */
export type FaultState = z.output<typeof Fault> & {
  readonly id: string;
  readonly met: number;
  readonly left: number | null;
};

/** What a fault can look at. */
export interface Facts {
  readonly method: string;
  readonly kind: CallKind;
  readonly ticket?: string;
}

/** The faults asked for, in the order they were asked for. `random` gives 0 ≤ x < 1. */
export function makeFaults({ random }: { readonly random: () => number }) {
  let faults: { id: string; fault: z.output<typeof Fault>; met: number; left: number }[] = [];
  let made = 0;

  return {
    /** Adds one and gives its id. Throws a ZodError if it is not a fault. */
    add(input: Fault): string {
      const fault = Fault.parse(input);
      made += 1;
      const id = `fault-${made}`;
      const left = fault.share === undefined ? (fault.times ?? 1) : Number.POSITIVE_INFINITY;
      faults.push({ id, fault, met: 0, left });
      return id;
    },
    /** The first fault that wants this call, used up by one; each `share` that matches draws once. */
    pick(facts: Facts): { readonly id: string; readonly effect: Effect } | undefined {
      const found = faults.find(({ fault, left }) => left > 0 && matches(fault.match, facts) && isDrawn(fault.share));
      if (found === undefined) return undefined;
      found.met += 1;
      found.left -= 1;
      return { id: found.id, effect: found.fault.effect };
    },
    list: (): FaultState[] =>
      faults.map(({ id, fault, met, left }) => ({ ...fault, id, met, left: Number.isFinite(left) ? left : null })),
    clear(): void {
      faults = [];
    },
  };

  function isDrawn(share: number | undefined): boolean {
    return share === undefined || random() < share;
  }
}

function matches(match: z.output<typeof Fault>['match'], facts: Facts): boolean {
  return (
    (match.method === undefined || match.method === facts.method) &&
    (match.kind === undefined || match.kind === facts.kind) &&
    (match.ticket === undefined || match.ticket === facts.ticket)
  );
}

/** A repeatable stream of chance: the same numbers for the same seed (mulberry32). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
