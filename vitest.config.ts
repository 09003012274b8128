// Four projects: unit (pure), integration (real Redis, real HTTP in this process), process (real processes of the built
// program), chaos (the same, mistreated; docs/chaos.md). Integration and process tests share one real Redis that
// test/support/redis-setup.ts starts.
import { defineConfig } from 'vitest/config';

const withRedis = { globalSetup: ['test/support/redis-setup.ts'], testTimeout: 30_000, hookTimeout: 30_000 };

export default defineConfig({
  test: {
    // The report is for .ci/run, whose closing line is read from it.
    reporters: ['default', 'json'],
    outputFile: { json: 'node_modules/.cache/vitest-result.json' },
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/*.test.ts'], testTimeout: 20_000 } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...withRedis } },
      {
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts'],
          ...withRedis,
          testTimeout: 90_000,
          fileParallelism: false,
        },
      },
      {
        // Faults in real processes; CHAOS=long asks for the bigger counts.
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          ...withRedis,
          testTimeout: process.env.CHAOS === 'long' ? 900_000 : 120_000,
          fileParallelism: false,
          // After everything else, alone: other tests beside it would be one more fault, and one without a seed.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
