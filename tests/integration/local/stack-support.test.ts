import mysql from 'mysql2/promise';
import { expect, test } from 'vitest';
import { kafkaClient, testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('support');
const database = useDatabase('support');

test('gives each file its own migrated database', async () => {
  const connection = await mysql.createConnection(database().url);
  const [tables] = await connection.query<mysql.RowDataPacket[]>('SHOW TABLES');
  await connection.end();
  expect(tables.flatMap((row) => Object.values(row))).toEqual(
    expect.arrayContaining(['orders', 'lane_positions', 'schema_migrations']),
  );
});

test('returns servers that answer', async () => {
  const { kafkaBrokers, schemaRegistryUrl } = testStack();
  expect((await fetch(`${schemaRegistryUrl}/subjects`)).status).toBe(200);
  const admin = kafkaClient(kafkaBrokers).admin();
  await admin.connect();
  // Waiting for leaders inside kafkajs fails for a topic that is not in the metadata yet.
  await admin.createTopics({
    waitForLeaders: false,
    topics: [{ topic: `${prefix}probe`, numPartitions: 1 }],
  });
  const seen = await until(async () => (await admin.listTopics()).includes(`${prefix}probe`), {
    what: 'the topic',
  });
  await admin.disconnect();
  expect(seen).toBe(true);
});
