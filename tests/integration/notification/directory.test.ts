/**
 * The directory of endpoints with very many rows. It has no limit, and the cost of a change depends on its
 * size only.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDeliveryQueue } from '../../../services/notification/delivery/delivery-queue.ts';
import { type EndpointDirectory, openEndpoints } from '../../../services/notification/endpoints.ts';
import { createStall } from '../../../services/notification/stall.ts';
import { systemClock } from '../../../services/shared/clock/index.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { createMysql, type Mysql, type Queryable } from '../../../services/shared/mysql/index.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('notification-directory');
const endpoints = 200_001;
const customers = 4_001;
const setUpMs = 120_000;
/**
 * The number of rows that a change reads. An added, deleted or changed endpoint reloads all endpoints of its
 * customer, about 50.
 */
const rowsOfChangeMax = 300;
let mysql: Mysql;
let directory: EndpointDirectory;
/** Number of rows of endpoints that were read, without counts. */
let rowsRead = 0;

beforeAll(async () => {
  // One statement writes all rows, so it may take longer than a query of the product.
  mysql = createMysql({ url: database().url, log: quietLog, queryTimeoutMs: setUpMs });
  const digits = (name: string) =>
    `(SELECT 0 ${name} ${Array.from({ length: 9 }, (_, n) => `UNION ALL SELECT ${n + 1}`).join(' ')})`;
  const places = Array.from({ length: 6 }, (_, n) => `${digits(`d${n}`)} t${n}`);
  const number = places.map((_, n) => `t${n}.d${n} * ${10 ** n}`).join(' + ');
  await mysql.pool.write(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
     SELECT CONCAT('we_', LPAD(n, 8, '0')), CONCAT('c', n MOD ${customers}), 'https://shop.example.com/', 'whsec_', 1, 1000 * n
     FROM (SELECT ${number} AS n FROM ${places.join(', ')}) numbers WHERE n < ${endpoints}`,
  );
  const counting: Queryable = {
    ...mysql.pool,
    async rows<T extends object>(sql: string, params?: readonly unknown[]) {
      const rows = await mysql.pool.rows<T>(sql, params as never);
      if (sql.includes('secret')) rowsRead += rows.length;
      return rows;
    },
  };
  directory = await openEndpoints({
    mysql: counting,
    log: quietLog,
    metrics: noMetrics,
    clock: systemClock,
    refreshMs: 3_600_000,
    stall: createStall(systemClock),
  });
}, setUpMs);
afterAll(async () => {
  directory?.close();
  await mysql.close();
});

const idOf = (n: number): string => `we_${String(n).padStart(8, '0')}`;
const idsOf = (customerId: string): string[] =>
  directory.receiversOf(customerId, 'order.accepted').map(({ id }) => id);

/** The rows that a refresh reads. */
async function refreshed(): Promise<number> {
  const before = rowsRead;
  await directory.refresh();
  return rowsRead - before;
}

it('holds every endpoint, whatever their number', () => {
  expect(rowsRead).toBe(endpoints);
  expect(directory.find(idOf(endpoints - 1))).toMatchObject({ enabled: true });
  expect(idsOf('c7')).toHaveLength(50);
});

it('reads nothing while nothing changes', async () => {
  expect(await refreshed()).toBe(0);
});

it('sees a changed endpoint, and reads only rows with a near change time', async () => {
  const at = Date.now();
  await mysql.pool.write(
    "UPDATE webhook_endpoints SET status = 'DISABLED', updated_at_ms = ? WHERE endpoint_id = ?",
    [at, idOf(7)],
  );
  expect(await refreshed()).toBeLessThan(10);
  expect(directory.find(idOf(7))?.enabled).toBe(false);
  expect(idsOf('c7')).toHaveLength(49);
});

it('sees a deleted endpoint, an added one, and both at once', async () => {
  await mysql.pool.write('DELETE FROM webhook_endpoints WHERE endpoint_id = ?', [idOf(8)]);
  expect(await refreshed()).toBeLessThan(rowsOfChangeMax);
  expect(directory.find(idOf(8))).toBeUndefined();
  await mysql.pool.write(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
     VALUES ('we_new', 'newcomer', 'https://new.example.com/', 'whsec_', ?, ?)`,
    [Date.now(), Date.now()],
  );
  await mysql.pool.write('DELETE FROM webhook_endpoints WHERE endpoint_id = ?', [idOf(9)]);
  expect(await refreshed()).toBeLessThan(rowsOfChangeMax);
  expect(idsOf('newcomer')).toEqual(['we_new']);
  expect(directory.find(idOf(9))).toBeUndefined();
});

it('sees a row with an old time, and a customer who leaves', async () => {
  await mysql.pool.write(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
     VALUES ('we_old', 'restored', 'https://old.example.com/', 'whsec_', 1, 1)`,
    [],
  );
  await mysql.pool.write('DELETE FROM webhook_endpoints WHERE customer_id IN (?, ?)', ['c11', 'newcomer']);
  expect(await refreshed()).toBeLessThan(rowsOfChangeMax);
  expect(idsOf('restored')).toEqual(['we_old']);
  expect([...idsOf('c11'), ...idsOf('newcomer')]).toEqual([]);
});

it('finds due rows page by page', async () => {
  const queue = createDeliveryQueue(mysql.pool, 'notification-test');
  await mysql.pool.write(
    `INSERT INTO notification_deliveries
       (event_id, endpoint_id, order_id, order_version, event_type, due_at_ms, payload, created_at_ms)
     VALUES ${['we_00000001', 'we_00150000', 'email'].map((id) => `('0-1', '${id}', REPEAT('x', 16), 1, 'order.accepted', 5, '{}', 1)`).join(', ')}`,
    [],
  );
  const found = new Set<string>();
  let pages = 0;
  for (let after: string | null = ''; after !== null; pages++) {
    const { due, next }: Awaited<ReturnType<typeof queue.dueReceivers>> = await queue.dueReceivers(
      10,
      after,
      50_000,
    );
    for (const { endpointId } of due) found.add(endpointId);
    after = next;
  }
  expect(pages).toBe(4);
  expect([...found].sort()).toEqual(['email', 'we_00000001', 'we_00150000']);
});
