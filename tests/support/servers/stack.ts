import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, inject, type RunnerTestSuite } from 'vitest';
import { migrate } from '../../../services/orders-db/index.ts';
import { createLogger } from '../../../services/shared/log/index.ts';
import type { TestStack } from '../global-setup.ts';
import { DATABASE_MARK, deleteTopics, dropDatabases, TOPIC_MARK } from './leftovers.ts';

export type { TestStack } from '../global-setup.ts';
export { until } from '../until.ts';
export { kafkaClient } from './leftovers.ts';

/** The servers of this run. Only tests below tests/ can use this. */
export function testStack(): TestStack {
  return inject('stack');
}

/** A unique word of lower-case letters and digits, for groups, customers and keys. */
export function unique(word: string): string {
  return `${word}${randomBytes(5).toString('hex')}`;
}

/**
 * A topic prefix for this file. After its tests the topics are deleted. If a test failed, they remain for
 * inspection.
 */
export function useTopicPrefix(room: string): string {
  const prefix = `${unique(`${TOPIC_MARK}${room}-`)}.`;
  afterwards(() => deleteTopics(testStack().kafkaBrokers, prefix));
  return prefix;
}

export interface TestDatabase {
  name: string;
  url: string;
}

/**
 * A database for this file, migrated before its tests and dropped after them, unless one failed. Call this at
 * the top of the file. The returned function returns the database inside hooks and tests.
 */
export function useDatabase(room: string): () => TestDatabase {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createTestDatabase(room);
  });
  afterwards(async () => {
    if (database) await dropDatabase(database.name);
  });
  return () => {
    if (!database) throw new Error('the database exists only inside hooks and tests');
    return database;
  };
}

/** A migrated database that the caller must drop (`dropDatabase`). */
export async function createTestDatabase(room: string): Promise<TestDatabase> {
  const name = unique(`${DATABASE_MARK}${room.replaceAll(/[^a-z0-9]/g, '_')}_`);
  const url = new URL(testStack().mysqlUrl);
  url.pathname = `/${name}`;
  await migrate({
    url: url.href,
    log: createLogger({ service: 'tests', level: 'error', instanceId: 'tests' }),
  });
  return { name, url: url.href };
}

export function dropDatabase(name: string): Promise<void> {
  return dropDatabases(testStack().mysqlUrl, name);
}

function afterwards(cleanUp: () => Promise<void>): void {
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameter's text and needs a pattern.
  afterAll(async ({}, suite) => {
    if (!hasFailed(suite)) await cleanUp();
  });
}

function hasFailed(suite: Readonly<RunnerTestSuite>): boolean {
  return suite.tasks.some((task) =>
    task.type === 'suite' ? hasFailed(task) : task.result?.state === 'fail',
  );
}
