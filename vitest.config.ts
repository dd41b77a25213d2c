import { defineConfig } from 'vitest/config';

/** Two cores are what a small machine has; more files at a time only make each other slow. */
const WORKERS_MAX = 2;
/**
 * When `expect.poll` gives up on an event. It waits for no longer than the event takes; the usual second is less than a
 * busy machine may keep a process from its turn.
 */
const EVENT_DEADLINE_MS = 8_000;

/** The tests of properties use seconds of processor time; a busy machine makes a multiple of it. */
const TEST_DEADLINE_MS = 60_000;

export default defineConfig({
  test: {
    maxWorkers: WORKERS_MAX,
    testTimeout: TEST_DEADLINE_MS,
    expect: { poll: { timeout: EVENT_DEADLINE_MS } },
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
          hookTimeout: 90_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
