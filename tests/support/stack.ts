import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, inject, type RunnerTestSuite } from 'vitest';
import { calmRequestQueues } from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { migrate } from '../../services/shared/mysql/index.ts';
import type { TestStack } from './global-setup.ts';

export type { TestStack } from './global-setup.ts';
export { until } from './until.ts';

/** The servers of this run; only in tests below tests/. */
export function testStack(): TestStack {
  return inject('stack');
}

/** A word that nobody else uses: for groups, customers, keys. Lower-case letters and digits. */
export function unique(word: string): string {
  return `${word}${randomBytes(5).toString('hex')}`;
}

/**
 * A topic prefix of this file's own. After the file's tests its topics are deleted, unless one failed:
 * then they stay, to be looked at.
 */
export function useTopicPrefix(room: string): string {
  const prefix = `${unique(`t-${room}-`)}.`;
  afterwards(() => deleteTopics(testStack().kafkaBrokers, prefix));
  return prefix;
}

export interface TestDatabase {
  name: string;
  url: string;
}

/**
 * A database of this file's own, migrated before its tests and dropped after them, unless one failed. Call it at the
 * top of the file; the returned function gives the database inside hooks and tests.
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
    if (!database) throw new Error('the database is there only inside hooks and tests');
    return database;
  };
}

/** A migrated database that its caller drops (`dropDatabase`). */
export async function createTestDatabase(room: string): Promise<TestDatabase> {
  const name = `os_${unique(`t_${room.replaceAll(/[^a-z0-9]/g, '_')}_`)}`;
  const url = new URL(testStack().mysqlUrl);
  url.pathname = `/${name}`;
  await migrate({
    url: url.href,
    log: createLogger({ service: 'tests', level: 'error', instanceId: 'tests' }),
  });
  return { name, url: url.href };
}

export async function dropDatabase(name: string): Promise<void> {
  const url = new URL(testStack().mysqlUrl);
  url.pathname = '/';
  const connection = await mysql.createConnection(url.href);
  try {
    await connection.query(`DROP DATABASE IF EXISTS \`${name}\``);
  } finally {
    await connection.end();
  }
}

/** A plain kafkajs client, for looking from outside; the product's own room is services/shared/kafka. */
export function kafkaClient(brokers = testStack().kafkaBrokers): Kafka {
  calmRequestQueues();
  return new Kafka({ clientId: 'tests', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
}

/** Deletes every topic, whose name starts with the prefix. */
export async function deleteTopics(brokers: string, prefix: string): Promise<void> {
  const admin = kafkaClient(brokers).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}

function afterwards(cleanUp: () => Promise<void>): void {
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameter's text and wants a pattern there.
  afterAll(async ({}, suite) => {
    if (!hasFailed(suite)) await cleanUp();
  });
}

function hasFailed(suite: Readonly<RunnerTestSuite>): boolean {
  return suite.tasks.some((task) =>
    task.type === 'suite' ? hasFailed(task) : task.result?.state === 'fail',
  );
}
