// A process that uses the private Redis of a folder: `hold-private-redis.ts DATA_DIR`. Says `prepared`; on a line from
// outside joins the server and says its address; on the next line lets go and ends.
import { createInterface } from 'node:readline';
import { ensureServer } from '../../src/redis/server.ts';
import { quiet, testPlaces } from './redis-places.ts';

const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
process.stdout.write('prepared\n');
await lines.next();
const server = await ensureServer({ ...testPlaces, dataDir: process.argv[2] ?? '', log: quiet });
process.stdout.write(`${server.url}\n`);
await lines.next();
await server.close();
process.stdin.destroy();
