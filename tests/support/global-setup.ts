import { rmSync } from 'node:fs';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { instanceDir, stackDown, stackEnv, stackStatus, stackUp } from '../../stack/index.ts';
import { keptLogsVariable } from './records/kept-logs.ts';
import { dropLease, markStartedByTests, otherLeases, takeLease, takeMark } from './servers/lease.ts';
import { sweepLeftovers } from './servers/leftovers.ts';

const LOCK_WAIT_MS = 90_000;

/** Addresses of the servers of the tests. */
export interface TestStack {
  name: string;
  kafkaBrokers: string;
  schemaRegistryUrl: string;
  mysqlUrl: string;
  redisUrl: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    stack: TestStack;
  }
}

/**
 * Starts the instance `test` (or the one that ORDERSTREAM_TEST_STACK names). The teardown stops the instance
 * unless it ran before.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const name = process.env['ORDERSTREAM_TEST_STACK'] || 'test';
  const dir = instanceDir(name);
  takeLease(dir);
  try {
    const ranBefore = await isUp(name);
    const info = await stackUp({ name, lockWaitMs: LOCK_WAIT_MS });
    if (!ranBefore) {
      markStartedByTests(dir);
      if (otherLeases(dir) === 0) await sweepLeftovers(info.kafkaBrokers, info.mysqlUrl);
    }
    Object.assign(process.env, stackEnv(info));
    keepLogs(path.join(dir, 'test-logs'));
    const { kafkaBrokers, schemaRegistryUrl, mysqlUrl, redisUrl } = info;
    project.provide('stack', { name, kafkaBrokers, schemaRegistryUrl, mysqlUrl, redisUrl });
  } catch (error) {
    dropLease(dir);
    throw error;
  }
  return async () => {
    dropLease(dir);
    const unless = (): boolean => otherLeases(dir) > 0 || !takeMark(dir);
    await stackDown(name, { lockWaitMs: LOCK_WAIT_MS, unless });
  };
}

/** `npm test` sets a folder and searches it; otherwise the folder keeps the lines of the last run. */
function keepLogs(dir: string): void {
  if (process.env[keptLogsVariable]) return;
  rmSync(dir, { recursive: true, force: true });
  process.env[keptLogsVariable] = dir;
}

async function isUp(name: string): Promise<boolean> {
  try {
    return (await stackStatus(name)).every((row) => row.answers);
  } catch {
    // There is no such instance yet, so it did not run.
    return false;
  }
}
