import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventOf } from '../../services/notification/testing/events.ts';
import { type Receiver, startReceiver } from '../../services/notification/testing/receiver.ts';
import { PARTITIONS } from '../../topics/index.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../support/stack.ts';
import { openSubscriberWorld, type SubscriberWorld } from '../support/subscribers.ts';

const database = useDatabase('notification-faults');
const prefix = useTopicPrefix('notification-faults');
const perPartition = 40;
const children: ChildProcess[] = [];
let world: SubscriberWorld;
let db: Connection;
let receiver: Receiver;

beforeAll(async () => {
  world = await openSubscriberWorld(prefix);
  db = await mysql.createConnection(database().url);
  receiver = await startReceiver();
  await db.query(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
     VALUES ('all', '*', ?, ?, 1, 1)`,
    [receiver.url, `whsec_${Buffer.alloc(24, 1).toString('base64')}`],
  );
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await receiver.close();
  await world.close();
  await db.end();
});

function startProcess(): ChildProcess {
  const stack = testStack();
  const child = spawn(process.execPath, ['services/notification/main.ts'], {
    env: {
      KAFKA_BROKERS: stack.kafkaBrokers,
      KAFKA_TOPIC_PREFIX: prefix,
      SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl,
      MYSQL_URL: database().url,
      LOG_LEVEL: 'error',
      WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1',
      WEBHOOK_TIMEOUT: '1s',
      WEBHOOK_RETRY_DELAYS: Array(20).fill('100ms').join(','),
      HOST_REST: '100ms',
    },
    stdio: 'ignore',
  });
  children.push(child);
  return child;
}

async function countOf(where: string): Promise<number> {
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS n FROM notification_deliveries WHERE ${where}`,
  );
  return Number(rows[0]!.n);
}

async function byStatus(): Promise<Record<string, number>> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT status, last_error, COUNT(*) AS n FROM notification_deliveries GROUP BY status, last_error',
  );
  return Object.fromEntries(
    rows.map((row) => [[row.status, row.last_error].filter(Boolean).join(': '), Number(row.n)]),
  );
}

it('reaches a misbehaving receiver with every event, while senders are killed and come back', async () => {
  // Every third post: an error, a reset, silence, or "taken" with the connection cut before the answer.
  const misbehave = [
    (response: import('node:http').ServerResponse) => response.writeHead(500).end(),
    (response: import('node:http').ServerResponse) => response.socket?.resetAndDestroy(),
    () => undefined,
    (response: import('node:http').ServerResponse) => response.writeHead(429, { 'retry-after': '0' }).end(),
  ];
  let posts = 0;
  const taken = new Map<string, number>();
  receiver.answerWith((one, response) => {
    const turn = ++posts;
    // Taken all the same: whoever answers with a reset may have written it down before.
    taken.set(one.headers['webhook-id']!, (taken.get(one.headers['webhook-id']!) ?? 0) + 1);
    if (turn % 3 === 0) misbehave[(turn / 3) % misbehave.length]!(response);
    else response.writeHead(200).end();
  });
  const events = Array.from({ length: PARTITIONS }, (_, partition) =>
    Array.from({ length: perPartition }, (_, offset) => eventOf(partition, offset)),
  ).flat();

  const victim = startProcess();
  startProcess();
  await world.produceEvents(events.filter((event) => event.sourceOffset < perPartition / 2));
  await until(() => taken.size > 60, { what: 'the first deliveries' });
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  startProcess();
  await world.produceEvents(events.filter((event) => event.sourceOffset >= perPartition / 2));

  const isDone = async (): Promise<boolean> => (await countOf("status = 'DELIVERED'")) === events.length;
  await until(isDone, { what: 'every delivery', deadlineMs: 60_000 }).catch(async (cause: unknown) => {
    expect(await byStatus()).toEqual({ DELIVERED: events.length });
    throw cause;
  });
  expect(await countOf('1 = 1')).toBe(events.length);
  expect(new Set(taken.keys())).toEqual(new Set(events.map((event) => event.eventId)));
  const [survivor] = children.slice(-1);
  survivor!.kill('SIGTERM');
  const [code] = (await once(survivor!, 'exit')) as [number | null];
  expect(code).toBe(0);
}, 120_000);
