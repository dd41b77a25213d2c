/**
 * Ingestion has a wrong wall clock. It still writes the database's time into rows of webhooks and records of
 * commands.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCommittedRange } from '../../../services/shared/kafka/index.ts';
import { readNowMs } from '../../../services/shared/mysql/index.ts';
import { COMMANDS, partitionOfOrder } from '../../../topics/index.ts';
import { type ApiProcess, spawnApi } from '../../support/api/api-process.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { preloaded } from '../../support/preload/index.ts';
import { quietLog, testSettings } from '../../support/records/kafka.ts';
import { unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('ingestion-clock');
const database = useDatabase('ingestion-clock');
const dayMs = 86_400_000;
/** If its clock were further behind, ingestion would refuse the tokens of the test. */
const behindMs = dayMs / 4;
let world: ApiWorld;
let api: ApiProcess;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  api = await spawnApi({ ...world.env, ...preloaded(['clock']), CLOCK_START_MS: String(-behindMs) });
});
afterAll(async () => {
  await api.end('SIGKILL');
  await world.close();
});

it('gives endpoints, secrets, redeliveries and commands the time of the database', async () => {
  const { pool } = world.arena.mysql;
  const client = world.clientOf(api, 'c1', ['webhooks:manage', 'orders:write']);
  const startMs = await readNowMs(pool);
  const made = await client.POST('/v1/webhook-endpoints', { body: { url: 'https://shop.example.com/' } });
  const path = { id: made.data!.id };
  const rotated = await client.POST('/v1/webhook-endpoints/{id}/rotate', { params: { path } });
  await pool.write(
    `INSERT INTO notification_deliveries
       (event_id, endpoint_id, order_id, order_version, event_type, status, due_at_ms, payload, created_at_ms)
     VALUES ('0-1', ?, ?, 1, 'order.accepted', 'FAILED', 1, '{}', ?)`,
    [path.id, Buffer.alloc(16), startMs],
  );
  const span = { from: new Date(startMs).toISOString(), to: new Date(startMs + 1).toISOString() };
  const again = await client.POST('/v1/webhook-endpoints/{id}/redeliver', { params: { path }, body: span });
  expect(again.data).toEqual({ count: 1 });
  const placed = await client.POST('/v1/orders', { params: placeHeaders(unique('k')), body: orderOf() });
  const [record] = await readCommittedRange({
    settings: testSettings(prefix),
    topic: COMMANDS,
    partition: partitionOfOrder(placed.data!.id),
    from: 0n,
    to: 1n,
    log: quietLog,
  });

  const [row] = await pool.rows<Record<string, number>>(
    `SELECT e.created_at_ms AS created, e.updated_at_ms AS updated, e.previous_until_ms - ? AS previous, d.due_at_ms AS due,
       (SELECT MAX(at_ms) FROM audit_log) AS audited
     FROM webhook_endpoints e JOIN notification_deliveries d USING (endpoint_id)`,
    [dayMs],
  );
  const previousMs = Date.parse(rotated.data!.previousSecretUntil!) - dayMs;
  const times = { ...row, shown: previousMs, record: record!.timestampMs };
  const endMs = await readNowMs(pool);
  const wrong = Object.entries(times).filter(([, atMs]) => atMs < startMs - 100 || atMs > endMs + 100);
  expect(wrong).toEqual([]);
  expect(Object.keys(times)).toHaveLength(7);
}, 60_000);
