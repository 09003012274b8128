// What both receivers made by hand share: the check of GitHub's signature, the queue, and how a process of the benchmark
// says where it listens. Written as one would in an afternoon, with care: raw bytes, constant time, the delivery as job id.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

const { BENCH_SECRET: secret = '', BENCH_REDIS_URL: redisUrl = '' } = process.env;

/** Whether `signature` (`sha256=…`) is GitHub's over exactly these bytes. */
export function isSigned(body: Buffer, signature: string | undefined): boolean {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(signature ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The queue of events; a redelivery has the id of a job that is there already. */
export const queue = new Queue('events', {
  connection: new Redis(redisUrl.replace(/^unix:\/\//, ''), { maxRetriesPerRequest: null }),
  defaultJobOptions: { attempts: 10, backoff: { type: 'exponential', delay: 1000 }, removeOnComplete: 1000 },
});

/** Tells the benchmark where `server` listens, and ends with it, however that ended. */
export function tellListening(server: Server): void {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}` });
  process.once('disconnect', () => process.exit());
}
