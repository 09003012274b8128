// Owns the line between "Redis cannot confirm now" (answer 503, try again later) and a defect of ours (tell a person).
// Only what Redis or ioredis are known to say counts; anything unknown is a defect, so that no bug hides as bad weather.

/** Said by ioredis 5.11 itself, before or instead of an answer. After these a command may still have been executed. */
const clientSays = [
  'Connection is closed.',
  'Command timed out',
  'Command aborted due to connection close',
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
  'Reached the max retries per request limit',
  'Failed to refresh slots cache.',
  'None of startup nodes is available',
  'All sentinels are unreachable',
  'Too many Cluster redirections',
  'Cluster is disconnect',
  'Cluster is ended.',
  'Node is disconnected',
  'Socket timeout. Expecting data',
  'Ready check failed',
];

/** Replies of a Redis that is there but must refuse. Redis 6 puts a script's own reply after `: -`. */
const serverSays =
  /(?:^|: ?-)(?:READONLY|LOADING|MISCONF|OOM|BUSY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|NOAUTH|WRONGPASS|UNBLOCKED)\b|^ERR max number of clients reached/;

const networkSays = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
]);

/** True when the error means that Redis cannot confirm anything now and the same call may work later. */
export function isUnavailable(error: unknown): boolean {
  return saysUnavailable(error, 4);
}

function saysUnavailable(error: unknown, depth: number): boolean {
  if (!(error instanceof Error) || depth === 0) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && networkSays.has(code)) return true;
  if (code === 'ENOENT' && syscall === 'connect') return true;
  if (clientSays.some((text) => error.message.startsWith(text)) || serverSays.test(error.message)) return true;
  return reasons(error).some((reason) => saysUnavailable(reason, depth - 1));
}

/** What stands behind an error: its cause, the refused parts of an EXEC, the addresses tried, the last cluster node. */
function reasons(error: Error): readonly unknown[] {
  const { previousErrors, errors, lastNodeError } = error as {
    previousErrors?: unknown;
    errors?: unknown;
    lastNodeError?: unknown;
  };
  return [error.cause, lastNodeError, ...listed(previousErrors), ...listed(errors)];
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
