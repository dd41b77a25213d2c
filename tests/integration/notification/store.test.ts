import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { deliveriesOf } from '../../../services/notification/deliveries.ts';
import {
  createDeliveryQueue,
  type DeliveryQueue,
  type Leased,
} from '../../../services/notification/delivery/delivery-queue.ts';
import type { Endpoint } from '../../../services/notification/endpoints.ts';
import {
  createPositionStore,
  type PositionStore,
} from '../../../services/notification/intake/intake-store.ts';
import { eventOf } from '../../../services/notification/testing/events.ts';
import { createMysql, type Mysql } from '../../../services/shared/mysql/index.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('notification-store');
const leaseMs = 1_000;
let mysql: Mysql;
let store: PositionStore;
let queue: DeliveryQueue;

beforeAll(() => {
  mysql = createMysql({ url: database().url, log: quietLog });
  store = createPositionStore({ pool: mysql.pool, topic: 'events' });
  queue = createDeliveryQueue(mysql.pool, 'notification-test');
});
afterAll(() => mysql.close());
beforeEach(async () => {
  await mysql.pool.write('DELETE FROM notification_deliveries');
  await mysql.pool.write('DELETE FROM notification_positions');
  await mysql.pool.write('DELETE FROM webhook_endpoints');
});

const rowsOf = (from: number, to: number) =>
  deliveriesOf(
    Array.from({ length: to - from + 1 }, (_, i) => eventOf(0, from + i)),
    { receiversOf: () => [{ id: 'e1' } as Endpoint], addresses: new Map() },
  );
const statuses = () =>
  mysql.pool.rows<{ status: string; attempts: number }>(
    'SELECT status, attempts FROM notification_deliveries ORDER BY delivery_id',
  );
const delivered = (leased: Leased) => ({
  leased,
  verdict: {
    status: 'DELIVERED' as const,
    dueAtMs: 0,
    lastStatus: 200,
    lastError: null,
    disable: null,
    counts: true,
  },
});
const leaseAll = (nowMs: number, rowsMax = 10) =>
  queue.lease([{ endpointId: 'e1', rowsMax }], nowMs, leaseMs);
const lease = async (nowMs: number, rowsMax = 10) => (await leaseAll(nowMs, rowsMax)).leased;

it('writes a batch completely or not at all, and only from the current position', async () => {
  expect(await store.load([0])).toEqual(new Map([[0, -1]]));
  expect(await store.store([{ partition: 0, from: -1, to: 2 }], rowsOf(0, 2), 1)).toBe('stored');
  // A second owner and a replay, which still use the old position.
  expect(await store.store([{ partition: 0, from: -1, to: 5 }], rowsOf(0, 5), 1)).toBe('moved elsewhere');
  expect(await statuses()).toHaveLength(3);
  expect(await store.load([0])).toEqual(new Map([[0, 2]]));
});

it('writes no second row for an event, whatever the position', async () => {
  await store.load([0]);
  await store.store([{ partition: 0, from: -1, to: 2 }], rowsOf(0, 2), 1);
  await mysql.pool.write('UPDATE notification_positions SET last_source_offset = -1');
  expect(await store.store([{ partition: 0, from: -1, to: 3 }], rowsOf(0, 3), 1)).toBe('stored');
  expect(await statuses()).toHaveLength(4);
});

it('leases each delivery to one sender at a time', async () => {
  await store.load([0]);
  await store.store([{ partition: 0, from: -1, to: 19 }], rowsOf(0, 19), 1);
  const [one, other] = await Promise.all([lease(10), lease(10)]);
  const ids = [...one, ...other].map((leased) => leased.deliveryId);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids, ...(await lease(10)).map((leased) => leased.deliveryId)]).toHaveLength(20);
  expect(await lease(10)).toEqual([]);
});

it('reports which receivers may have more, and leases from several of them at once', async () => {
  await store.load([0]);
  const receiversOf = () => [{ id: 'e1' } as Endpoint, { id: 'e2' } as Endpoint];
  const events = Array.from({ length: 4 }, (_, offset) => eventOf(0, offset));
  const rows = deliveriesOf(events, { receiversOf, addresses: new Map() });
  await store.store([{ partition: 0, from: -1, to: 3 }], rows, 1);
  const requests = [
    { endpointId: 'e1', rowsMax: 3 },
    { endpointId: 'e2', rowsMax: 9 },
    { endpointId: 'idle', rowsMax: 9 },
  ];
  const { leased, more } = await queue.lease(requests, 10, leaseMs);
  expect(leased.map((one) => one.endpointId).sort()).toEqual(['e1', 'e1', 'e1', 'e2', 'e2', 'e2', 'e2']);
  expect([...more]).toEqual(['e1']);
});

it('settles attempts of several leases and with several results at once', async () => {
  await store.load([0]);
  await store.store([{ partition: 0, from: -1, to: 2 }], rowsOf(0, 2), 1);
  const [first] = await lease(10, 1);
  const [second] = await lease(11, 1);
  const [third] = await lease(12, 1);
  const failed = {
    ...delivered(third!).verdict,
    status: 'FAILED' as const,
    lastStatus: 400,
    lastError: 'no',
  };
  await queue.settle([delivered(first!), delivered(second!), { leased: third!, verdict: failed }], 20);
  const expected = ['DELIVERED', 'DELIVERED', 'FAILED'].map((status) => ({ status, attempts: 1 }));
  expect(await statuses()).toEqual(expected);
});

it('ignores a sender that settles too late', async () => {
  await store.load([0]);
  await store.store([{ partition: 0, from: -1, to: 0 }], rowsOf(0, 0), 1);
  const [late] = await lease(10);
  const [current] = await lease(10 + leaseMs + 1);
  expect(current!.deliveryId).toBe(late!.deliveryId);
  await queue.settle([delivered(late!)], 20);
  expect(await statuses()).toEqual([{ status: 'PENDING', attempts: 0 }]);
  await queue.settle([delivered(current!)], 20);
  expect(await statuses()).toEqual([{ status: 'DELIVERED', attempts: 1 }]);
  await queue.settle([delivered(current!)], 30);
  expect(await statuses()).toEqual([{ status: 'DELIVERED', attempts: 1 }]);
});

it('finds receivers with due deliveries, and rows of deleted endpoints', async () => {
  await mysql.pool.write(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
     VALUES ('e1', 'c1', '', '', 0, 0), ('idle', 'c1', '', '', 0, 0)`,
  );
  await store.load([0]);
  await store.store([{ partition: 0, from: -1, to: 1 }], rowsOf(0, 1), 5);
  const page = (nowMs: number) => queue.dueReceivers(nowMs, '', 100);
  expect(await page(4)).toEqual({ due: [], next: null });
  expect((await page(10)).due).toEqual([{ endpointId: 'e1', oldestDueAtMs: 5 }]);
  await mysql.pool.write("DELETE FROM webhook_endpoints WHERE endpoint_id = 'e1'");
  expect((await page(10)).due).toEqual([]);
  expect(await queue.receivers('', 10)).toEqual(['e1']);
  expect(await queue.receivers('e1', 10)).toEqual([]);
  expect(await queue.shelve('e1', 'DROPPED', 10)).toBe(2);
});
