// Starts one real Redis for a run of the integration or process tests, in a folder of its own, and ends it afterwards.
// Where none is installed the distribution's package is unpacked into the checkout's .statuswire/ first.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { installFromDistribution } from '../../src/redis/distribution.ts';
import { findProgram } from '../../src/redis/program.ts';
import { ensureServer } from '../../src/redis/server.ts';
import { quiet, testPlaces } from './redis-places.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (findProgram(testPlaces) === undefined) {
    await installFromDistribution(testPlaces.stateDir, (line) => process.stderr.write(`${line}\n`));
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'statuswire-test-'));
  const server = await ensureServer({ ...testPlaces, dataDir, log: quiet });
  project.provide('redisUrl', server.url);
  return async () => {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  };
}
