import { defineConfig } from 'vitest/config';

/** Two cores are what a small machine has; more files at a time only make each other slow. */
const WORKERS_MAX = 2;

export default defineConfig({
  test: {
    maxWorkers: WORKERS_MAX,
    testTimeout: 10_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['node_modules/**', '.stack/**', 'tests/**', 'docs/samples/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/**/*.test.ts'],
          globalSetup: ['tests/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 90_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
