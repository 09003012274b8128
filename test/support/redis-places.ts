// Where the tests find a Redis server, and a log that says nothing: shared by the set-up and the tests themselves.
import { fileURLToPath } from 'node:url';
import { makeLog } from '../../src/log.ts';

/** As an operator's: REDIS_SERVER_BIN, PATH, the usual folders, then what was unpacked into the checkout. */
export const testPlaces = {
  bin: process.env.REDIS_SERVER_BIN,
  path: process.env.PATH,
  stateDir: fileURLToPath(new URL('../../.statuswire', import.meta.url)),
};

export const quiet = makeLog({ level: 'silent', name: 'test' });
