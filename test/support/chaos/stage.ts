// The stage of a scenario: a Redis of its own and the vendor's stand-in, each behind a line that misbehaves on demand.
// Everything that was opened is closed after the test, in whatever state it is.
import { afterEach } from 'vitest';
import type { SimulatorOptions } from '../../../src/simulator/options.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { type OwnRedis, spawnRedis } from '../redis.ts';
import { openProxy, type TcpProxy } from './proxy.ts';
import { openSite, type Site } from './site.ts';

export interface Stage {
  readonly redis: OwnRedis;
  readonly simulator: Simulator;
  /** Between the program and Redis, and between the program and the vendor. */
  readonly redisLine: TcpProxy;
  readonly vendorLine: TcpProxy;
  readonly site: Site;
}

export interface StageOptions {
  readonly simulator?: SimulatorOptions;
  readonly account?: Readonly<Record<string, string>>;
  /** Another build than the one under test: a negative control. */
  readonly dist?: string;
  /** Another Redis than one with room for everything. */
  readonly redis?: OwnRedis;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export async function setStage({ simulator: vendor, account, dist, redis: given }: StageOptions = {}): Promise<Stage> {
  const redis = given ?? (await spawnRedis());
  closers.push(redis.close);
  const simulator = await startSimulator({ rate: 100, ...vendor });
  closers.push(simulator.close);
  const redisLine = await openProxy({ path: redis.url.replace('unix://', '') });
  closers.push(redisLine.close);
  const vendorLine = await openProxy({ port: simulator.port });
  closers.push(vendorLine.close);
  const site = await openSite({
    redisUrl: `redis://127.0.0.1:${redisLine.port}`,
    directUrl: redis.url,
    vendorUrl: `http://127.0.0.1:${vendorLine.port}`,
    ...(account === undefined ? {} : { account }),
    ...(dist === undefined ? {} : { dist }),
  });
  closers.push(site.close);
  return { redis, simulator, redisLine, vendorLine, site };
}
