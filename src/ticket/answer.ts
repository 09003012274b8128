// Owns what the vendor's reply means: a closed union and the pure judgement that makes it. Decides nothing about retries.
import { z } from 'zod';
import { Status } from './ticket.ts';

/** The vendor's own record of a change (contract: `ticketActivity`), reduced to what we keep. No personal data. */
export interface Activity {
  readonly id: string;
  readonly type: string;
  /** When the vendor made it, by the vendor's clock, ISO 8601. */
  readonly date?: string;
  readonly previousStatus?: Status;
  readonly status?: Status;
  /** Who the vendor names: a membership id, or `lem` where its own agent acted. Never a name or an address. */
  readonly actor?: string;
}

/** A ticket as read from the vendor, reduced to what decisions need. `statusActivities` are the newest first. */
export interface Ticket {
  readonly id: string;
  readonly status: Status;
  readonly statusUpdateDate?: string;
  readonly statusActivities: readonly Activity[];
  /** The vendor's fields as rules on the clock name them; never logged or kept, they hold people's words. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The vendor's clock less ours when it answered, ms; 0 when it sent no Date header. One second fine. */
  readonly clockOffsetMs: number;
}

/**
 * What came back from one call.
 * `failed`: it never reached the vendor. `unknown`: it may have been applied (timeout, reset, 5xx, unreadable 2xx).
 */
export type Answer<T> =
  | { readonly kind: 'done'; readonly httpStatus: number; readonly value: T }
  | { readonly kind: 'throttled'; readonly httpStatus: 429; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly httpStatus: number; readonly why: string }
  | { readonly kind: 'unauthorized'; readonly httpStatus: number; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'unknown'; readonly httpStatus?: number; readonly why: string };

/** One HTTP reply as the transport hands it over. Header names in lower case. */
export interface Reply {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Judges a reply by its class; `parse` reads the body of a 2xx and answers undefined when it cannot. */
export function judge<T>(reply: Reply, parse: (body: unknown) => T | undefined, nowMs: number): Answer<T> {
  const { httpStatus } = reply;
  if (httpStatus >= 200 && httpStatus < 300) return judgeSuccess(reply, parse);
  if (httpStatus === 429) {
    const retryAfterMs = parseRetryAfter(single(reply.headers['retry-after']), nowMs);
    return { kind: 'throttled', httpStatus, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (httpStatus === 401 || httpStatus === 403) return { kind: 'unauthorized', httpStatus, why: wordsOf(reply) };
  if (httpStatus >= 500 || httpStatus === 408) return { kind: 'unknown', httpStatus, why: wordsOf(reply) };
  if (httpStatus >= 300 && httpStatus < 400) {
    return { kind: 'refused', httpStatus, why: `the vendor redirects (${httpStatus}): check the account's baseUrl` };
  }
  return { kind: 'refused', httpStatus, why: wordsOf(reply) };
}

function judgeSuccess<T>(reply: Reply, parse: (body: unknown) => T | undefined): Answer<T> {
  const { httpStatus } = reply;
  const value = parse(parseJson(reply.text));
  if (value === undefined) return { kind: 'unknown', httpStatus, why: 'a 2xx whose body is not the vendor’s' };
  return { kind: 'done', httpStatus, value };
}

/** Retry-After as RFC 9110 10.2.3 has it: whole seconds or an HTTP date. Garbage is ignored. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number.parseInt(text, 10) * 1000;
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text.trim())) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** The vendor's own sentence (contract: `responseError` has message and type, both optional), cut to 300 characters. */
function wordsOf(reply: Reply): string {
  const parsed = z
    .object({ message: z.string().optional().catch(undefined), type: z.string().optional().catch(undefined) })
    .safeParse(parseJson(reply.text));
  const words = parsed.success ? [parsed.data.message, parsed.data.type && `(${parsed.data.type})`] : [];
  const said = words.filter(Boolean).join(' ');
  return `HTTP ${reply.httpStatus}${said === '' ? '' : `: ${said}`}`.slice(0, 300);
}

const ActivityBody = z.object({
  id: z.string(),
  type: z.string().catch('unknown'),
  createDate: z.string().optional().catch(undefined),
  lemAI: z.unknown().optional(),
  membership: z.object({ id: z.string() }).optional().catch(undefined),
  data: z
    .object({
      status: Status.optional().catch(undefined),
      previousAttributes: z
        .object({ status: Status.optional().catch(undefined) })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
});

function toActivity(body: z.output<typeof ActivityBody>): Activity {
  const previousStatus = body.data?.previousAttributes?.status;
  const status = body.data?.status;
  const actor = body.membership?.id ?? (body.lemAI === undefined || body.lemAI === null ? undefined : 'lem');
  return {
    id: body.id,
    type: body.type,
    ...(body.createDate === undefined ? {} : { date: body.createDate }),
    ...(previousStatus === undefined ? {} : { previousStatus }),
    ...(status === undefined ? {} : { status }),
    ...(actor === undefined ? {} : { actor }),
  };
}

/** What the status endpoint answers (contract: `{activity, ticket}`), read leniently: the activity may be missing. */
export interface Applied {
  readonly activity?: Activity;
}

/** Reads the 200 of `PUT …/status`. An empty body counts as done; a body for another status does not. */
export function parseApplied(wanted: Status): (body: unknown) => Applied | undefined {
  const Body = z.object({
    activity: ActivityBody.optional().catch(undefined),
    ticket: z.object({ status: z.string().optional() }).optional().catch(undefined),
  });
  return (body) => {
    if (body === undefined) return undefined;
    if (body === '') return {};
    const parsed = Body.safeParse(body);
    if (!parsed.success) return undefined;
    const told = parsed.data.ticket?.status;
    if (told !== undefined && told !== wanted) return undefined;
    return parsed.data.activity === undefined ? {} : { activity: toActivity(parsed.data.activity) };
  };
}

/** Reads the 200 of `GET /support/tickets/v1/{id}`: the status is needed, everything else may be missing. */
export function parseTicket(clockOffsetMs: number): (body: unknown) => Ticket | undefined {
  const Body = z.object({
    ticket: z.looseObject({ id: z.string(), status: Status, statusUpdateDate: z.string().optional().catch(undefined) }),
    activities: z.array(ActivityBody.nullable().catch(null)).catch([]),
  });
  return (body) => {
    const parsed = Body.safeParse(body);
    if (!parsed.success) return undefined;
    const { ticket, activities } = parsed.data;
    return {
      id: ticket.id,
      status: ticket.status,
      ...(ticket.statusUpdateDate === undefined ? {} : { statusUpdateDate: ticket.statusUpdateDate }),
      statusActivities: activities
        .filter((one) => one !== null)
        .map(toActivity)
        .filter((one) => one.type === 'statusUpdated')
        .sort((a, b) => (b.date ?? '').localeCompare(a.date ?? '')),
      fields: ticket,
      clockOffsetMs,
    };
  };
}

/** The vendor's clock less ours, from its Date header (RFC 9110 6.6.1, whole seconds); 0 when there is none. */
export function clockOffset(dateHeader: string | string[] | undefined, nowMs: number): number {
  const at = Date.parse(single(dateHeader) ?? '');
  // The header is cut to whole seconds: half a second is its best estimate.
  return Number.isNaN(at) ? 0 : at + 500 - nowMs;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return '';
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
