/** Old deliveries are deleted, and neither the sender nor reconciliation reports a loss. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startRetention } from '../../../services/notification/retention.ts';
import { eventOf } from '../../../services/notification/testing/events.ts';
import { deliveriesCheck } from '../../../services/reconciliation/checks/deliveries.ts';
import { createPace } from '../../../services/reconciliation/checks/pace.ts';
import { createTally } from '../../../services/reconciliation/findings/tally.ts';
import { createMemory } from '../../../services/reconciliation/matching/recent-outcomes.ts';
import { systemClock } from '../../../services/shared/clock/index.ts';
import { createMetrics, type Metrics } from '../../../services/shared/metrics/index.ts';
import { createMysql, type Mysql, readNowMs } from '../../../services/shared/mysql/index.ts';
import { EVENTS } from '../../../topics/index.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { until, useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('notification-retention');
const dayMs = 86_400_000;
const keepMs = 30 * dayMs;
const endpoint = 'e1';
/** The database's time when the tests began. */
let nowMs: number;
let oldMs: number;
let mysql: Mysql;
let metrics: Metrics;

beforeAll(async () => {
  mysql = createMysql({ url: database().url, log: quietLog });
  nowMs = await readNowMs(mysql.pool);
  oldMs = nowMs - keepMs - 3_600_000;
});
afterEach(() => vi.restoreAllMocks());
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
    log: quietLog,
    metrics,
  });
}

/** Waits for the end of the passes, after which the oldest remaining row is reported. */
async function passed(): Promise<void> {
  await until(() => metrics.text().then((text) => /^\S*notification_oldest_row_seconds\S* \d/m.test(text)), {
    what: 'a pass over old deliveries',
  });
}

it('deletes old finished rows, in many chunks, and keeps young or pending ones', async () => {
  await addRows('PENDING', oldMs, ['0-due']);
  for (const [n, status] of ['DELIVERED', 'FAILED', 'HELD', 'DROPPED'].entries()) {
    await addRows(status, oldMs, idsOf(n, 25));
  }
  await addRows('PENDING', oldMs, ['1-due']);
  await addRows('DELIVERED', nowMs - keepMs + 3_600_000, ['9-young']);
  const retention = start();
  await passed();
  await retention.stop();
  expect(await idsLeft()).toEqual(['0-due', '1-due', '9-young']);
  expect(await metrics.text()).toMatch(/notification_rows_deleted_total\S* 100\b/);
  const oldest = /^\S*notification_oldest_row_seconds\S* (\S+)/m.exec(await metrics.text());
  expect(Number(oldest![1])).toBeGreaterThanOrEqual((nowMs - oldMs) / 1_000);
  expect(Number(oldest![1])).toBeLessThan((nowMs - oldMs) / 1_000 + 600);
});

it('deletes pending rows of a paused endpoint only', async () => {
  await mysql.pool.write(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, paused_at_ms, created_at_ms, updated_at_ms)
     VALUES ('paused', 'c1', 'https://shop.example.com/', 'whsec_a', 1, 1, 1)`,
  );
  await addRows('PENDING', oldMs, ['0-waits', '1-due']);
  await addRows('PENDING', nowMs, ['2-young']);
  await mysql.pool.write(
    "UPDATE notification_deliveries SET endpoint_id = 'paused' WHERE event_id IN ('0-waits', '2-young')",
  );
  const retention = start();
  await passed();
  await retention.stop();
  expect(await idsLeft()).toEqual(['1-due', '2-young']);
});

it('runs in one instance at a time', async () => {
  await addRows('DELIVERED', oldMs, idsOf(0, 200));
  const both = [start(), start()];
  await until(async () => (await idsLeft()).length === 0, { what: 'everything old being deleted' });
  await Promise.all(both.map((one) => one.stop()));
  expect(await metrics.text()).toMatch(/notification_rows_deleted_total\S* 200\b/);
});

it('announces how far it will delete before it deletes a row', async () => {
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
  await expectMarkOfNow();
});

/** The deleted rows end at the retention age, by the database's clock. */
async function expectMarkOfNow(): Promise<void> {
  const [row] = await mysql.pool.rows<{ deleted_before_ms: number }>(
    'SELECT deleted_before_ms FROM notification_retention WHERE id = 1',
  );
  expect(row!.deleted_before_ms).toBeGreaterThanOrEqual(nowMs - keepMs);
  expect(row!.deleted_before_ms).toBeLessThan(nowMs - keepMs + 600_000);
}

it('deletes no young row if the clock of its process is 40 days ahead', async () => {
  await addRows('DELIVERED', oldMs, ['0-old']);
  await addRows('DELIVERED', nowMs - 3_600_000, idsOf(1, 5));
  const realNow = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 40 * dayMs);
  const retention = start();
  await passed();
  await retention.stop();
  expect(await idsLeft()).toEqual(idsOf(1, 5));
  await expectMarkOfNow();
});

it('lowers a deletion time in the future', async () => {
  await mysql.pool.write('UPDATE notification_retention SET deleted_before_ms = ?', [nowMs + 10 * dayMs]);
  await addRows('DELIVERED', oldMs, ['0-old']);
  const retention = start();
  await passed();
  await retention.stop();
  expect(await idsLeft()).toEqual([]);
  await expectMarkOfNow();
});

/**
 * Runs reconciliation with one endpoint that subscribed to these events. Returns the subjects of its
 * findings.
 */
async function missedOf(occurredAt: readonly number[]): Promise<string[]> {
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
  for (const [offset, atMs] of occurredAt.entries()) memory.note(eventOf(0, offset, { occurredAt: atMs }));
  const check = deliveriesCheck({ mysql: mysql.pool, memory, pace: createPace(systemClock, () => 0) });
  const tally = createTally([], 100);
  await check.run([], tally, new AbortController().signal);
  return tally.kept().map(({ subject }) => subject);
}

it('causes no finding in reconciliation, but a lost row still causes one', async () => {
  await addRows('DELIVERED', oldMs, ['0-0']);
  await addRows('DELIVERED', nowMs - 3_600_000, ['0-1']);
  const retention = start();
  await passed();
  await retention.stop();
  expect(await idsLeft()).toEqual(['0-1']);
  expect(await missedOf([oldMs, nowMs - 3_600_000, nowMs - 3_600_000])).toEqual(['0-2/e1']);
});

it('hides no lost row if the deletion time is in the future', async () => {
  await mysql.pool.write('UPDATE notification_retention SET deleted_before_ms = ?', [nowMs + 10 * dayMs]);
  await addRows('DELIVERED', nowMs - 3_600_000, ['0-0']);
  expect(await missedOf([nowMs - 3_600_000, nowMs - 3_600_000])).toEqual(['0-1/e1']);
});
