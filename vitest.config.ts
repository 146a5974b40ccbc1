// One run, several projects: fast ones beside the code, and those that need the whole system.
// Names of projects are what `node tests/run.ts --only` takes.

import { defineConfig } from 'vitest/config'

const units = [
  'contracts',
  'service-kit',
  'auth-sidecar',
  'ws-backend',
  'client',
  'frontend',
  'launcher',
  'bench',
]

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: units.map((folder) => `${folder}/**/*.test.{ts,tsx}`),
          exclude: ['**/node_modules/**', '**/dist/**'],
        },
      },
      { test: { name: 'architecture', include: ['tests/architecture/**/*.test.ts'] } },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          globalSetup: ['tests/support/shared-stack.ts'],
          testTimeout: 30_000,
          hookTimeout: 90_000,
          maxWorkers: 2,
        },
      },
      {
        // The suites of live authority once more, on two pairs, two backends and Redis.
        test: {
          name: 'replicas',
          include: ['tests/integration/live/**/*.test.ts'],
          globalSetup: ['tests/support/shared-stack.ts'],
          testTimeout: 30_000,
          hookTimeout: 90_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          globalSetup: ['tests/support/shared-stack.ts'],
          testTimeout: 60_000,
          hookTimeout: 90_000,
          maxWorkers: 1,
        },
      },
    ],
  },
})
