import mysql from 'mysql2/promise';
import { expect, test } from 'vitest';
import { kafkaClient, testStack, until, useDatabase, useTopicPrefix } from '../support/stack.ts';

const prefix = useTopicPrefix('support');
const database = useDatabase('support');

test('gives each file a migrated database of its own', async () => {
  const connection = await mysql.createConnection(database().url);
  const [tables] = await connection.query<mysql.RowDataPacket[]>('SHOW TABLES');
  await connection.end();
  expect(tables.flatMap((row) => Object.values(row))).toEqual(
    expect.arrayContaining(['orders', 'lane_positions', 'schema_migrations']),
  );
});

test('gives servers that answer', async () => {
  const { schemaRegistryUrl } = testStack();
  expect((await fetch(`${schemaRegistryUrl}/subjects`)).status).toBe(200);
  const admin = kafkaClient().admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: `${prefix}probe`, numPartitions: 1 }] });
  const seen = await until(async () => (await admin.listTopics()).includes(`${prefix}probe`), {
    what: 'the topic',
  });
  await admin.disconnect();
  expect(seen).toBe(true);
});
