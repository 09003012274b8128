// Owns the words for deliveries that were turned away: the closed list of reasons with what an operator can do about
// each, and what is kept of one. Never its body nor its headers: their sizes, and a digest too short to stand for a body.

/** Why a delivery was not accepted, and what to do then. docs/sources.md has the same table; a test compares the two. */
export const advice = {
  'unknown-source':
    'Compare the address at the sender with the names under `sources`; `asked` is what it asked for, and the form is /hooks/NAME.',
  'wrong-method':
    'Let the sender use POST. A GET is mostly a person with a browser, or a sender that tries the address.',
  'wrong-network': 'Add the address in `from` to `networks` of the source; if it is that of a proxy, set TRUST_PROXY.',
  unproven:
    'Compare the secret on both sides; `why` says what did not fit. A proxy that changes bodies or drops headers breaks every proof.',
  stale: 'Set the clocks right on both sides. A delivery that was captured and sent again is refused on purpose.',
  'ended-secret': 'Change the secret at the sender: it signs with one whose `until` is over. Or move `until`.',
  'too-large': 'Let the sender send less, or fewer things at once: 1 MiB is the most.',
  encoded: 'Switch off compression at the sender, or in the proxy: bodies are taken as they are.',
  'cut-short':
    'The sender hung up, was slower than allowed, or announced another length: look there, and at the proxy.',
  'not-json': 'Choose JSON (application/json) at the sender; `why` says where the body stops being JSON.',
  'unreadable-request':
    'What came was not HTTP, or its headers were too large. Is it HTTPS? Then a proxy with TLS is missing.',
  flood:
    'Find out what sends so much in a second. A sender that repeats loses nothing; else ask it for the events again.',
  busy: 'Too many deliveries were under way at once: see how fast Redis confirms. A sender that repeats loses nothing.',
  unavailable: 'See /readyz, then Redis. A sender that repeats loses nothing; at GitHub press "Redeliver".',
  defect: 'Something broke here: find the request id in the log (`request.failed`), and report it.',
} as const;

export type Reason = keyof typeof advice;

export const reasons = Object.keys(advice) as readonly Reason[];

/** What stands for the name of a source that is not configured; no configured one can be called so. */
export const unknownSource = '(unknown)';

/** One delivery that was turned away. Texts of strangers are short, and hold nothing that steers a terminal. */
export interface Rejection {
  /** When it was answered, in milliseconds since the epoch. */
  readonly at: number;
  /** As configured, or `unknownSource`. */
  readonly source: string;
  /** The name, or the path, that was asked for where there is no such source. */
  readonly asked?: string;
  readonly reason: Reason;
  /** What the sender was told. */
  readonly status: number;
  /** A sentence of ours, without a value of the request. */
  readonly why: string;
  readonly requestId: string;
  /** The sender's address, as far as the proxies are believed. */
  readonly from?: string;
  /** Unknown of what was no request at all. */
  readonly headerBytes?: number;
  /** As far as it was read. */
  readonly bodyBytes?: number;
  /** What `Content-Length` announced, where that is not what was read. */
  readonly announcedBytes?: number;
  /** 16 hex digits of the SHA-256 of the bytes that were read, of the first 64 KiB at most. */
  readonly bodyDigest?: string;
  /** The content type. */
  readonly type?: string;
}
