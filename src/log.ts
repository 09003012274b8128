// Owns the log: JSON lines, one wide line per event and one per attempt; message text fixed, facts in fields.
// Secrets and personal data stay out by an allow-list at the caller and by the redaction here as a second line.
import pino, { type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

const hidden: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'secret',
  'secrets',
  'clientSecret',
  'refreshToken',
  'accessToken',
  'token',
  'password',
]);
const HIDDEN = '[hidden]';

/** A logger writing JSON lines to standard output (see `gathered`), or to `destination`. */
export function makeLog(options: { level: string; name: string }, destination?: DestinationStream): Log {
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: { process: options.name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: redacted },
    serializers: { err: plainError, error: plainError },
  };
  return pino(settings, destination ?? gathered(pino.destination({ dest: 1, sync: true })));
}

/**
 * Writes the lines of one turn of the event loop at once, and what is left when the process ends before it does: a system
 * call for each line took a thirtieth of the receiver's time (profiled). A process that is killed may owe the lines of a turn.
 */
export function gathered(output: DestinationStream): DestinationStream {
  let lines = '';
  function flush(): void {
    const all = lines;
    lines = '';
    if (all !== '') output.write(all);
  }
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
  };
}

/**
 * The facts of a line without what has the name of a secret, on the first level or the second: lines are flat. Ours and not
 * pino's own, which copies every line it looks at and took a twentieth of the receiver's time (measured).
 */
function redacted(facts: Record<string, unknown>): Record<string, unknown> {
  let clean = facts;
  for (const [name, value] of Object.entries(facts)) {
    const shown = hidden.has(name) ? HIDDEN : isPlain(value) ? withoutHidden(value) : value;
    if (shown !== value) clean = { ...clean, [name]: shown };
  }
  return clean;
}

function withoutHidden(facts: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(facts).filter((name) => hidden.has(name));
  return names.length === 0 ? facts : { ...facts, ...Object.fromEntries(names.map((name) => [name, HIDDEN])) };
}

/** Not an error, whose serializer chooses what is told of it, and not a list of texts. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error);
}

/** Only name, code, message and cause: error objects of HTTP clients can carry the request with its credentials. */
function plainError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as NodeJS.ErrnoException;
  return {
    name: error.name,
    message: error.message.slice(0, 500),
    ...(code === undefined ? {} : { code }),
    ...(error.cause === undefined ? {} : { cause: plainError(error.cause) }),
  };
}
