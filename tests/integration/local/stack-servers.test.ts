import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import mysql from 'mysql2/promise';
import { afterEach, expect, test } from 'vitest';
import {
  instanceDir,
  runningNames,
  type StackInfo,
  stackDown,
  stackReset,
  stackStatus,
  stackUp,
} from '../../../stack/index.ts';
import { kafkaClient, testStack, unique } from '../../support/servers/stack.ts';

/** Servers in the environment would replace the stack's own, so each test sets its servers. */
const NONE: NodeJS.ProcessEnv = {};
const name = unique('t-stack-');
const poolMb = { mysqlPoolMb: 64 };

afterEach(async () => {
  if (existsSync(instanceDir(name))) await stackReset(name);
});

test('starts four servers once, refuses a concurrent second start, keeps the data, and leaves nothing behind', async () => {
  await stackUp({ name, ...poolMb, env: onlyRedisIsOurs() }).then(() => stackDown(name));
  beginClusterIdWithDash();
  const first = stackUp({ name, ...poolMb, env: NONE });
  await expect(stackUp({ name, env: NONE })).rejects.toThrow(/is being started or stopped by process \d+/);
  const info = await first;
  expect((await stackStatus(name, NONE)).map((row) => row.answers)).toEqual([true, true, true, true]);
  await leaveTraces(info);

  await stackDown(name);
  expect(runningNames(instanceDir(name))).toEqual([]);
  expect((await stackStatus(name, NONE)).map((row) => row.answers)).toEqual([false, false, false, false]);

  const again = await stackUp({ name, env: NONE });
  expect(again).toEqual(info);
  expect(await findTraces(again)).toEqual({ topic: true, subject: true, row: 42 });

  await stackReset(name);
  expect(existsSync(instanceDir(name))).toBe(false);
}, 120_000);

test('names the port that is in use, and leaves nothing running', async () => {
  await stackUp({ name, ...poolMb, env: onlyRedisIsOurs() }).then(() => stackDown(name));
  const port = Number(new URL((await stackStatus(name, NONE))[3]?.address ?? '').port);
  const squatter = net.createServer();
  await new Promise<void>((resolve) => squatter.listen({ host: '127.0.0.1', port }, resolve));
  await expect(stackUp({ name, env: NONE })).rejects.toThrow(
    `Port ${port} on 127.0.0.1, which redis of instance`,
  );
  expect(runningNames(instanceDir(name))).toEqual([]);
  await new Promise((resolve) => squatter.close(resolve));
});

test('uses servers that the environment names, and starts only the others', async () => {
  const info = await stackUp({ name, ...poolMb, env: onlyRedisIsOurs() });
  expect(runningNames(instanceDir(name))).toEqual(['redis']);
  expect(info.kafkaBrokers).toBe(testStack().kafkaBrokers);
});

test('names the variable whose server does not answer', async () => {
  const env = { ...onlyRedisIsOurs(), SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' };
  await expect(stackUp({ name, ...poolMb, env })).rejects.toThrow(
    /SCHEMA_REGISTRY_URL names did not answer within/,
  );
  expect(runningNames(instanceDir(name))).toEqual([]);
});

/** One of 64 random ids begins with a dash. Kafka's tool then reads the id as an option. */
function beginClusterIdWithDash(): void {
  const file = path.join(instanceDir(name), 'instance.json');
  const instance = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...instance, clusterId: `-${instance.clusterId.slice(1)}` }));
}

function onlyRedisIsOurs(): NodeJS.ProcessEnv {
  const { kafkaBrokers, schemaRegistryUrl, mysqlUrl } = testStack();
  return { KAFKA_BROKERS: kafkaBrokers, SCHEMA_REGISTRY_URL: schemaRegistryUrl, MYSQL_URL: mysqlUrl };
}

async function leaveTraces(info: StackInfo): Promise<void> {
  const admin = kafkaClient(info.kafkaBrokers).admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic: 'trace', numPartitions: 1 }] });
  await admin.disconnect();
  const response = await fetch(`${info.schemaRegistryUrl}/subjects/trace/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema: '"string"' }),
  });
  expect(response.status).toBe(200);
  await withDatabase(info, async (connection) => {
    await connection.query('CREATE DATABASE os_trace');
    await connection.query('CREATE TABLE os_trace.trace (n INT)');
    await connection.query('INSERT INTO os_trace.trace VALUES (42)');
  });
}

async function findTraces(info: StackInfo): Promise<{ topic: boolean; subject: boolean; row: unknown }> {
  const admin = kafkaClient(info.kafkaBrokers).admin();
  await admin.connect();
  const topic = (await admin.listTopics()).includes('trace');
  await admin.disconnect();
  const subjects = (await (await fetch(`${info.schemaRegistryUrl}/subjects`)).json()) as string[];
  const row = await withDatabase(info, async (connection) => {
    const [rows] = await connection.query<mysql.RowDataPacket[]>('SELECT n FROM os_trace.trace');
    return rows[0]?.['n'];
  });
  return { topic, subject: subjects.includes('trace'), row };
}

async function withDatabase<T>(
  info: StackInfo,
  work: (connection: mysql.Connection) => Promise<T>,
): Promise<T> {
  const url = new URL(info.mysqlUrl);
  url.pathname = '/';
  const connection = await mysql.createConnection(url.href);
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
}
