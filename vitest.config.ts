// Three projects: unit (pure), integration (real Redis, real HTTP in this process), process (real processes of the
// built program). Integration and process tests share one real Redis that test/support/redis-setup.ts starts.
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
    ],
  },
});
