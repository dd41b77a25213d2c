import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** A small machine has two cores; more files at a time only slow each other down. */
const WORKERS_MAX = 2;
/**
 * When `expect.poll` gives up on an event. It waits no longer than the event takes. The default second is too
 * short if a busy machine delays a process.
 */
const EVENT_DEADLINE_MS = 8_000;

/** Property tests use seconds of processor time; on a busy machine they take several times as long. */
const TEST_DEADLINE_MS = 60_000;

/** Processes that tests start share their compiled code. A start then takes half of the processor time. */
const compileCache = path.resolve(import.meta.dirname, 'node_modules/.cache/compile');

export default defineConfig({
  test: {
    env: { NODE_COMPILE_CACHE: compileCache },
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
