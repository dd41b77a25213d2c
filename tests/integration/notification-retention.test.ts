/** Old deliveries are deleted, and nobody takes that for a loss: not the sender, not reconciliation. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startRetention } from '../../services/notification/retention.ts';
import { eventOf } from '../../services/notification/testing/events.ts';
import { deliveriesCheck } from '../../services/reconciliation/checks/deliveries.ts';
import { createPace } from '../../services/reconciliation/checks/pace.ts';
import { createTally } from '../../services/reconciliation/findings/tally.ts';
import { createMemory } from '../../services/reconciliation/memory.ts';
import { systemClock } from '../../services/shared/clock/index.ts';
import { createMetrics, type Metrics } from '../../services/shared/metrics/index.ts';
import { createMysql, type Mysql } from '../../services/shared/mysql/index.ts';
import { EVENTS } from '../../topics/index.ts';
import { quietLog } from '../support/kafka.ts';
import { until, useDatabase } from '../support/stack.ts';

const database = useDatabase('notification-retention');
const nowMs = 1_800_000_000_000;
const keepMs = 30 * 86_400_000;
const oldMs = nowMs - keepMs - 3_600_000;
const endpoint = 'e1';
let mysql: Mysql;
let metrics: Metrics;

beforeAll(() => {
  mysql = createMysql({ url: database().url, log: quietLog });
});
afterAll(() => mysql.close());
beforeEach(async () => {
  metrics = createMetrics({ service: 'test', defaults: false });
  for (const table of ['notification_deliveries', 'webhook_endpoints', 'notification_positions']) {
    await mysql.pool.write(`DELETE FROM ${table}`);
  }
  await mysql.pool.write('UPDATE notification_retention SET deleted_before_ms = 0');
});

async function addRows(status: string, createdAtMs: number, eventIds: readonly string[]): Promise<void> {
  await mysql.pool.write(
    `INSERT INTO notification_deliveries
       (event_id, endpoint_id, order_id, order_version, event_type, status, due_at_ms, payload, created_at_ms)
     VALUES ${eventIds.map(() => '(?, ?, ?, 1, ?, ?, 0, ?, ?)').join(', ')}`,
    eventIds.flatMap((id) => [id, endpoint, Buffer.alloc(16), 'order.accepted', status, '{}', createdAtMs]),
  );
}

const idsOf = (partition: number, count: number) =>
  Array.from({ length: count }, (_, n) => `${partition}-${n}`);

async function idsLeft(): Promise<string[]> {
  const rows = await mysql.pool.rows<{ event_id: string }>('SELECT event_id FROM notification_deliveries');
  return rows.map((row) => row.event_id).sort();
}

function start(pool = mysql.pool) {
  return startRetention({
    pool,
    limits: { keepMs, everyMs: 20, chunkRows: 10, pauseMs: 1 },
    clock: { nowMs: () => nowMs, monotonicMs: () => performance.now() },
    log: quietLog,
    metrics,
  });
}

/** Passes are over when the oldest row that is left has been told. */
async function passed(): Promise<void> {
  await until(() => metrics.text().then((text) => /notification_oldest_row_seconds\S* /.test(text)), {
    what: 'a pass over old deliveries',
  });
}

it('deletes what is old and done, over many pieces, and leaves what is young or still to be sent', async () => {
  await addRows('PENDING', oldMs, ['0-due']);
  for (const [n, status] of ['DELIVERED', 'FAILED', 'HELD', 'DROPPED'].entries()) {
    await addRows(status, oldMs, idsOf(n, 25));
  }
  await addRows('PENDING', oldMs, ['1-due']);
  await addRows('DELIVERED', nowMs - keepMs, ['9-young']);
  const retention = start();
  await passed();
  await retention.stop();
  expect(await idsLeft()).toEqual(['0-due', '1-due', '9-young']);
  expect(await metrics.text()).toMatch(/notification_rows_deleted_total\S* 100\b/);
  expect(await metrics.text()).toMatch(
    new RegExp(`notification_oldest_row_seconds\\S* ${(nowMs - oldMs) / 1_000}\\b`),
  );
});

it('is the work of one instance at a time', async () => {
  await addRows('DELIVERED', oldMs, idsOf(0, 200));
  const both = [start(), start()];
  await until(async () => (await idsLeft()).length === 0, { what: 'everything old being deleted' });
  await Promise.all(both.map((one) => one.stop()));
  expect(await metrics.text()).toMatch(/notification_rows_deleted_total\S* 200\b/);
});

it('says how far it will have deleted before it deletes anything', async () => {
  await addRows('DELIVERED', oldMs, idsOf(0, 5));
  const writes: string[] = [];
  const pool: Mysql['pool'] = {
    ...mysql.pool,
    write(sql, params) {
      writes.push(sql.trim().split(/\s/)[0]!);
      return mysql.pool.write(sql, params);
    },
  };
  const retention = start(pool);
  await passed();
  await retention.stop();
  expect(writes.slice(0, 2)).toEqual(['UPDATE', 'DELETE']);
  const [row] = await mysql.pool.rows<{ deleted_before_ms: number }>(
    'SELECT deleted_before_ms FROM notification_retention WHERE id = 1',
  );
  expect(row!.deleted_before_ms).toBe(nowMs - keepMs);
});

it('makes no finding in reconciliation, where a row that is lost still does', async () => {
  await mysql.pool.write(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
     VALUES (?, '*', 'https://example.org/', 'whsec_', 1, 1)`,
    [endpoint],
  );
  await mysql.pool.write(
    'INSERT INTO notification_positions (topic, partition_id, last_source_offset, updated_at_ms) VALUES (?, 0, 99, 0)',
    [EVENTS],
  );
  const memory = createMemory({ ordersMax: 100, eventsMax: 100 });
  for (const [offset, occurredAt] of [oldMs, nowMs - 3_600_000, nowMs - 3_600_000].entries()) {
    memory.note(eventOf(0, offset, { occurredAt }));
  }
  await addRows('DELIVERED', oldMs, ['0-0']);
  await addRows('DELIVERED', nowMs - 3_600_000, ['0-1']);
  const retention = start();
  await passed();
  await retention.stop();
  expect(await idsLeft()).toEqual(['0-1']);
  const check = deliveriesCheck({ mysql: mysql.pool, memory, pace: createPace(systemClock, 0) });
  const tally = createTally([], 100);
  await check.run([], tally, new AbortController().signal);
  expect(tally.kept().map(({ subject }) => subject)).toEqual(['0-2/e1']);
});
