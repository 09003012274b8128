// Owns the one connection by which a process holds on to a private server: it shows the server that it is in use, and
// its end is the news that the server is gone. It never reconnects; that is for server.ts to decide.
import { Redis } from 'ioredis';

/** Clients' names in the server begin with this (see `connect`), so it can be told who still uses it. */
const ours = 'statuswire:';

/** `held`: somebody else has a lifeline. `connected`: only clients of others, which may just be closing. */
export type Others = 'held' | 'connected' | 'none';

export interface Lifeline {
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Whether the server has its data in memory: the line `loading:0` of INFO. Rejects if it does not answer in time. */
  hasLoaded(): Promise<boolean>;
  /** Who else uses the server. */
  others(): Promise<Others>;
  /** Tells the server to write everything and end, which may take it a while longer. Rejects if it will not. */
  shutDown(): Promise<void>;
  /** Ends the connection; resolves when the server knows. */
  letGo(): Promise<void>;
}

/** Holds on to the server at `socket`; undefined when nobody listens there. `id` tells lifelines of a process apart. */
export async function holdOn(socket: string, id: string): Promise<Lifeline | undefined> {
  const name = `${ours}${process.pid}:lifeline:${id}`;
  const client = new Redis({
    path: socket,
    connectionName: name,
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
    commandTimeout: 5000,
  });
  let refusal: NodeJS.ErrnoException | undefined;
  client.on('error', (error: NodeJS.ErrnoException) => {
    refusal = error;
  });
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
  try {
    await client.connect();
  } catch (error) {
    if (refusal?.code === undefined || absent.has(refusal.code)) return undefined;
    throw new Error(`Cannot connect to the private Redis at ${socket}: ${refusal.message}`, { cause: error });
  }
  return {
    ended,
    hasLoaded: async () => (await client.info('persistence')).split('\r\n').includes('loading:0'),
    others: async () => othersIn(String(await client.client('LIST')), name),
    shutDown: async () => {
      await client.shutdown('NOSAVE').catch((error: Error) => {
        if (error.message.startsWith('ERR')) throw error; // Anything else is the connection closing: that is the answer.
      });
    },
    letGo: async () => {
      // Disconnecting what has ended already would keep the process alive by ioredis' two seconds of patience.
      if (client.status !== 'end') client.disconnect();
      await ended;
    },
  };
}

/** Not there, or gone in the middle of the greeting. */
const absent = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** Reads the text of CLIENT LIST. Process ids alone would not do: two containers may both be process 1. */
export function othersIn(clientList: string, own: string): Others {
  const names = clientList.split('\n').flatMap((line) => / name=(\S+)/.exec(line)?.[1] ?? []);
  const theirs = names.filter((name) => name.startsWith(ours) && name !== own);
  if (theirs.some((name) => name.includes(':lifeline:'))) return 'held';
  return theirs.some((name) => !name.startsWith(`${ours}${process.pid}:`)) ? 'connected' : 'none';
}
