import { Kafka, logLevel } from 'kafkajs';
import mysql from 'mysql2/promise';
import { calmRequestQueues } from '../../../services/shared/kafka/index.ts';

/**
 * The prefixes of topics and databases of tests. With them the next run finds the leftovers of failed tests.
 */
export const TOPIC_MARK = 't-';
export const DATABASE_MARK = 'os_t_';

/**
 * Deletes topics and databases that failed tests of earlier runs left for inspection. Hundreds of partitions
 * slow Kafka's start.
 */
export async function sweepLeftovers(kafkaBrokers: string, mysqlUrl: string): Promise<void> {
  await Promise.all([deleteTopics(kafkaBrokers, TOPIC_MARK), dropDatabases(mysqlUrl, DATABASE_MARK)]);
}

/** A plain kafkajs client for checks from outside. The product's own clients are in services/shared/kafka. */
export function kafkaClient(brokers: string): Kafka {
  calmRequestQueues();
  return new Kafka({ clientId: 'tests', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
}

/** Deletes every topic with the prefix. */
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

/** Drops every database with the prefix. */
export async function dropDatabases(mysqlUrl: string, prefix: string): Promise<void> {
  const url = new URL(mysqlUrl);
  url.pathname = '/';
  const connection = await mysql.createConnection(url.href);
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>('SHOW DATABASES');
    const names = rows.map((row) => String(row['Database'])).filter((name) => name.startsWith(prefix));
    for (const name of names) await connection.query(`DROP DATABASE IF EXISTS \`${name}\``);
  } finally {
    await connection.end();
  }
}
