// Owns the form of what the simulator sends back: an answer with a status and a body, and the vendor's error body.
// Decides nothing about when which answer is given.

/** One answer before it goes onto the wire; `body` is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One complaint about an input. The vendor's contract has no word on it; its SDK expects `path` and `message`. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A 200 with that body. */
export function ok(body: unknown): Answer {
  return { status: 200, body };
}

/** An error in the vendor's `responseError` form. The values of `type` are ours: the vendor documents none. */
export function refusal(status: number, type: string, message: string, issues?: readonly Issue[]): Answer {
  return { status, body: { message, type, ...(issues === undefined ? {} : { issues }) } };
}

/** The complaints of a zod parse, in the form above. */
export function toIssues(issues: readonly { path: readonly PropertyKey[]; message: string }[]): Issue[] {
  return issues.map(({ path, message }) => ({
    path: path.map((part) => (typeof part === 'number' ? part : String(part))),
    message,
  }));
}
