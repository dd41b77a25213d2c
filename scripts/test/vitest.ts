import { createVitest, type TestModule } from 'vitest/node';
import { whenOutputIsLost } from '../../services/shared/lifecycle/lost-output.ts';

export interface Counts {
  passed: number;
  failed: number;
  failures: string[];
}

/**
 * Runs both projects of vitest.config.ts in this process. A file that does not load counts as one failure. So
 * do an error outside any test, and servers that do not start. So a run without tests cannot look like success.
 */
export async function runVitest(filters: string[]): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, failures: [] };
  const fail = (name: string): void => {
    counts.failed += 1;
    counts.failures.push(name);
  };
  const vitest = await createVitest('test', {
    watch: false,
    run: true,
    reporters: ['default', { onTestModuleQueued: () => interrupt.begun() }],
  });
  const interrupt = createInterrupt(() => void vitest.cancelCurrentRun('keyboard-input'));
  whenOutputIsLost((why) => {
    fail(why);
    console.error(`npm test: ${why}, so the tests are stopped`);
    interrupt.now();
  });
  try {
    await vitest.start(filters);
    for (const module of vitest.state.getTestModules()) countModule(module, counts, fail);
    for (const error of vitest.state.getUnhandledErrors()) fail(`outside any test: ${messageOf(error)}`);
  } catch (error) {
    fail(`the tests could not run: ${messageOf(error)}`);
  } finally {
    await vitest.close().catch((error) => fail(`the servers could not be stopped: ${messageOf(error)}`));
  }
  return counts;
}

/**
 * A Ctrl-C ends the tests, not the process, because the servers must still be stopped. While the servers start,
 * a cancel would make vitest skip their teardown. So a Ctrl-C then takes effect with the first file.
 */
function createInterrupt(cancel: () => void): { begun: () => void; now: () => void } {
  let wanted = false;
  let running = false;
  const onSignal = (): void => {
    wanted = true;
    if (running) cancel();
  };
  // This removes vitest's own listeners, which would end the process.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(name).on(name, onSignal);
  return {
    now: onSignal,
    begun() {
      running = true;
      if (wanted) cancel();
    },
  };
}

function countModule(module: TestModule, counts: Counts, fail: (name: string) => void): void {
  let failures = 0;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === 'passed') counts.passed += 1;
    if (state === 'failed') {
      failures += 1;
      fail(`${module.relativeModuleId} > ${test.fullName}`);
    }
    if (state === 'pending') {
      failures += 1;
      fail(`${module.relativeModuleId} > ${test.fullName} did not run`);
    }
  }
  if (!module.ok() && failures === 0) fail(`${module.relativeModuleId}: the file could not be run`);
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : String(error);
}
