// Owns the private Redis of a Statuswire without REDIS_URL: one server per data folder however many processes ask for
// it, started again by whoever notices that it died, ended by the last process to leave. Its data stays.
// Leaves to others: finding the program (program.ts), installing it (distribution.ts), clients (connection.ts).
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { ask, inTurn, joinServer } from './join.ts';
import type { Lifeline } from './lifeline.ts';
import { findProgram, installLine, type Places } from './program.ts';
import { dataFolder, socketFolder } from './server-folder.ts';
import { livingServer, type Setup } from './server-process.ts';
import { socketUrl } from './url.ts';

export interface ServerOptions extends Places {
  /** Folder of this server's data; made if missing, closed to other users. */
  readonly dataDir: string;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

export interface PrivateServer {
  /** For `connect`, and for other processes of this user: `unix:///…`. */
  readonly url: string;
  /** Ends the server unless somebody else of Statuswire still uses it. Close this process' clients first. */
  close(): Promise<void>;
}

/**
 * Gives a running private server with its data loaded: the one that is there, else a new one. Until `close()` it is
 * started again whenever it dies. Rejects with the next step when there is no program, or with the server's own words.
 */
export async function ensureServer(options: ServerOptions): Promise<PrivateServer> {
  const setup = prepare(options);
  const closing = new AbortController();
  const first = await joinServer(setup, options.log, closing.signal);
  const watching = keepAlive(setup, first, options.log, closing.signal);
  let closed: Promise<void> | undefined;
  const close = async () => {
    closing.abort();
    const lifeline = await watching;
    await inTurn(setup, () => leave(lifeline, setup, options.log));
  };
  return {
    url: socketUrl(setup.socket),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function prepare(options: ServerOptions): Setup {
  const program = findProgram(options);
  if (program === undefined) {
    throw new Error(
      `There is no valkey-server or redis-server on this machine. Install one: ${installLine()}. Or name it in REDIS_SERVER_BIN, or set REDIS_URL.`,
    );
  }
  const dataDir = dataFolder(options.dataDir);
  return { program, dataDir, socket: join(socketFolder(dataDir), 'redis.sock') };
}

/** When the server is gone, joins it again, which starts it if nobody else has. Gives the last lifeline when `signal` ends it. */
async function keepAlive(
  setup: Setup,
  first: Lifeline,
  log: ServerOptions['log'],
  signal: AbortSignal,
): Promise<Lifeline> {
  const closing = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  let lifeline = first;
  let failures = 0;
  for (;;) {
    await Promise.race([lifeline.ended, closing]);
    if (signal.aborted) return lifeline;
    if (failures === 0) log.warn({ dataDir: setup.dataDir }, 'redis.server.gone');
    try {
      lifeline = await joinServer(setup, log, signal);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (!signal.aborted) log.error({ dataDir: setup.dataDir, error }, 'redis.server.failed');
      await pause(Math.min(100 * 2 ** failures, 5000), undefined, { signal }).catch(() => {});
    }
  }
}

/** The last to leave ends the server. Clients of one who just left may show for a moment longer, so ask again. */
async function leave(lifeline: Lifeline, { dataDir }: Setup, log: ServerOptions['log']): Promise<void> {
  try {
    const others = await ask(500, async () => {
      const now = await lifeline.others();
      return now === 'connected' ? undefined : now;
    });
    if (others !== 'none') return;
    await lifeline.shutDown();
    await ask(10_000, async () => (livingServer(dataDir) === undefined ? true : undefined));
    log.info({ dataDir }, 'redis.server.ended');
  } catch (error) {
    // Dead or stuck already: nothing is lost by it, and the next start deals with what is left.
    log.warn({ dataDir, error }, 'redis.server.left');
  } finally {
    await lifeline.letGo();
  }
}
